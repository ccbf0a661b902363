package org.iocp4j.netty;

import static org.iocp4j.win32.generated.WinTypes.AF_INET6;

import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.ServerSocketChannelConfig;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.AlreadyBoundException;
import java.util.ArrayDeque;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket on a completion port, in place of
 * {@link io.netty.channel.socket.nio.NioServerSocketChannel}. While auto-read is on it keeps accepts pending
 * ({@link IocpChannelOption#ACCEPTS}); without it, each {@link #read} accepts one connection. It binds
 * exclusively, whatever SO_REUSEADDR says: else another program could take the port [doc].
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IocpServerSocketChannel extends AbstractIocpChannel implements ServerSocketChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);
    /** How long an accept that has failed waits for its next try. */
    private static final long TRY_AGAIN_MILLIS = 100;

    private final IocpServerSocketChannelConfig config = new IocpServerSocketChannelConfig(this);
    private volatile @Nullable StreamListener listener;
    private volatile boolean closed;

    // What follows is the loop's.

    private boolean readPending;
    /** An accept is pending that a read has asked for. */
    private boolean accepting;
    /** Accepted when no read was wanted. */
    private final Queue<IocpSocketChannel> held = new ArrayDeque<>();
    private boolean readScheduled;

    /** A channel to be bound. */
    public IocpServerSocketChannel() {
        super(null);
    }

    @Override
    public ServerSocketChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public boolean isActive() {
        return !closed && listener != null;
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return (InetSocketAddress) super.localAddress();
    }

    @Override
    public @Nullable InetSocketAddress remoteAddress() {
        return null;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new IocpServerUnsafe();
    }

    // ---- bind ----

    @Override
    protected void doBind(SocketAddress localAddress) throws Exception {
        if (listener != null) {
            throw new AlreadyBoundException();
        }
        ListenerOptions options = new ListenerOptions(listening(usable(localAddress)), Math.max(1, config.getBacklog()),
                false, false, OptionalInt.empty(), config.receiveBufferBytes());
        StreamListener made;
        try {
            made = loop().domain().listen(options, new Accepts(), loop().io());
        } catch (Win32Exception e) {
            throw IoFailure.ofBind(e);
        }
        listener = made;
        local = made.localAddress();
        if (readPending) { // asked for before
            doBeginRead();
        }
    }

    /** All addresses are those of both families, as java.nio has it. */
    private InetSocketAddress listening(InetSocketAddress address) throws UnknownHostException {
        boolean isAny = address.getAddress().isAnyLocalAddress() && !(address.getAddress() instanceof Inet6Address);
        if (!isAny || loop().family() != AF_INET6()) {
            return address;
        }
        return new InetSocketAddress(InetAddress.getByName("::"), address.getPort());
    }

    // ---- accept ----

    @Override
    protected void doBeginRead() {
        readPending = true;
        StreamListener present = listener;
        if (present == null || closed) {
            return;
        }
        if (!held.isEmpty()) {
            scheduleRead();
        } else if (config.isAutoRead()) {
            present.depth(config.accepts(), loop().io());
        } else if (!accepting && present.acceptsPosted() == 0) {
            int outcome = present.accept(loop().io());
            accepting = outcome == 0;
            if (outcome < 0) {
                eventLoop().execute(() -> acceptFailed(-outcome));
            }
        } else if (!accepting) {
            present.depth(1, loop().io()); // one that auto-read has left is replaced if it fails
        }
    }

    private void scheduleRead() {
        if (!readScheduled) {
            readScheduled = true;
            eventLoop().execute(() -> {
                readScheduled = false;
                IocpSocketChannel next = readPending && !closed && isRegistered() ? held.poll() : null;
                if (next != null) {
                    tell(next);
                }
            });
        }
    }

    @Override
    void pause() {
        readPending = false;
        pauseAccepts();
    }

    private void pauseAccepts() {
        StreamListener present = listener;
        if (present != null && !closed) {
            present.depth(0, loop().io());
        }
    }

    /** A connection for each read, as {@code channelRead} and {@code channelReadComplete}. */
    private void tell(IocpSocketChannel child) {
        ChannelPipeline pipeline = pipeline();
        var allocator = unsafe().recvBufAllocHandle();
        allocator.reset(config);
        allocator.incMessagesRead(1);
        readPending = false;
        pipeline.fireChannelRead(child);
        allocator.readComplete();
        pipeline.fireChannelReadComplete();
    }

    private void acceptFailed(int error) {
        accepting = false;
        if (!closed) {
            pipeline().fireExceptionCaught(IoFailure.ofCall(error));
            var _ = eventLoop().schedule(this::tryAgain, TRY_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void tryAgain() {
        if (readPending) {
            doBeginRead();
        }
    }

    /** What the listener tells, on the loop's thread. */
    private final class Accepts implements StreamListener.Accepted {
        @Override
        public void accepted(StreamSocket socket, IoThread io) {
            accepting = false;
            if (closed) {
                socket.close(Closing.RST, io);
                return;
            }
            if (!config.isAutoRead()) {
                pauseAccepts();
            }
            // The child may be another loop's: its handle leaves this one's domain before anybody sees it.
            IocpSocketChannel child = new IocpSocketChannel(IocpServerSocketChannel.this, socket.detach(io));
            if (readPending && held.isEmpty() && isRegistered()) {
                tell(child);
            } else {
                held.add(child);
                pauseAccepts(); // until a read has taken what is held
            }
        }

        @Override
        public void acceptFailed(StreamListener from, int error, IoThread io) {
            IocpServerSocketChannel.this.acceptFailed(error);
        }

        @Override
        public void gone(StreamListener from, IoThread io) {
            socketGone();
        }
    }

    // ---- the end ----

    @Override
    protected void doClose() {
        closed = true;
        closeHeld();
        StreamListener present = listener;
        if (present != null) {
            loop().call(present::close);
        } else {
            socketGone();
        }
    }

    private void closeHeld() {
        for (IocpSocketChannel child = held.poll(); child != null; child = held.poll()) {
            child.unsafe().closeForcibly();
        }
    }

    // ---- what a listener does not do ----

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        throw new UnsupportedOperationException("a listening socket sends nothing");
    }

    @Override
    protected Object filterOutboundMessage(Object msg) {
        throw new UnsupportedOperationException("a listening socket sends nothing");
    }

    @Override
    protected void doDisconnect() {
        throw new UnsupportedOperationException("a listening socket has no peer");
    }

    private final class IocpServerUnsafe extends AbstractIocpUnsafe {
        /** The socket is made by the bind. */
        @Override
        void open(IocpIoHandler handler) {
        }

        @Override
        void comeBack() {
            if (readPending && !held.isEmpty()) {
                scheduleRead();
            }
        }

        @Override
        public void abandon() {
            closed = true;
            closeHeld();
        }

        @Override
        public void connect(SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
            safeSetFailure(promise, new UnsupportedOperationException("a listening socket does not connect"));
        }
    }
}
