module example.redis {
    requires org.iocp4j;
}
