module example.netty {
    requires org.iocp4j.netty;
}
