module example.loop {
    requires org.iocp4j.core;
}
