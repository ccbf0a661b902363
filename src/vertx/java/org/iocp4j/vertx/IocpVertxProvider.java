package org.iocp4j.vertx;

import io.vertx.core.internal.VertxBootstrap;
import io.vertx.core.spi.VertxServiceProvider;
import io.vertx.core.spi.transport.Transport;
import org.iocp4j.netty.Iocp;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each {@code Vertx} that is made the transport on completion ports, where it would have had NIO's. Vert.x finds
 * this class itself, so an application changes nothing: it puts the jar on its class path, and allows native access to
 * it. {@code Vertx.isNativeTransportEnabled()} tells that it took effect.
 *
 * <p>Where completion ports are not available, {@link Iocp#unavailabilityCause()} goes to the log, and Vert.x runs as
 * it does without this jar. A transport other than NIO's that the application has chosen stays.
 *
 * <p>The transport has streams alone. So Vert.x resolves names by the JDK, and the servers and hosts of {@code
 * AddressResolverOptions} have no effect; datagram sockets, QUIC, the DNS client and domain sockets end with an
 * exception that says so.
 */
public final class IocpVertxProvider implements VertxServiceProvider {
    private static final Logger LOG = LoggerFactory.getLogger(IocpVertxProvider.class);

    /** Vert.x calls it. */
    public IocpVertxProvider() {
        // Nothing to prepare.
    }

    @Override
    public void init(VertxBootstrap bootstrap) {
        Throwable cause = Iocp.unavailabilityCause();
        if (cause != null) {
            LOG.info("Vert.x keeps its own transport: {}", cause.getMessage());
        } else if (isNio(bootstrap.transport())) {
            LOG.debug("Vert.x runs on completion ports");
            bootstrap.transport(new IocpTransport());
        }
    }

    /** What a builder of Vert.x names where the application names none. */
    private static boolean isNio(@Nullable Transport transport) {
        return transport == null || transport.equals(io.vertx.core.transport.Transport.NIO.implementation());
    }
}
