module example.proxy {
    requires org.iocp4j;
}
