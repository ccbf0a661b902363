module example.http {
    requires org.iocp4j;
}
