package org.iocp4j.netty;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.WSAEAFNOSUPPORT;

import io.netty.channel.ChannelException;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.SpareIoThreads;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;

/**
 * Runs a completion port in one of Netty's event loops, for {@link IocpSocketChannel} and
 * {@link IocpServerSocketChannel}:
 *
 * {@snippet :
 * EventLoopGroup group = new MultiThreadIoEventLoopGroup(IocpIoHandler.newFactory());
 * }
 *
 * <p>A socket stays on the port of its first loop for as long as it is open [doc]. So a channel can be deregistered and
 * registered with the same loop again, but not with another one.
 */
public final class IocpIoHandler implements IoHandler {
    private static final Log LOG = Log.of(IocpIoHandler.class);
    private static final SpareIoThreads WINDOWS = new SpareIoThreads(WindowsWin32::attach);
    /** The most packets of one round, so that the loop's tasks get their turn: each may copy 64 KiB of a file. */
    private static final int PACKETS_IN_A_ROUND = 16;
    /** How long a loop that shuts down waits for cancelled sends that closes wait for: they take no time. */
    private static final long CLOSES_NANOS = 500_000_000;
    private static final int CLOSES_MILLIS = 10;
    /** The longest that the end of a loop waits for the packets of what was cancelled. */
    private static final Duration END = Duration.ofSeconds(5);
    /** How long a loop whose port is lost sleeps at a time, so that it does not spin. */
    private static final long LOST_NANOS = 100_000_000;
    private static final long MILLI = 1_000_000;
    /** How often a wake-up is tried again that Windows has no memory for, and how long after. */
    private static final int WAKE_RETRIES = 1_000;
    private static final int WAKE_RETRY_MILLIS = 1;

    private final ThreadAwareExecutor executor;
    private final SpareIoThreads others;
    private final IoThread io;
    private final IoDomain domain;
    private final boolean reuses;
    private final int family;
    /** On the loop's thread, like all that follows. */
    private final List<IocpRegistration> registrations = new ArrayList<>();
    private final ArrayDeque<IocpOutbound> spareOutbounds = new ArrayDeque<>();
    private final LogLimit failureLines = new LogLimit();
    private int closesPending;
    /** The channels have been closed since the port is lost. */
    private boolean lossTold;
    private boolean destroyed;

    private IocpIoHandler(ThreadAwareExecutor executor, DomainOptions options, SpareIoThreads others) {
        this.executor = Objects.requireNonNull(executor, "executor is null");
        this.others = others;
        reuses = options.reuse().reuses();
        io = new IoThread(others.attach()); // not this thread's: it becomes the loop's
        try {
            domain = new IoDomain(options, io);
        } catch (Win32Exception e) {
            throw new ChannelException(e.getMessage(), e);
        }
        family = findFamily();
    }

    /**
     * For {@link io.netty.channel.MultiThreadIoEventLoopGroup}.
     *
     * @throws UnsupportedOperationException if the transport cannot be used, see {@link Iocp#unavailabilityCause}
     */
    public static IoHandlerFactory newFactory() {
        Iocp.ensureAvailability();
        return newFactory(defaults(DisconnectMethod.CLOSE));
    }

    /** What {@link #newFactory()} takes: completions without packets where that works. */
    static DomainOptions defaults(DisconnectMethod method) {
        return DomainOptions.loop().withDelivery(WINDOWS.call(io ->
                Capabilities.chooseDelivery(method, InetAddress.getLoopbackAddress(), io.win32())));
    }

    /**
     * The same with options of the layer below, such as the most sockets that a loop may have.
     *
     * @param options for one thread: from {@link DomainOptions#loop}
     * @throws IllegalArgumentException      if they are for a pool of threads
     * @throws UnsupportedOperationException if the transport cannot be used, see {@link Iocp#unavailabilityCause}
     */
    public static IoHandlerFactory newFactory(DomainOptions options) {
        if (options.threads() != DomainOptions.Threads.LOOP) {
            throw new IllegalArgumentException("options for a pool of threads: " + options);
        }
        Iocp.ensureAvailability();
        return new Factory(options, WINDOWS);
    }

    /**
     * For a system that stands in Windows' place, such as a simulated one, whatever this one is.
     *
     * @param options for one thread: from {@link DomainOptions#loop}
     * @param system  makes a view of it for the calling thread: for each loop's, and for each that wakes one
     */
    public static IoHandlerFactory newFactory(DomainOptions options, Supplier<Win32> system) {
        return new Factory(options, new SpareIoThreads(system));
    }

    /** The loop that this runs in. */
    ThreadAwareExecutor executor() {
        return executor;
    }

    private record Factory(DomainOptions options, SpareIoThreads others) implements IoHandlerFactory {
        @Override
        public IoHandler newHandler(ThreadAwareExecutor executor) {
            return new IocpIoHandler(executor, options, others);
        }

        /** A loop that is suspended goes on in another thread: a port does not belong to a thread. */
        @Override
        public boolean isChangingThreadSupported() {
            return true;
        }
    }

    // ---- for the channels ----

    IoDomain domain() {
        return domain;
    }

    /** The loop's, for its thread alone. */
    IoThread io() {
        return io;
    }

    /** Does what any thread may do with a socket of the loop's. */
    <T> T call(Function<IoThread, T> what) {
        return executor.isExecutorThread(Thread.currentThread()) ? what.apply(io) : others.call(what);
    }

    /** Whether sockets are disconnected and used again where that is safe. */
    boolean reuses() {
        return reuses;
    }

    /** Whether the loop has ended: nothing is told to handlers any more. */
    boolean isDestroyed() {
        return destroyed;
    }

    /** Whether the loop has ended, or its port is lost: nobody may wait for a packet. */
    boolean isOver() {
        return destroyed || domain.isPortLost();
    }

    private int findFamily() {
        if (NetUtil.isIpV4StackPreferred()) {
            return AF_INET();
        }
        long probe = Sockaddr.tcpSocket(AF_INET6(), io.win32());
        if (probe >= 0) {
            io.win32().closesocket(probe);
        }
        return probe == -WSAEAFNOSUPPORT() ? AF_INET() : AF_INET6();
    }

    /** The family of sockets that connect: IPv6, which reaches IPv4 addresses, too; IPv4 where there is no other. */
    int family() {
        return family;
    }

    /** For one send; {@link #giveBack} takes it when the send is over. */
    IocpOutbound takeOutbound() {
        IocpOutbound spare = spareOutbounds.poll();
        return spare != null ? spare : new IocpOutbound(io);
    }

    void giveBack(IocpOutbound outbound) {
        spareOutbounds.push(outbound);
    }

    // ---- the loop's calls ----

    /** Called again each time that the loop is resumed, perhaps on another thread. */
    @Override
    public void initialize() {
        io.handOver();
    }

    @Override
    public int run(IoHandlerContext context) {
        int handled = dequeue(timeoutMillis(context));
        if (context.shouldReportActiveIoTime()) {
            context.reportActiveIoTime(io.win32().nanoTime() - io.nowNanos());
        }
        return handled;
    }

    private int dequeue(int timeoutMillis) {
        if (domain.isPortLost()) {
            portLost();
            return 0;
        }
        try {
            return domain.dequeue(io, timeoutMillis, PACKETS_IN_A_ROUND);
        } catch (CompletionFailedException e) {
            return 1; // what failed was logged where it did; the other packets were handled
        } catch (Win32Exception e) {
            dequeueFailed(e);
            return 0;
        }
    }

    /** Rounded up: a wait that is too short by a fraction is a round for nothing, or many. */
    private int timeoutMillis(IoHandlerContext context) {
        if (!context.canBlock()) {
            return 0;
        }
        if (context.deadlineNanos() == -1) {
            return -1;
        }
        return millis(context.delayNanos(io.win32().nanoTime()));
    }

    static int millis(long nanos) {
        return nanos <= 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, Math.ceilDiv(nanos, MILLI));
    }

    private void dequeueFailed(Win32Exception e) {
        String more = failureLines.next();
        if (more != null) {
            LOG.error("{}{}", e.getMessage(), more);
        }
        LockSupport.parkNanos(this, LOST_NANOS); // or a port that fails each time would take the processor
    }

    /** Closes the channels once; later rounds tell what is queued. */
    private void portLost() {
        if (!lossTold) {
            lossTold = true;
            IOException failure = new IOException("the event loop's completion port was closed from outside");
            for (IocpRegistration registration : List.copyOf(registrations)) {
                registration.handle().portLost(failure);
            }
        } else {
            LockSupport.parkNanos(this, LOST_NANOS);
        }
        domain.runQueued(io);
    }

    /** Does not block, unless Windows has no memory for the packet: nobody else would wake the loop. */
    @Override
    public void wakeup() {
        if (!executor.isExecutorThread(Thread.currentThread()) && !domain.isWoken()) {
            IoThread mine = others.take();
            try {
                int error = wake(mine.win32());
                if (error != 0) {
                    LOG.error("PostQueuedCompletionStatus: {}: a task waits until something else wakes the event loop",
                            ErrorName.of(error));
                }
            } finally {
                others.give(mine);
            }
        }
    }

    /** 0 also after the end, when there is nobody to wake. */
    private int wake(Win32 win32) {
        int error = domain.wake(win32);
        for (int i = 0; i < WAKE_RETRIES && error != 0 && error != ERROR_INVALID_HANDLE(); i++) {
            win32.sleep(WAKE_RETRY_MILLIS);
            error = domain.wake(win32);
        }
        return error == ERROR_INVALID_HANDLE() ? 0 : error;
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        if (isOver()) {
            throw new IllegalStateException(destroyed ? "the event loop has ended" : "the event loop's port is lost");
        }
        if (!(handle instanceof IocpIoHandle ours)) {
            throw new IllegalArgumentException("not a channel of this transport: " + handle.getClass().getName());
        }
        ours.bringTo(this);
        IocpRegistration registration = new IocpRegistration(this, ours, registrations.size());
        registrations.add(registration);
        handle.registered();
        return registration;
    }

    void forget(IocpRegistration registration, int at) {
        IocpRegistration last = registrations.removeLast();
        if (last != registration) {
            registrations.set(at, last);
            last.index(at);
        }
        registration.handle().unregistered();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return IocpIoHandle.class.isAssignableFrom(handleType);
    }

    /** The closes are told here: afterwards the loop may take no more tasks, which they need. */
    @Override
    public void prepareToDestroy() {
        for (IocpRegistration registration : List.copyOf(registrations)) {
            registration.handle().close();
        }
        long start = io.win32().nanoTime();
        while (closesPending > 0 && io.win32().nanoTime() - start < CLOSES_NANOS) {
            dequeue(CLOSES_MILLIS);
        }
    }

    /** A close waits for a send, or has waited. */
    void closePending(boolean begins) {
        closesPending += begins ? 1 : -1;
    }

    /** Also without {@link #prepareToDestroy}: a loop that ends at once has no time for it. */
    @Override
    public void destroy() {
        destroyed = true;
        for (IocpRegistration registration : List.copyOf(registrations)) {
            registration.handle().abandon();
        }
        domain.end(io, END);
        io.win32().close();
    }
}
