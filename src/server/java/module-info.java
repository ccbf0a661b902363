/** A TCP server on Windows I/O completion ports. */
module org.iocp4j {
    requires transitive org.iocp4j.core;

    exports org.iocp4j.server;
    exports org.iocp4j.server.identity to org.iocp4j.echo;
}
