module example.receive {
    requires org.iocp4j.core;
}
