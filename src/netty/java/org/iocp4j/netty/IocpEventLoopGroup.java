package org.iocp4j.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;

/**
 * Event loops whose accepted sockets are used again: a channel that is closed in order disconnects its socket
 * (DisconnectEx with TF_REUSE_SOCKET), and a listener of the group accepts the next connection into it. That saves
 * making and closing a socket for each connection, and is worth it where connections are short.
 *
 * <p>Use one such group for the listeners and their connections: {@code new ServerBootstrap().group(group)}. A socket
 * stays on the port of its first loop, so {@link #register} gives its next connection to that loop again; the other
 * loops' turn comes with new sockets.
 *
 * <p>A socket is closed, and not used again, if an option was changed since it was accepted, if its output was shut
 * down, if something is still pending on it or received bytes may be unread when it is closed, or if its disconnect
 * takes too long. Nobody has seen this on Windows yet, so it is an option: [wine] alone.
 */
public final class IocpEventLoopGroup extends MultiThreadIoEventLoopGroup {
    /** The most disconnected sockets of each address family that are kept, if the last minutes needed so many. */
    public static final int MOST_FREE_SOCKETS = 1024;

    private final Map<IoDomain, EventLoop> loops;

    /**
     * Loops on Windows.
     *
     * @param threads how many; 0 for Netty's default
     * @throws UnsupportedOperationException if the transport cannot be used, or reuse does not work here
     */
    public IocpEventLoopGroup(int threads) {
        this(threads, factory());
    }

    private IocpEventLoopGroup(int threads, Factory factory) {
        super(threads, new DefaultThreadFactory(IocpEventLoopGroup.class), factory);
        loops = factory.loops;
    }

    private static Factory factory() {
        Iocp.ensureAvailability();
        try (Win32 win32 = WindowsWin32.attach()) {
            DisconnectMethod method = Capabilities.choose(Optional.of(DisconnectMethod.DISCONNECT_EX), win32);
            return new Factory(IocpIoHandler.newFactory(IocpIoHandler.defaults(method)
                    .withPool(method, new SocketPool(0, MOST_FREE_SOCKETS))));
        }
    }

    private EventLoop loopFor(Channel channel) {
        IoDomain home = channel instanceof IocpSocketChannel socket ? socket.home() : null;
        EventLoop loop = home == null ? null : loops.get(home);
        return loop == null ? next() : loop;
    }

    @Override
    public ChannelFuture register(Channel channel) {
        return loopFor(channel).register(channel);
    }

    @Override
    public ChannelFuture register(ChannelPromise promise) {
        return loopFor(promise.channel()).register(promise);
    }

    @Override
    @Deprecated
    public ChannelFuture register(Channel channel, ChannelPromise promise) {
        return loopFor(channel).register(channel, promise);
    }

    /** How many connections came to a socket that had served another before. Any thread. */
    public long reusedSockets() {
        return loops.keySet().stream().mapToLong(IoDomain::reused).sum();
    }

    /** Knows the loop of each port that it has made. */
    private record Factory(IoHandlerFactory handlers, Map<IoDomain, EventLoop> loops) implements IoHandlerFactory {
        Factory(IoHandlerFactory handlers) {
            this(handlers, new ConcurrentHashMap<>());
        }

        @Override
        public IoHandler newHandler(ThreadAwareExecutor executor) {
            IocpIoHandler handler = (IocpIoHandler) handlers.newHandler(executor);
            loops.put(handler.domain(), (EventLoop) executor);
            return handler;
        }

        @Override
        public boolean isChangingThreadSupported() {
            return handlers.isChangingThreadSupported();
        }
    }
}
