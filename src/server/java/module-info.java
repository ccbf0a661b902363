/** A TCP server on Windows I/O completion ports. */
@SuppressWarnings("module") // the one that it exports to is compiled later
module org.iocp4j {
    requires jdk.jfr;
    requires transitive org.iocp4j.core;
    requires static org.jspecify; // its annotations are for compilers; users do not need it

    exports org.iocp4j.server;
    exports org.iocp4j.server.hooks to org.iocp4j.echo;
    exports org.iocp4j.server.identity to org.iocp4j.echo;
    exports org.iocp4j.server.internal to org.iocp4j.echo;
    exports org.iocp4j.tls;
}
