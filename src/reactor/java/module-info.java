/** Reactor Netty on Windows I/O completion ports. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Reactor Netty's jars are no modules yet
module org.iocp4j.reactor {
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires io.netty.common;
    requires io.netty.resolver;
    requires transitive io.netty.transport;
    requires org.iocp4j.netty;
    requires org.reactivestreams;
    requires transitive reactor.core;
    requires transitive reactor.netty.core;

    exports org.iocp4j.reactor;
}
