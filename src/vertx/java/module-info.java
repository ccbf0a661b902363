/** Vert.x on Windows I/O completion ports. */
module org.iocp4j.vertx {
    requires static org.jspecify; // its annotations are for compilers; users do not need it
    requires io.netty.transport;
    requires transitive io.vertx.core;
    requires org.iocp4j.netty;
    requires org.slf4j;

    exports org.iocp4j.vertx;

    provides io.vertx.core.spi.VertxServiceProvider with org.iocp4j.vertx.IocpVertxProvider;
}
