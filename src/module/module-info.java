/** Windows I/O completion ports for Java, through java.lang.foreign alone. */
module org.iocp4j {
    requires org.slf4j;

    exports org.iocp4j.server;
    exports org.iocp4j.socket;
    exports org.iocp4j.port;
}
