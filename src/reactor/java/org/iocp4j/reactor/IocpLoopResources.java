package org.iocp4j.reactor;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.resolver.DefaultAddressResolverGroup;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.netty.Iocp;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.netty.IocpServerSocketChannel;
import org.iocp4j.netty.IocpSocketChannel;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.NonBlocking;
import reactor.netty.resources.LoopResources;
import reactor.netty.transport.ClientTransport;
import reactor.netty.transport.ClientTransportConfig;

/**
 * Event loops on completion ports for Reactor Netty's servers and clients:
 *
 * <pre>{@code
 * IocpLoopResources loops = IocpLoopResources.create("http");
 * HttpServer server = HttpServer.create().runOn(loops);
 * HttpClient client = loops.client(HttpClient.create());
 * }</pre>
 *
 * <p>Where {@link Iocp#isAvailable()} is false, they are Reactor Netty's own loops, as they are for whoever prefers no
 * native transport: {@code runOn(loops, false)}.
 *
 * <p>The transport has no datagrams, by which Reactor Netty resolves names. A client that is made by {@link #client}
 * resolves them by the JDK. Others need a resolver only if these loops are also the global ones.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IocpLoopResources implements LoopResources {
    /** Reactor Netty's own. */
    private final LoopResources own;
    private final boolean daemon;
    /** Null where completion ports are not available. */
    private final @Nullable EventLoopGroup servers;
    /** The same loops, for clients: one that is made on a loop stays on it. */
    private final @Nullable EventLoopGroup clients;

    private IocpLoopResources(String prefix, int workers, boolean daemon) {
        this.daemon = daemon;
        own = LoopResources.create(prefix, workers, daemon);
        if (Iocp.isAvailable()) {
            AtomicInteger number = new AtomicInteger();
            ThreadFactory threads = task ->
                    new LoopThread(task, prefix + "-iocp-" + number.incrementAndGet(), daemon);
            servers = new MultiThreadIoEventLoopGroup(workers, threads, IocpIoHandler.newFactory());
            clients = LoopResources.colocate(servers);
        } else {
            servers = null;
            clients = null;
        }
    }

    /**
     * As many loops as Reactor Netty makes by itself, on daemon threads.
     *
     * @param prefix what the names of their threads begin with
     */
    public static IocpLoopResources create(String prefix) {
        return create(prefix, DEFAULT_IO_WORKER_COUNT, true);
    }

    /**
     * So many loops.
     *
     * @param prefix what the names of their threads begin with
     * @param workers how many loops; each has a thread and a port of its own
     * @param daemon whether the JVM may end while they run
     */
    public static IocpLoopResources create(String prefix, int workers, boolean daemon) {
        return new IocpLoopResources(prefix, workers, daemon);
    }

    /**
     * The client on these loops, with the JDK's resolver of names where they are on completion ports.
     *
     * @param <T> its type, such as {@code HttpClient}
     * @param <C> its configuration's type
     */
    public <T extends ClientTransport<T, C>, C extends ClientTransportConfig<C>> T client(T client) {
        T moved = client.runOn(this, true);
        return clients == null ? moved : moved.resolver(DefaultAddressResolverGroup.INSTANCE);
    }

    @Override
    public boolean daemon() {
        return daemon;
    }

    @Override
    public EventLoopGroup onServer(boolean useNative) {
        return useNative && servers != null ? servers : own.onServer(useNative);
    }

    @Override
    public EventLoopGroup onClient(boolean useNative) {
        return useNative && clients != null ? clients : own.onClient(useNative);
    }

    @Override
    public <T extends Channel> T onChannel(Class<T> type, EventLoopGroup group) {
        if (!isOnCompletionPorts(group)) {
            return own.onChannel(type, group);
        }
        return type.cast(channelClass(type).equals(IocpSocketChannel.class)
                ? new IocpSocketChannel()
                : new IocpServerSocketChannel());
    }

    @Override
    public <T extends Channel> Class<? extends T> onChannelClass(Class<T> type, EventLoopGroup group) {
        return isOnCompletionPorts(group) ? channelClass(type).asSubclass(type) : own.onChannelClass(type, group);
    }

    private boolean isOnCompletionPorts(EventLoopGroup group) {
        return group.equals(servers) || group.equals(clients);
    }

    private static Class<? extends Channel> channelClass(Class<? extends Channel> type) {
        if (type.equals(SocketChannel.class)) {
            return IocpSocketChannel.class;
        }
        if (type.equals(ServerSocketChannel.class)) {
            return IocpServerSocketChannel.class;
        }
        throw new IllegalArgumentException("the transport on completion ports has streams alone, and no "
                + type.getSimpleName() + ": a client needs the JDK's resolver, which IocpLoopResources.client sets");
    }

    @Override
    public boolean isDisposed() {
        return own.isDisposed();
    }

    @Override
    public Mono<Void> disposeLater(Duration quietPeriod, Duration timeout) {
        Mono<Void> ownEnd = own.disposeLater(quietPeriod, timeout);
        return servers == null ? ownEnd : Mono.when(ownEnd, end(servers, quietPeriod, timeout));
    }

    private static Mono<Void> end(EventLoopGroup group, Duration quietPeriod, Duration timeout) {
        return Mono.create(sink -> group
                .shutdownGracefully(quietPeriod.toMillis(), timeout.toMillis(), TimeUnit.MILLISECONDS)
                .addListener(done -> sink.success()));
    }

    /** Reactor refuses to block on it. */
    private static final class LoopThread extends FastThreadLocalThread implements NonBlocking {
        LoopThread(Runnable task, String name, boolean daemon) {
            super(task, name);
            setDaemon(daemon);
        }
    }
}
