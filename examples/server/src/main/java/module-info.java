module example.server {
    requires org.iocp4j;
}
