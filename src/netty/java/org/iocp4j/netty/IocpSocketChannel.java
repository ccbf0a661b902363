package org.iocp4j.netty;


import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DetachedSocket;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/** A TCP connection on a completion port, in place of {@link io.netty.channel.socket.nio.NioSocketChannel}. */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IocpSocketChannel extends AbstractIocpChannel implements SocketChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false, 16);

    /** What the listener has accepted, until the channel is registered; null for others. */
    private volatile @Nullable DetachedSocket detached;
    private final boolean accepted;
    private final IocpSocketChannelConfig config;
    /** Null until the channel is registered. */
    private volatile @Nullable StreamSocket socket;
    private volatile boolean active;
    private volatile boolean closed;
    /** A close waits for the send in flight. The channel is closed to the eye. */
    private volatile boolean closing;
    private volatile boolean outputShutdown;

    // What follows is the loop's.

    private final IocpReceiver receiver = new IocpReceiver(this);
    private final IocpSender sender = new IocpSender(this);
    private @Nullable ChannelPromise connectPromise;
    private @Nullable Future<?> connectTimeout;

    /** A channel to be connected. */
    public IocpSocketChannel() {
        super(null);
        accepted = false;
        config = new IocpSocketChannelConfig(this);
    }

    /** A connection that a listener has accepted, and that is this channel's from now on. */
    IocpSocketChannel(Channel parent, DetachedSocket detached) {
        super(parent);
        this.detached = detached;
        accepted = true;
        config = new IocpSocketChannelConfig(this);
        active = true;
    }

    // ---- what a channel is asked ----

    @Override
    public @Nullable IocpServerSocketChannel parent() {
        return (IocpServerSocketChannel) super.parent();
    }

    @Override
    public SocketChannelConfig config() {
        return config;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    public boolean isOpen() {
        return !closed && !closing;
    }

    @Override
    public boolean isActive() {
        return active && !closing;
    }

    @Override
    public @Nullable InetSocketAddress localAddress() {
        return (InetSocketAddress) super.localAddress();
    }

    @Override
    public @Nullable InetSocketAddress remoteAddress() {
        return (InetSocketAddress) super.remoteAddress();
    }

    /** Made when somebody asks: few do, and most never. */
    @Override
    protected @Nullable InetSocketAddress localAddress0() {
        DetachedSocket before = detached; // first: the socket is there before this is gone
        StreamSocket present = socket;
        if (local == null && before != null) {
            return before.localAddress();
        }
        return local == null && present != null && present.isConnected() ? present.localAddress() : local;
    }

    @Override
    protected @Nullable InetSocketAddress remoteAddress0() {
        DetachedSocket before = detached;
        StreamSocket present = socket;
        if (remote == null && before != null) {
            return before.remoteAddress();
        }
        return remote == null && present != null && present.isConnected() ? present.remoteAddress() : remote;
    }

    @Override
    public boolean isInputShutdown() {
        return receiver.isShutDown() || !isActive();
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown || !isActive();
    }

    @Override
    public boolean isShutdown() {
        return isInputShutdown() && isOutputShutdown();
    }

    @Nullable StreamSocket socket() {
        return socket;
    }

    StreamSocket opened() throws ClosedChannelException {
        StreamSocket present = socket;
        if (present == null || closed) {
            throw new ClosedChannelException();
        }
        return present;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new IocpSocketUnsafe();
    }

    private IocpSocketUnsafe ours() {
        return (IocpSocketUnsafe) unsafe();
    }

    // ---- bind, connect ----

    @Override
    protected void doBind(SocketAddress localAddress) throws Exception {
        StreamSocket present = opened();
        InetSocketAddress address = usable(localAddress);
        IoThread io = loop().io();
        int outcome = present.bind(address, io);
        if (outcome < 0) {
            throw IoFailure.ofBind(-outcome, address);
        }
        local = present.boundAddress(io);
    }

    /** The connect is over, and so is its time limit: whom it is to be told, null if nobody. */
    private @Nullable ChannelPromise takeConnect() {
        ChannelPromise promise = connectPromise;
        connectPromise = null;
        Future<?> timeout = connectTimeout;
        connectTimeout = null;
        if (timeout != null) {
            timeout.cancel(false);
        }
        return promise;
    }

    private void connectEnded(int status) {
        ChannelPromise promise = takeConnect();
        if (closed || closing || promise == null) {
            return; // whoever closed has told it
        }
        if (status < 0) {
            ours().connectFailed(promise, IoFailure.ofConnect(status));
            return;
        }
        StreamSocket present = socket;
        if (present == null) {
            throw new IllegalStateException("connected without a socket: " + this);
        }
        local = null; // from now on the socket knows them
        remote = null;
        active = true;
        config.apply();
        boolean set = promise.trySuccess();
        pipeline().fireChannelActive();
        if (!set) {
            closeNow();
        }
        receiver.attend();
    }

    // ---- reading and writing ----

    @Override
    protected void doBeginRead() {
        receiver.begin();
    }

    @Override
    void pause() {
        receiver.pause();
    }

    /** How much to read, as the channel's configuration has it. */
    @SuppressWarnings("deprecation") // Netty's own channels use it, too
    RecvByteBufAllocator.Handle allocator() {
        return unsafe().recvBufAllocHandle();
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf buf) {
            return buf.isDirect() ? buf : direct(buf);
        }
        if (message instanceof FileRegion) {
            return message;
        }
        throw new UnsupportedOperationException("unsupported message type: " + message.getClass().getName()
                + " (expected: ByteBuf, FileRegion)");
    }

    private ByteBuf direct(ByteBuf buf) {
        int bytes = buf.readableBytes();
        ByteBuf copy = bytes == 0 ? Unpooled.EMPTY_BUFFER : alloc().directBuffer(bytes).writeBytes(buf);
        buf.release();
        return copy;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer messages) throws Exception {
        sender.send(messages);
    }

    /** Fails as DefaultFileRegion's own rule has it, if its file has become too short. */
    void validate(DefaultFileRegion region) throws IOException {
        validateFileRegion(region, region.transferred());
    }

    // ---- half-closure ----

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        onLoop(() -> shutdownOutputNow(promise));
        return promise;
    }

    private void shutdownOutputNow(ChannelPromise promise) {
        if (sender.isIdle()) {
            ours().shutdownOutput(promise);
        } else {
            sender.finish(() -> ours().shutdownOutput(promise));
        }
    }

    @Override
    protected void doShutdownOutput() throws Exception {
        requireConnected();
        int outcome = opened().shutdownSend(loop().io());
        if (outcome < 0) {
            throw IoFailure.ofCall(-outcome);
        }
        outputShutdown = true;
    }

    private void requireConnected() throws ClosedChannelException {
        if (closed || closing) {
            throw new ClosedChannelException();
        }
        if (!active) {
            throw new NotYetConnectedException();
        }
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    /**
     * Reads no more. Windows is not told: after its SD_RECEIVE, what the peer still sends would reset the connection
     * [doc].
     */
    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        onLoop(() -> shutdownInputNow(promise));
        return promise;
    }

    private void shutdownInputNow(ChannelPromise promise) {
        try {
            requireConnected();
            receiver.shutDown();
            promise.trySuccess();
        } catch (ClosedChannelException | NotYetConnectedException e) {
            promise.tryFailure(e);
        }
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    /** The input at once, the output when what was flushed before is over. */
    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        ChannelFuture output = shutdownOutput();
        ChannelFuture input = shutdownInput();
        output.addListener(done -> input.addListener(also -> {
            Throwable cause = output.cause() != null ? output.cause() : input.cause();
            if (cause != null) {
                promise.setFailure(cause);
            } else {
                promise.setSuccess();
            }
        }));
        return promise;
    }

    // ---- the end ----

    /** On the loop's thread, or, where SO_LINGER may make it wait, on another. */
    @Override
    protected void doClose() {
        closed = true;
        active = false;
        ChannelPromise connecting = takeConnect();
        if (connecting != null) {
            connecting.tryFailure(new ClosedChannelException());
        }
        StreamSocket present = socket;
        if (present == null) {
            closeUnregistered();
            return;
        }
        if (mayReuse() && present.isReceivePending() && eventLoop().inEventLoop()) {
            // Its event closes: a socket with one pending is not used again.
            if (present.cancelReceive(loop().io()) < 0) {
                present.close(Closing.FIN, loop().io()); // or the event would come when the peer acts
            }
        } else {
            loop().call(io -> present.close(closing(), io));
        }
    }

    /** A socket whose stream was not read to its end might bring the rest to its next connection. */
    private Closing closing() {
        return mayReuse() && !outputShutdown && !receiver.mayHaveUnread() ? Closing.REUSE : Closing.FIN;
    }

    private boolean mayReuse() {
        return loop().reuses() && accepted && !loop().isOver();
    }

    private void closeUnregistered() {
        DetachedSocket present = detached;
        IocpServerSocketChannel listener = parent();
        if (present != null && listener != null) {
            local = present.localAddress();
            remote = present.remoteAddress();
            detached = null;
            listener.loop().call(io -> present.close(io.win32()));
        }
    }

    /** On whose port the accepted socket is already, for it was used there before; null if it has the choice. */
    @Nullable IoDomain home() {
        DetachedSocket present = detached;
        return present == null ? null : present.home();
    }

    void closeNow() {
        ours().close(ours().voidPromise());
    }

    /** After this failure. What was flushed and is not sent fails with it. */
    void closeFor(IOException failure) {
        ours().closeFor(failure);
    }

    void writeFailed(IOException e) {
        ours().writeFailed(e);
    }

    /** Sends what else is flushed. */
    void flushMore() {
        ours().flush0();
    }

    /** The receive or send that a close waited for is over. */
    void closeLater() {
        StreamSocket present = socket;
        if (closed && present != null) {
            present.close(closing(), loop().io());
        }
    }

    private void gone() {
        receiver.release();
        sender.release();
        socketGone();
    }

    /** Also gets what the socket tells, on the loop's thread. */
    private final class IocpSocketUnsafe extends AbstractIocpUnsafe implements SocketEvents {
        @Override
        void open(IocpIoHandler handler) throws Win32Exception {
            IoThread io = handler.io();
            DetachedSocket present = detached;
            if (present != null) {
                socket = handler.domain().adopt(present, this, 0, io);
                detached = null;
                if (!config.isAutoRead()) {
                    eventLoop().execute(receiver::attend); // the handlers may want a read first
                }
            } else {
                socket = handler.domain().open(handler.family(), this, 0, io);
            }
            config.apply();
        }

        @Override
        void comeBack() {
            if (isRegistered()) {
                flushMore();
                receiver.comeBack();
            }
        }

        @Override
        public void portLost(IOException failure) {
            sender.runFinisher();
            super.portLost(failure);
        }

        @Override
        public void abandon() {
            StreamSocket present = socket;
            if (!closing) { // or the close that waits for a send ends below
                closed = true;
                active = false;
            }
            if (present != null) {
                // Without a wait for the peer: the others of the loop are to end, too.
                present.close(config.getSoLinger() > 0 ? Closing.RST : Closing.FIN, loop().io());
            }
            sender.runFinisher();
        }

        @Override
        public void connect(SocketAddress remoteAddress, @Nullable SocketAddress localAddress, ChannelPromise promise) {
            if (promise.isDone() || !ensureOpen(promise)) {
                return;
            }
            try {
                if (connectPromise != null) {
                    throw new ConnectionPendingException();
                }
                if (active) {
                    throw new AlreadyConnectedException();
                }
                InetSocketAddress address = usable(remoteAddress);
                if (localAddress != null) {
                    doBind(localAddress);
                }
                StreamSocket present = opened();
                config.beginConnect();
                int outcome = present.connect(address, loop().io());
                if (outcome < 0) {
                    throw IoFailure.ofConnect(-outcome);
                }
                remote = address; // as NIO has it, though nobody is connected yet
            } catch (Throwable e) {
                if (connectPromise == null) {
                    config.apply();
                }
                connectFailed(promise, e, remoteAddress);
                return;
            }
            connectPromise = promise;
            int millis = config.getConnectTimeoutMillis();
            if (millis > 0) {
                connectTimeout = eventLoop().schedule(() -> timedOut(promise, millis, remoteAddress), millis,
                        TimeUnit.MILLISECONDS);
            }
            promise.addListener((ChannelFutureListener) done -> {
                if (done.isCancelled()) {
                    close(voidPromise());
                }
            });
        }

        private void timedOut(ChannelPromise promise, int millis, SocketAddress remoteAddress) {
            if (promise.equals(connectPromise) && promise.tryFailure(new ConnectTimeoutException(
                    "connection timed out after " + millis + " ms: " + remoteAddress))) {
                close(voidPromise());
            }
        }

        void connectFailed(ChannelPromise promise, IOException e) {
            SocketAddress to = remote;
            remote = null;
            connectFailed(promise, e, to);
        }

        /** Windows takes no second connect on a socket that has failed to connect [wine]. */
        private void connectFailed(ChannelPromise promise, Throwable e, @Nullable SocketAddress to) {
            promise.tryFailure(to == null ? e : annotateConnectException(e, to));
            if (e instanceof IOException) {
                close(voidPromise());
            } else {
                closeIfClosed();
            }
        }

        @Override
        protected void flush0() {
            if (sender.isIdle() && !closing) {
                super.flush0();
            }
        }

        void writeFailed(IOException e) {
            handleWriteError(e);
        }

        /**
         * Lets the sending come to its end first, so that what is sent is told as sent. A close by a write's listener
         * waits until the other listeners are told.
         */
        @Override
        protected void close(ChannelPromise promise, Throwable cause, ClosedChannelException closeReason) {
            if (closing) {
                awaitClose(promise);
            } else if (closed || socket == null || sender.isIdle() || loop().isOver()) {
                super.close(promise, cause, closeReason);
            } else if (promise.setUncancellable()) {
                closing = true;
                loop().closePending(true);
                sender.finish(() -> {
                    closing = false;
                    loop().closePending(false);
                    super.close(promise, cause, closeReason);
                });
            }
        }

        void closeFor(IOException failure) {
            ClosedChannelException closeReason = new ClosedChannelException();
            closeReason.initCause(failure);
            close(voidPromise(), failure, closeReason);
        }

        private void awaitClose(ChannelPromise promise) {
            if (!promise.equals(voidPromise())) {
                closeFuture().addListener(done -> promise.trySuccess());
            }
        }

        /** A close that may wait for the peer, as SO_LINGER wants it, waits elsewhere. */
        @Override
        protected @Nullable Executor prepareToClose() {
            if (socket != null && config.getSoLinger() > 0) {
                closing = true; // nothing is read or sent any more
                return GlobalEventExecutor.INSTANCE;
            }
            return null;
        }

        // ---- what the socket tells ----

        @Override
        public void connected(StreamSocket from, int status, IoThread io) {
            connectEnded(status);
        }

        @Override
        public void readable(StreamSocket from, int status, IoThread io) {
            receiver.ended(status, 0);
        }

        @Override
        public void received(StreamSocket from, int status, int bytes, IoThread io) {
            receiver.ended(status, bytes);
        }

        @Override
        public void sent(StreamSocket from, int status, int bytes, IoThread io) {
            sender.ended(status, bytes);
        }

        @Override
        public void gone(StreamSocket from, IoThread io) {
            IocpSocketChannel.this.gone();
        }
    }
}
