package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.SOMAXCONN;

import java.net.InetSocketAddress;
import java.util.OptionalInt;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * An address at which an {@link IocpGroup} listens: {@link IocpGroup#listen}. All methods may be called by any thread,
 * and none blocks.
 */
public final class IocpListener implements AutoCloseable {
    private final SessionEngine engine;
    private final Shard shard;
    private final SessionSettings settings;
    private final @Nullable AcceptFilter filter;
    private final int acceptsWanted;
    private final StreamListener listener;

    /** Gets the connections, on the workers of the shard. */
    private final class Receiver implements StreamListener.Accepted {
        @Override
        public void accepted(StreamSocket socket, IoThread io) {
            if (filter == null || isWelcome(filter, socket)) {
                engine.connected(socket, settings, shard, io);
            } else {
                engine.counters.sessionsRefusedFilter.increment();
                socket.close(Closing.RST, io);
            }
        }

        @Override
        public void gone(StreamListener gone, IoThread io) {
            engine.listeners.gone(IocpListener.this);
        }
    }

    /**
     * Listens when it returns, but accepts nothing before {@link #accept}.
     *
     * @param shard       on whose port the accepts are
     * @param lingerReset {@link ServerOptions#listenerLinger}
     */
    IocpListener(SessionEngine engine, Shard shard, InetSocketAddress address, SessionSettings settings,
            ListenOptions options, boolean lingerReset, IoThread io) throws Win32Exception {
        this.engine = engine;
        this.shard = shard;
        this.settings = settings;
        filter = options.filter().orElse(null);
        acceptsWanted = options.acceptsPosted();
        boolean reset = engine.method() == DisconnectMethod.CLOSE;
        ListenerOptions listenerOptions = new ListenerOptions(address, SOMAXCONN(), reset || lingerReset, reset,
                options.socketSendBufferBytes(), OptionalInt.empty());
        listener = shard.domain().listen(listenerOptions, new Receiver(), io);
    }

    private boolean isWelcome(AcceptFilter present, StreamSocket socket) {
        InetSocketAddress peer = socket.remoteAddress();
        try {
            return present.isWelcome(peer, socket.localAddress());
        } catch (Throwable e) {
            engine.handlerFailed(e, "the accept filter failed: the connection of " + peer + " is refused");
            return false;
        } finally {
            Thread.interrupted(); // an interrupt that it left must not reach a session
        }
    }

    Shard shard() {
        return shard;
    }

    int acceptsWanted() {
        return acceptsWanted;
    }

    /** Posts the accepts. On a worker of the shard. */
    void accept(IoThread io) {
        listener.depth(acceptsWanted, io);
    }

    /** On a worker of the shard, or on a thread that has a view of its own. */
    void close(IoThread io) {
        listener.close(io);
    }

    /** Whether none of its accepts is pending any more, or none can complete. */
    boolean isQuiet() {
        return listener.isGone() || shard.isPortLost();
    }

    long failures() {
        return listener.failures();
    }

    long refusals() {
        return listener.refusals();
    }

    int acceptsPosted() {
        return listener.acceptsPosted();
    }

    /** The address that it listens on; with the port that was picked, if it was to be port 0. */
    public InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /** Whether it accepts connections: neither it nor its group was closed, and the group's ports are there. */
    public boolean isOpen() {
        return listener.isOpen() && !engine.isStopping() && !engine.isPortLost();
    }

    /** How many connections it has accepted; also after its end. */
    public long accepts() {
        return listener.accepts();
    }

    /**
     * Accepts no more connections. Those that it has accepted go on; those that Windows has accepted and no worker has
     * seen yet are closed. Does nothing if it or its group is closed.
     */
    @Override
    public void close() {
        if (listener.isOpen()) {
            engine.onCallersThread(listener::close);
        }
    }

    @Override
    public String toString() {
        return listener.toString();
    }
}
