package org.iocp4j.server;

import java.net.InetSocketAddress;

/**
 * Says which connections a listener serves ({@link ListenOptions#filter}). The connection is there already, as far as
 * its client can tell; one that is refused is reset and counted in
 * {@link ServerStatistics.Incidents#sessionsRefusedFilter}, and costs neither a session nor a buffer.
 */
@FunctionalInterface
public interface AcceptFilter {
    /**
     * Whether a connection is welcome. Called on a worker, by several at the same time, and must not block: other
     * connections wait. What it throws refuses the connection, is logged and counted in
     * {@link ServerStatistics.Faults#handlerFailures}.
     *
     * @param remote the client's address
     * @param local  the address of ours that it has connected to
     */
    boolean isWelcome(InetSocketAddress remote, InetSocketAddress local);
}
