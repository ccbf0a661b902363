package org.iocp4j.channels;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.jspecify.annotations.Nullable;

/** A connection, or a channel that is to be connected, on the port of its group. */
final class IocpSocketChannel extends AsynchronousSocketChannel implements SocketEvents, PendingOperation.Owner {
    private static final Log LOG = Log.of(IocpSocketChannel.class);

    private final IocpChannelGroup group;
    private final Transport transport;
    /** Set before anybody else knows the channel. */
    private @Nullable StreamSocket socket;
    private final ChannelReader reader;
    private final ChannelWriter writer;
    private final ChannelLock lock;
    private final ChannelState state;
    private volatile boolean connected;
    /** As the sockets of the layer below are made, and what they accept inherits. */
    private volatile boolean noDelay = true;

    // Guarded by the lock.
    private @Nullable InetSocketAddress local;
    private @Nullable InetSocketAddress remote;
    private @Nullable PendingOperation connecting;
    private boolean connectBegun;
    /** What is to be set when the socket is connected: until then Windows refuses it [doc]. */
    private final Map<ChannelOptions.Code, Integer> early = new HashMap<>(0);

    private IocpSocketChannel(IocpChannelGroup group) {
        super(group.provider());
        this.group = group;
        transport = group.transport();
        state = new ChannelState(this, group, transport.socketOptions);
        lock = transport.surroundings.newLock();
        reader = new ChannelReader(this);
        writer = new ChannelWriter(this);
    }

    /** To be connected. */
    static IocpSocketChannel open(IocpChannelGroup group) throws IOException {
        IocpSocketChannel channel = new IocpSocketChannel(group);
        IoThread io = group.transport().take();
        try {
            channel.socket = group.domain().open(group.transport().family, channel, 0, io);
        } finally {
            group.transport().give(io);
        }
        return channel;
    }

    /** Accepted; null if Windows refuses it. */
    static @Nullable IocpSocketChannel of(IocpChannelGroup group, StreamSocket accepted, IoThread io) {
        IocpSocketChannel channel = new IocpSocketChannel(group);
        channel.socket = accepted;
        channel.connected = true;
        return accepted.attach(channel, 0, io) < 0 ? null : channel;
    }

    IocpChannelGroup group() {
        return group;
    }

    StreamSocket socket() {
        StreamSocket present = socket;
        assert present != null; // nobody knows a channel without one
        return present;
    }

    boolean isConnected() {
        return connected;
    }

    @Override
    public boolean isOpen() {
        return state.isOpen();
    }

    // ---- addresses and options ----

    @Override
    public AsynchronousSocketChannel bind(@Nullable SocketAddress address) throws IOException {
        state.requireOpen();
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                if (connecting != null) {
                    throw new ConnectionPendingException();
                }
                if (local != null || connected) {
                    throw new AlreadyBoundException();
                }
                InetSocketAddress wanted = ChannelOptions.address(address != null ? address : any());
                requireFamily(wanted);
                int outcome = socket().bind(wanted, io);
                if (outcome < 0) {
                    state.requireOpen();
                    throw IoFailure.ofBind(-outcome, wanted);
                }
                local = socket().boundAddress(io);
            }
        } finally {
            transport.give(io);
        }
        return this;
    }

    private InetSocketAddress any() throws IOException {
        byte[] zeros = new byte[transport.family == AF_INET() ? 4 : 16];
        return new InetSocketAddress(InetAddress.getByAddress(zeros), 0);
    }

    private void requireFamily(InetSocketAddress address) {
        if (transport.family == AF_INET() && address.getAddress() instanceof Inet6Address) {
            throw new UnsupportedAddressTypeException();
        }
    }

    @Override
    public @Nullable SocketAddress getLocalAddress() throws IOException {
        try (var _ = lock.hold()) {
            state.requireOpen();
            if (connected) {
                return socket().localAddress();
            }
            return local;
        }
    }

    @Override
    public @Nullable SocketAddress getRemoteAddress() throws IOException {
        try (var _ = lock.hold()) {
            state.requireOpen();
            if (!connected) {
                return null;
            }
            return remote != null ? remote : socket().remoteAddress();
        }
    }

    @Override
    public <T> AsynchronousSocketChannel setOption(SocketOption<T> option, T value) throws IOException {
        state.setOption(option, value, (code, encoded, io) -> {
            if (option.equals(StandardSocketOptions.TCP_NODELAY)) {
                if (noDelay && encoded != 0) {
                    return 0; // as most programs set it: no system call, and the socket can be used again
                }
                noDelay = false; // whatever comes of the call, the next one is made
            }
            return set(code, encoded, io);
        });
        return this;
    }

    private int set(ChannelOptions.Code code, int value, IoThread io) {
        if (connected) {
            return socket().setOption(code.level(), code.name(), value, io);
        }
        try (var _ = lock.hold()) { // so that no connect begins before Windows has taken it
            if (connectBegun && !connected && isOpen()) {
                early.put(code, value);
                return 0;
            }
            return socket().setOption(code.level(), code.name(), value, io);
        }
    }

    /** The socket is connected, and nobody knows it. A failure is logged: the call that set the option is over. */
    private void setEarly(IoThread io) {
        for (var each : early.entrySet()) {
            try {
                setEarly(each.getKey(), each.getValue(), io);
            } catch (Throwable e) { // the connect is told all the same
                io.failed(e);
            }
        }
        early.clear();
    }

    private void setEarly(ChannelOptions.Code code, int value, IoThread io) {
        int outcome = socket().setOption(code.level(), code.name(), value, io);
        if (outcome < 0) {
            LOG.warn("option {} of level {}, set to {} during a connect: {}: it is not set on {}", code.name(),
                    code.level(), value, ErrorName.of(-outcome), socket());
        }
    }

    @Override
    public <T> T getOption(SocketOption<T> option) throws IOException {
        return state.getOption(option, (code, io) -> {
            Integer value = earlyValue(code);
            return value != null ? value : socket().getOption(code.level(), code.name(), io);
        });
    }

    private @Nullable Integer earlyValue(ChannelOptions.Code code) {
        if (connected) {
            return null;
        }
        try (var _ = lock.hold()) {
            return early.get(code);
        }
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return transport.socketOptions;
    }

    // ---- connect ----

    @Override
    public <A> void connect(SocketAddress address, A attachment, CompletionHandler<Void, ? super A> handler) {
        var _ = begin(address, attachment, Objects.requireNonNull(handler, "'handler' is null"));
    }

    @Override
    public Future<Void> connect(SocketAddress address) {
        return begin(address, null, null).future();
    }

    private PendingOperation begin(SocketAddress address, @Nullable Object attachment,
            @Nullable CompletionHandler<?, ?> handler) {
        PendingOperation operation = new PendingOperation(this, handler, attachment);
        if (!isOpen()) {
            operation.fail(new ClosedChannelException());
            group.invoke(operation);
            return operation;
        }
        InetSocketAddress peer = ChannelOptions.address(address);
        requireFamily(peer);
        int outcome;
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                if (connected) {
                    throw new AlreadyConnectedException();
                }
                if (connectBegun) {
                    throw new ConnectionPendingException();
                }
                outcome = socket().connect(peer, io);
                connectBegun = true;
                remote = peer;
                if (outcome == StreamSocket.PENDING) {
                    connecting = operation;
                    return operation;
                }
                connected = outcome >= 0;
            }
        } finally {
            transport.give(io);
        }
        if (outcome < 0) {
            failConnect(operation, -outcome, peer, group::invoke);
        } else {
            succeed(operation);
            group.invoke(operation);
        }
        return operation;
    }

    private void succeed(PendingOperation operation) {
        transport.counters.connects.increment();
        operation.succeed(null);
    }

    /** Closes the channel, as java.nio has it. The group, which may end with it, is first told of the handler. */
    private void failConnect(PendingOperation operation, int code, InetSocketAddress peer,
            Consumer<PendingOperation> tell) {
        boolean closes = state.beginClose();
        try {
            if (closes) {
                release();
            }
            operation.fail(IoFailure.ofConnect(code, peer));
            tell.accept(operation);
        } finally {
            if (closes) {
                state.endClose();
            }
        }
    }

    @Override
    public void connected(StreamSocket from, int status, IoThread io) {
        PendingOperation operation;
        InetSocketAddress peer;
        try (var _ = lock.hold()) {
            operation = connecting;
            peer = remote;
            connecting = null;
            if (operation == null || peer == null) {
                return; // cancelled, or closed
            }
            if (status >= 0) {
                setEarly(io);
                connected = true;
            }
        }
        if (status < 0) {
            failConnect(operation, status, peer, group::deliver);
        } else {
            succeed(operation);
            group.deliver(operation);
        }
    }

    @Override
    public boolean cancel(PendingOperation operation) {
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                if (connecting != operation) {
                    return false;
                }
                connecting = null;
                operation.fail(new CancellationException());
                reader.kill();
                writer.kill();
                socket().cancelConnect(io);
            }
        } finally {
            transport.give(io);
        }
        return true;
    }

    @Override
    public void closeChannel() {
        close();
    }

    // ---- read and write ----

    @Override
    public <A> void read(ByteBuffer into, long timeout, TimeUnit unit, A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        Objects.requireNonNull(handler, "'handler' is null");
        requireWritable(into);
        var _ = reader.begin(into, null, timeout, unit, attachment, handler);
    }

    @Override
    public Future<Integer> read(ByteBuffer into) {
        requireWritable(into);
        PendingOperation operation = reader.begin(into, null, 0, TimeUnit.MILLISECONDS, null, null);
        assert operation != null; // for there is no handler
        return operation.future();
    }

    @Override
    public <A> void read(ByteBuffer[] into, int offset, int length, long timeout, TimeUnit unit, A attachment,
            CompletionHandler<Long, ? super A> handler) {
        Objects.requireNonNull(handler, "'handler' is null");
        ByteBuffer[] some = part(into, offset, length);
        for (ByteBuffer one : some) {
            requireWritable(one);
        }
        var _ = reader.begin(null, some, timeout, unit, attachment, handler);
    }

    private static void requireWritable(ByteBuffer buffer) {
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("Read-only buffer");
        }
    }

    /** The caller may change the array while they are in use. */
    private static ByteBuffer[] part(ByteBuffer[] buffers, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, buffers.length);
        ByteBuffer[] some = Arrays.copyOfRange(buffers, offset, offset + length);
        for (ByteBuffer one : some) {
            Objects.requireNonNull(one, "a buffer is null");
        }
        return some;
    }

    @Override
    public <A> void write(ByteBuffer from, long timeout, TimeUnit unit, A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        Objects.requireNonNull(handler, "'handler' is null");
        Objects.requireNonNull(from, "the buffer is null");
        var _ = writer.begin(from, null, timeout, unit, attachment, handler);
    }

    @Override
    public Future<Integer> write(ByteBuffer from) {
        PendingOperation operation = writer.begin(Objects.requireNonNull(from, "the buffer is null"), null, 0,
                TimeUnit.MILLISECONDS, null, null);
        assert operation != null; // for there is no handler
        return operation.future();
    }

    @Override
    public <A> void write(ByteBuffer[] from, int offset, int length, long timeout, TimeUnit unit, A attachment,
            CompletionHandler<Long, ? super A> handler) {
        Objects.requireNonNull(handler, "'handler' is null");
        var _ = writer.begin(null, part(from, offset, length), timeout, unit, attachment, handler);
    }

    @Override
    public void received(StreamSocket from, int status, int bytes, IoThread io) {
        reader.received(status, bytes, io);
    }

    @Override
    public void readable(StreamSocket from, int status, IoThread io) {
        reader.readable(status, io);
    }

    @Override
    public void sent(StreamSocket from, int status, int bytes, IoThread io) {
        writer.sent(status, bytes, io);
    }

    // ---- the ends ----

    private void requireConnected() throws ClosedChannelException {
        state.requireOpen();
        if (!connected) {
            throw new NotYetConnectedException();
        }
    }

    @Override
    public AsynchronousSocketChannel shutdownInput() throws IOException {
        requireConnected();
        IoThread io = transport.take();
        try {
            reader.shutDown(io);
        } finally {
            transport.give(io);
        }
        return this;
    }

    @Override
    public AsynchronousSocketChannel shutdownOutput() throws IOException {
        requireConnected();
        IoThread io = transport.take();
        try {
            int outcome = writer.shutDown(io);
            if (outcome < 0) {
                state.requireOpen();
                throw new SocketException("shutdown: " + ErrorName.of(-outcome));
            }
        } finally {
            transport.give(io);
        }
        return this;
    }

    /** Closes the handle, and tells those who wait; what the kernel had comes back later, on whichever thread. */
    @Override
    public void close() {
        state.close(this::release);
    }

    private void release() {
        PendingOperation connect;
        try (var _ = lock.hold()) {
            connect = connecting;
            connecting = null;
        }
        PendingOperation read = reader.close();
        PendingOperation write = writer.close();
        boolean isClean = reader.wasClean() && writer.wasClean();
        close(isClean && transport.disconnect.reuses() ? Closing.REUSE : Closing.FIN);
        if (connect != null) {
            connect.fail(new AsynchronousCloseException());
            handOver(connect);
        }
        handOver(read);
        handOver(write);
    }

    /** Closes an accepted channel that nobody has got: its peer sees a reset. */
    void abort() {
        var _ = state.beginClose(); // it is in no group
        close(Closing.RST);
    }

    private void close(Closing how) {
        IoThread io = transport.take();
        try {
            socket().close(how, io);
        } finally {
            transport.give(io);
        }
    }

    private void handOver(@Nullable PendingOperation operation) {
        if (operation != null && operation.hasHandler()) {
            group.hand(operation);
        }
    }

    @Override
    public void gone(StreamSocket from, IoThread io) {
        // its user was told when it was closed
    }

    @Override
    public String toString() {
        if (!isOpen()) {
            return getClass().getName() + "[closed]";
        }
        return getClass().getName() + (connected ? "[connected " + socket().localAddress() + " to "
                + socket().remoteAddress() + "]" : "[not connected]");
    }
}
