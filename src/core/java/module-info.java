/** Windows I/O completion ports for Java, through java.lang.foreign alone. */
@SuppressWarnings("module") // those that it exports to are compiled after it
module org.iocp4j.core {
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires org.slf4j;

    exports org.iocp4j.win32;
    exports org.iocp4j.port;
    exports org.iocp4j.socket;
    exports org.iocp4j.socket.check to org.iocp4j, org.iocp4j.channels, org.iocp4j.netty;
    exports org.iocp4j.win32.generated to org.iocp4j, org.iocp4j.channels, org.iocp4j.netty, org.iocp4j.simkernel;
}
