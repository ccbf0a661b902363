module example.chat {
    requires org.iocp4j;
}
