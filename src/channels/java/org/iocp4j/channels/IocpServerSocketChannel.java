package org.iocp4j.channels;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.SOMAXCONN;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.NotYetBoundException;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A listening channel. From the first {@code accept} on it keeps accepts pending, and connections that nobody has asked
 * for yet: together as many as {@value org.iocp4j.channels.seam.Settings#ACCEPTS} says, and at most one more for each
 * thread that dequeues, which posts an accept before it tells of the last one. The rest waits in the backlog.
 */
final class IocpServerSocketChannel extends AsynchronousServerSocketChannel
        implements StreamListener.Accepted, PendingOperation.Owner {
    private final IocpChannelGroup group;
    private final Transport transport;
    private final ChannelState state;
    private final ChannelLock lock;

    // Guarded by the lock.
    private @Nullable StreamListener listener;
    private OptionalInt receiveBufferBytes = OptionalInt.empty();
    private @Nullable PendingOperation accepting;
    private boolean killed;
    /** Accepted, and not asked for yet. */
    private final Queue<IocpSocketChannel> kept = new ArrayDeque<>();
    /** Whether accepts are kept pending: from the first {@code accept} on. */
    private boolean accepts;

    IocpServerSocketChannel(IocpChannelGroup group) {
        super(group.provider());
        this.group = group;
        transport = group.transport();
        state = new ChannelState(this, group, ChannelOptions.OF_SERVERS);
        lock = transport.surroundings.newLock();
    }

    @Override
    public boolean isOpen() {
        return state.isOpen();
    }

    // ---- bind, options ----

    @Override
    public AsynchronousServerSocketChannel bind(@Nullable SocketAddress local, int backlog) throws IOException {
        InetSocketAddress address = ChannelOptions.address(local != null ? local : new InetSocketAddress(0));
        state.requireOpen();
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                state.requireOpen();
                if (listener != null) {
                    throw new AlreadyBoundException();
                }
                ListenerOptions options = new ListenerOptions(listening(address), backlog < 1 ? SOMAXCONN() : backlog,
                        false, false, OptionalInt.empty(), receiveBufferBytes);
                listener = group.domain().listen(options, this, io);
            }
        } catch (Win32Exception e) {
            throw IoFailure.ofBind(e);
        } finally {
            transport.give(io);
        }
        return this;
    }

    /** All addresses are those of both families, as java.nio has it. */
    private InetSocketAddress listening(InetSocketAddress address) throws IOException {
        boolean isV6 = address.getAddress() instanceof Inet6Address;
        if (transport.family == AF_INET()) {
            if (isV6 && !address.getAddress().isAnyLocalAddress()) {
                throw new UnsupportedAddressTypeException();
            }
            return isV6 ? new InetSocketAddress(InetAddress.getByAddress(new byte[4]), address.getPort()) : address;
        }
        return !isV6 && address.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getByName("::"), address.getPort()) : address;
    }

    @Override
    public @Nullable SocketAddress getLocalAddress() throws IOException {
        try (var _ = lock.hold()) {
            state.requireOpen();
            return listener == null ? null : listener.localAddress();
        }
    }

    @Override
    public <T> AsynchronousServerSocketChannel setOption(SocketOption<T> option, T value)
            throws IOException {
        state.setOption(option, value, (code, encoded, io) -> {
            try (var _ = lock.hold()) {
                if (listener != null) {
                    return listener.setOption(code.level(), code.name(), encoded, io);
                }
                receiveBufferBytes = OptionalInt.of(encoded); // the only one
                return 0;
            }
        });
        return this;
    }

    @Override
    public <T> T getOption(SocketOption<T> option) throws IOException {
        return state.getOption(option, (code, io) -> {
            try (var _ = lock.hold()) {
                if (listener != null) {
                    return listener.getOption(code.level(), code.name(), io);
                }
                return receiveBufferBytes.isPresent() ? receiveBufferBytes.getAsInt() : ofNewSocket(code, io);
            }
        });
    }

    /** The socket is made by the bind. */
    private long ofNewSocket(ChannelOptions.Code code, IoThread io) {
        long probe = Sockaddr.tcpSocket(transport.family, io.win32());
        if (probe < 0) {
            return probe;
        }
        try {
            return io.getOption(probe, code.level(), code.name());
        } finally {
            io.win32().closesocket(probe);
        }
    }

    @Override
    public Set<SocketOption<?>> supportedOptions() {
        return ChannelOptions.OF_SERVERS;
    }

    // ---- accept ----

    @Override
    public <A> void accept(A attachment, CompletionHandler<AsynchronousSocketChannel, ? super A> handler) {
        var _ = begin(attachment, Objects.requireNonNull(handler, "'handler' is null"));
    }

    @Override
    public Future<AsynchronousSocketChannel> accept() {
        return begin(null, null).future();
    }

    private PendingOperation begin(@Nullable Object attachment, @Nullable CompletionHandler<?, ?> handler) {
        PendingOperation operation = new PendingOperation(this, handler, attachment);
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                StreamListener present = listener;
                if (!isOpen()) {
                    operation.fail(new ClosedChannelException());
                } else if (killed) {
                    throw new IllegalStateException("Accepting is not allowed after a cancellation");
                } else if (present == null) {
                    throw new NotYetBoundException();
                } else if (accepting != null) {
                    throw new AcceptPendingException();
                } else {
                    IocpSocketChannel child = kept.poll();
                    if (child != null) {
                        transport.counters.connectionsKept.decrement();
                    }
                    if (child != null || !accepts) {
                        accepts = true;
                        acceptMore(present, io);
                    }
                    if (child == null) {
                        accepting = operation;
                        return operation;
                    }
                    handOut(child, operation);
                }
            }
        } finally {
            transport.give(io);
        }
        if (operation.hasHandler()) {
            group.handBegun(operation); // never in the call: who accepts again and again would never return
        }
        return operation;
    }

    /** Has as many accepts pending as there may be connections that nobody has asked for, less those that there are. */
    private void acceptMore(StreamListener present, IoThread io) {
        present.depth(Math.max(0, transport.settings.accepts() - kept.size()), io);
    }

    private void handOut(IocpSocketChannel child, PendingOperation operation) {
        if (group.add(child)) {
            transport.counters.accepts.increment();
            if (child.socket().generation() > 1) {
                transport.counters.reused.increment();
            }
            operation.succeed(child);
        } else {
            child.abort();
            operation.fail(new IOException(new ShutdownChannelGroupException()));
        }
    }

    @Override
    public void accepted(StreamSocket socket, IoThread io) {
        IocpSocketChannel child = IocpSocketChannel.of(group, socket, io);
        if (child == null) {
            socket.close(Closing.RST, io);
            return;
        }
        PendingOperation operation;
        boolean isWanted;
        try (var _ = lock.hold()) {
            isWanted = isOpen() && !killed;
            operation = accepting;
            accepting = null;
            if (operation != null) {
                handOut(child, operation);
            } else if (isWanted) {
                kept.add(child);
                transport.counters.connectionsKept.increment();
                StreamListener present = listener;
                if (present != null) {
                    acceptMore(present, io);
                }
            }
        }
        if (operation != null) {
            group.deliver(operation);
        } else if (!isWanted) {
            child.abort();
        }
    }

    @Override
    public boolean cancel(PendingOperation operation) {
        List<IocpSocketChannel> unwanted;
        IoThread io = transport.take();
        try {
            try (var _ = lock.hold()) {
                if (accepting != operation) {
                    return false;
                }
                accepting = null;
                killed = true;
                operation.fail(new CancellationException());
                unwanted = takeKept();
                StreamListener present = listener;
                if (present != null) {
                    present.depth(0, io);
                }
            }
        } finally {
            transport.give(io);
        }
        unwanted.forEach(IocpSocketChannel::abort);
        return true;
    }

    private List<IocpSocketChannel> takeKept() {
        List<IocpSocketChannel> all = new ArrayList<>(kept);
        kept.clear();
        transport.counters.connectionsKept.add(-all.size());
        return all;
    }

    @Override
    public void closeChannel() {
        close();
    }

    // ---- the end ----

    @Override
    public void close() {
        state.close(this::release);
    }

    private void release() {
        PendingOperation accept;
        List<IocpSocketChannel> unwanted;
        StreamListener present;
        try (var _ = lock.hold()) {
            accept = accepting;
            accepting = null;
            unwanted = takeKept();
            present = listener;
        }
        if (present != null) {
            IoThread io = transport.take();
            try {
                present.close(io);
            } finally {
                transport.give(io);
            }
        }
        unwanted.forEach(IocpSocketChannel::abort);
        if (accept != null) {
            accept.fail(new AsynchronousCloseException());
            if (accept.hasHandler()) {
                group.hand(accept);
            }
        }
    }

    @Override
    public String toString() {
        StreamListener present;
        try (var _ = lock.hold()) {
            present = listener;
        }
        return getClass().getName() + (!isOpen() ? "[closed]" : present == null ? "[unbound]"
                : "[listening on " + present.localAddress() + "]");
    }
}
