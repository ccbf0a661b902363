/** A Netty transport on Windows I/O completion ports. */
module org.iocp4j.netty {
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires transitive org.iocp4j.core;
    requires transitive io.netty.buffer;
    requires transitive io.netty.common;
    requires transitive io.netty.transport;

    exports org.iocp4j.netty;
}
