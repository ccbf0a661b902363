package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.ERROR_ABANDONED_WAIT_0;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_NAME;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_IPV6;
import static org.iocp4j.win32.generated.WinTypes.IPV6_V6ONLY;
import static org.iocp4j.win32.generated.WinTypes.WSAEMFILE;
import static org.iocp4j.win32.generated.WinTypes.WSASYSCALLFAILURE;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.RefCount;
import org.iocp4j.port.TimerWheel;
import org.iocp4j.port.UserPacketHandler;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * Sockets, listeners and files on one completion port, with what they share: operations, slots, deadlines, and an end
 * in order. It owns no thread: one thread or several call {@link #dequeue} again and again, each with an
 * {@link IoThread} of its own, and get the events there.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IoDomain {
    static final Log LOG = Log.of(IoDomain.class);
    /** The byte count of the packet that {@link #wake} posts: no {@link #post} has it. */
    private static final int WAKE = -1;
    // What wakeUps is made of.
    private static final int NOT_WOKEN = 0;
    private static final int POSTING = 1;
    private static final int WOKEN = 2;
    private static final int WAKE_STATE = 3;

    /** How long {@link #end} waits for packets at a time. */
    private static final int END_MILLIS = 100;

    private final DomainOptions options;
    private final UserPacketHandler userPackets;
    private final OperationSlab slab;
    private final CompletionPort port;
    private final TimerWheel timers;
    private final SocketSlots slots;
    /** In the order in which they were made. */
    private final Set<StreamListener> listeners = Collections.synchronizedSet(new LinkedHashSet<>());
    /** The domain's own reference until {@link #end}, and one for each thread that posts a packet. */
    private final RefCount posters = new RefCount();
    /**
     * Whether a wake-up is on its way: NOT_WOKEN, POSTING while nobody knows yet whether Windows takes it, or WOKEN.
     * In the bits above, how many have come, so that who has posted an earlier one changes nothing.
     */
    private final AtomicInteger wakeUps = new AtomicInteger();
    /** What other threads have for a thread that dequeues. */
    private final Queue<IoTask> tasks = new ConcurrentLinkedQueue<>();
    private final IoTask behindPackets = this::runBehindPackets;
    private final Set<OverlappedFile> files = Collections.synchronizedSet(new LinkedHashSet<>());
    private final FreeList<FileSlot> vacantFiles = new FreeList<>(OverlappedFile.MOST_FILES, FreeList.Order.LIFO);
    private final AtomicInteger fileCount = new AtomicInteger();
    private volatile boolean ending;
    /** Written before the caller's reference is dropped. */
    private int pendingAtEnd;
    private final AtomicBoolean portLost = new AtomicBoolean();
    private final LongAdder disconnectFailures = new LongAdder();
    private final LongAdder disconnectTimeouts = new LongAdder();
    /** Sockets, listeners and files that are not gone yet. */
    final AtomicInteger handles = new AtomicInteger();
    final AtomicInteger disconnecting = new AtomicInteger();
    final LongAdder latePackets = new LongAdder();
    private final LogLimit refusalLines = new LogLimit();
    private final LogLimit overdueLines = new LogLimit();

    /**
     * For those who post no packets of their own; otherwise as the other constructor.
     *
     * @throws Win32Exception if Windows refuses
     */
    public IoDomain(DomainOptions options, IoThread io) throws Win32Exception {
        this(options, (key, bytes, on) -> {
            throw new IllegalStateException("a packet with key " + key + " and " + bytes
                    + " bytes that nobody expects");
        }, io);
    }

    /**
     * Makes a port and reserves addresses; there are no sockets yet.
     *
     * @param userPackets handles the packets of {@link #post}; their byte count is 0 or more
     * @param io          the calling thread's own; not kept
     * @throws Win32Exception if Windows refuses
     */
    public IoDomain(DomainOptions options, UserPacketHandler userPackets, IoThread io) throws Win32Exception {
        this.options = options;
        this.userPackets = Objects.requireNonNull(userPackets, "userPackets is null");
        Win32 win32 = io.win32();
        int sockets = options.mostSockets();
        slab = new OperationSlab(win32, sockets * SocketSlot.OPERATIONS + OverlappedFile.MOST_FILES);
        try {
            timers = new TimerWheel(win32.nanoTime());
            slots = new SocketSlots(this, options, slab, io);
            try {
                port = new CompletionPort(win32, options.concurrency(), slab, this::handle);
            } catch (Throwable e) {
                slots.release(win32);
                throw e;
            }
        } catch (Throwable e) {
            slab.release(win32);
            throw e;
        }
    }

    // ---- making sockets ----

    /**
     * A socket to be connected. An IPv6 one connects to IPv4 addresses, too.
     *
     * @param family AF_INET or AF_INET6: {@link Sockaddr#family}
     * @param events gets what the socket tells
     * @param key    on the packets of the socket; 0 if nobody reads it
     * @param io     the calling thread's own
     * @throws Win32Exception if Windows refuses, or there are as many sockets as there may be
     */
    public StreamSocket open(int family, SocketEvents events, long key, IoThread io) throws Win32Exception {
        Objects.requireNonNull(events, "events is null");
        if (family != AF_INET() && family != AF_INET6()) {
            throw new IllegalArgumentException("address family " + family);
        }
        SocketSlot slot = newHandle(family, io);
        StreamSocket socket = null;
        boolean isOpen = false;
        try {
            socket = slot.newConnection();
            socket.begin(false, false);
            int error = family == AF_INET6() ? io.setOption(slot.handle, IPPROTO_IPV6(), IPV6_V6ONLY(), 0) : 0;
            if (error == 0) {
                error = -socket.attach(events, key, io);
            }
            if (error != 0) {
                throw io.win32().failure("a socket for a connect", error, slot.toString());
            }
            isOpen = true;
            return socket;
        } finally {
            if (socket == null) { // no memory for it: nobody else would close the handle
                SocketSlots.closeUnused(slot, io);
            } else if (!isOpen) {
                socket.forgetEvents();
                socket.close(Closing.FIN, io);
            }
        }
    }

    private SocketSlot newHandle(int family, IoThread io) throws Win32Exception {
        try {
            return slots.newHandle(family, io);
        } catch (Win32Exception e) {
            if (!ending) { // else it was refused here
                slots.failed(e);
            }
            throw e;
        }
    }

    /**
     * Takes over a connected socket: the domain owns the handle from now on.
     *
     * @param detached no other domain has adopted it
     * @param events   gets what the socket tells
     * @param key      on the packets of the socket; 0 if nobody reads it; without effect on one that comes home
     * @param io       the calling thread's own
     * @throws Win32Exception        if Windows refuses; then the handle is the caller's still
     * @throws IllegalStateException if it is on the port of another domain: {@link DetachedSocket#home}
     */
    public StreamSocket adopt(DetachedSocket detached, SocketEvents events, long key, IoThread io)
            throws Win32Exception {
        Objects.requireNonNull(events, "events is null");
        if (detached.home != null && !equals(detached.home)) {
            throw new IllegalStateException("on the port of another domain: " + detached);
        }
        requireNoEnd("a socket from elsewhere");
        SocketSlot slot = slots.vacantSlot(io);
        StreamSocket socket = null;
        boolean isAdopted = false;
        try {
            slot.occupy(detached);
            socket = slot.continuedConnection();
            socket.begin(detached.accepted, detached.changed);
            int error = socket.takeAddresses(detached, io);
            if (error == 0) {
                error = -socket.attach(events, key, io);
            }
            if (error != 0) {
                throw io.win32().failure("a socket from elsewhere", error, detached.toString());
            }
            isAdopted = true;
        } finally {
            if (socket == null) { // no memory for it: the handle stays the caller's
                slots.vacant(slot);
            } else if (!isAdopted) {
                socket.forgetEvents();
                socket.letGo(io);
            }
        }
        slots.adopted();
        return socket;
    }

    /**
     * Binds and listens. It accepts nothing before {@link StreamListener#depth(int, IoThread)} or
     * {@link StreamListener#accept}.
     *
     * @param receiver gets the connections
     * @param io       the calling thread's own
     * @throws Win32Exception if Windows refuses: {@code bind: WSAEADDRINUSE (10048), ...}
     */
    public StreamListener listen(ListenerOptions listenerOptions, StreamListener.Accepted receiver, IoThread io)
            throws Win32Exception {
        Objects.requireNonNull(receiver, "receiver is null");
        requireNoEnd("listen");
        StreamListener listener = new StreamListener(this, listenerOptions, receiver, io);
        listeners.add(listener);
        return listener;
    }

    void forget(StreamListener listener) {
        listeners.remove(listener);
    }

    /**
     * Makes {@code count} sockets for accepts, of which {@link DomainOptions#keepFree} are kept. If one is refused, all
     * that wait for an accept are closed.
     *
     * @param family AF_INET or AF_INET6
     * @throws Win32Exception if Windows refuses
     */
    public void prefill(int family, int count, IoThread io) throws Win32Exception {
        for (int i = 1; i <= count; i++) {
            try {
                slots.keep(slots.newHandle(family, io), io);
            } catch (Win32Exception e) {
                slots.closeFree(io);
                throw new Win32Exception("WSASocketW", e.code(), "socket " + i + " of the pool's " + count);
            }
        }
    }

    /** What is made later than the end's first step would be left behind, and its memory may be released. */
    void requireNoEnd(String call) throws Win32Exception {
        if (ending) {
            throw new Win32Exception(call, ERROR_INVALID_HANDLE(), "the domain has ended");
        }
    }

    // ---- files ----

    /**
     * Opens or makes a file for reads and writes whose completions come to this domain, or for
     * {@link StreamSocket#transmit}.
     *
     * @param path   as Windows writes it
     * @param events gets what the file tells
     * @param io     the calling thread's own
     * @throws Win32Exception if Windows refuses: {@code CreateFileW: ERROR_FILE_NOT_FOUND (2), ...}
     */
    public OverlappedFile openFile(String path, OverlappedFile.Access access, OverlappedFile.Events events, IoThread io)
            throws Win32Exception {
        Objects.requireNonNull(events, "events is null");
        requireNoEnd("CreateFileW");
        if (path.indexOf('\0') >= 0) {
            throw new Win32Exception("CreateFileW", ERROR_INVALID_NAME(), path.replace('\0', '?'),
                    "for Windows the name ends at its NUL");
        }
        FileSlot slot = vacantFiles.take();
        if (slot == null) {
            slot = newFileSlot(io);
        }
        try {
            OverlappedFile file = new OverlappedFile(this, slot, path, access, events, io);
            files.add(file);
            return file;
        } catch (Throwable e) {
            vacantFiles.give(slot);
            throw e;
        }
    }

    private FileSlot newFileSlot(IoThread io) throws Win32Exception {
        int now;
        do {
            now = fileCount.get();
            if (now == OverlappedFile.MOST_FILES) {
                throw new Win32Exception("a slot for a file", WSAEMFILE(), "there are " + now + ", the most");
            }
        } while (!fileCount.compareAndSet(now, now + 1));
        try {
            slab.commitMore(io.win32(), 1);
            return new FileSlot(slab);
        } catch (Throwable e) {
            fileCount.decrementAndGet();
            throw e;
        }
    }

    void forget(OverlappedFile file, FileSlot slot) {
        files.remove(file);
        vacantFiles.give(slot);
    }

    // ---- what slots and handles ask for ----

    CompletionPort port() {
        return port;
    }

    SocketSlots slots() {
        return slots;
    }

    DomainOptions options() {
        return options;
    }

    Delivery delivery() {
        return options.delivery();
    }

    long disconnectNanos() {
        return options.disconnectTime().toNanos();
    }

    /** Whether a disconnected socket would be used again. */
    boolean reuses() {
        return options.reuse().reuses() && !ending;
    }

    boolean isEnding() {
        return ending;
    }

    /** The deadlines of the domain's sockets, and of their owners. {@link #dequeue} runs those that are due. */
    public TimerWheel timers() {
        return timers;
    }

    /**
     * Arms one of the domain's deadlines, and ends the wait of a thread that would wait too long for it. A domain's
     * only thread need not call this: it drives the wheel before it waits. One of several may do something else for
     * long before that, while all others wait. Any thread.
     *
     * <p>One thread of a pool watches for a deadline. If an event blocks it meanwhile, the deadline is as late, unless
     * another thread comes back to {@link #dequeue}.
     *
     * @param dueNanos as {@link IoThread#nowNanos}
     * @param io       the calling thread's own
     */
    public void arm(Deadline deadline, long dueNanos, IoThread io) {
        if (deadline.arm(dueNanos) && (options.threads() == DomainOptions.Threads.POOL || !port.isDequeuedBy(io))) {
            wake(io);
        }
    }

    /** Windows has refused what is not expected to fail. */
    void refused(String call, int error, Object what) {
        String more = refusalLines.next();
        if (more != null) {
            LOG.warn("{}: {}, {}{}", call, ErrorName.of(error), what, more);
        }
    }

    /** Expected now and then (TransmitFile after a client's RST fails with 10057 [wine]), so no warning each time. */
    void disconnectFailed(int error, SocketSlot slot) {
        disconnectFailures.increment();
        LOG.debug("{}: {}, {}: closed", options.reuse(), ErrorName.of(error), slot);
    }

    void disconnectOverdue(SocketSlot slot) {
        disconnectTimeouts.increment();
        String more = overdueLines.next();
        if (more != null) {
            LOG.warn("{} took over {} ms to disconnect {}: closed{}", options.reuse(),
                    options.disconnectTime().toMillis(), slot, more);
        }
    }

    // ---- dequeuing ----

    /**
     * Waits for packets, tells their events, and runs the deadlines that are due; see {@link CompletionPort#dequeue}.
     * It returns in time for the next deadline. In a domain of one thread it does not wait if there are events to tell
     * that no packet brings; in a pool it tells them and then waits.
     *
     * @param io            the calling thread's own
     * @param timeoutMillis 0 = do not wait, -1 = wait for ever
     * @return how many completions and packets it has handled
     * @throws CompletionFailedException if events threw; the others were told all the same
     * @throws Win32Exception            if Windows refuses: the port was closed, see {@link #isPortLost}
     */
    public int dequeue(IoThread io, int timeoutMillis) throws Win32Exception {
        return dequeue(io, timeoutMillis, CompletionPort.PACKETS_IN_A_ROW);
    }

    /** The same with a bound on the packets, see {@link CompletionPort#dequeue(IoThread, int, int)}. */
    public int dequeue(IoThread io, int timeoutMillis, int most) throws Win32Exception {
        int handled = 0;
        // What a loop is told may be all that it waits for. A pool's threads go on: for them it is a call too much.
        boolean hasEvents = options.threads() == DomainOptions.Threads.LOOP && io.hasWork();
        int wait = hasEvents || timeoutMillis == 0 ? 0 : waitMillis(io, timeoutMillis);
        try {
            handled = port.dequeue(io, wait, most);
        } catch (Win32Exception e) {
            if (e.code() == ERROR_ABANDONED_WAIT_0() || e.code() == ERROR_INVALID_HANDLE()) {
                portLost(e.getMessage());
            }
            throw e;
        } finally {
            io.runInDequeue(behindPackets);
        }
        io.throwFailure();
        return handled;
    }

    /** The calling thread dequeues no more, while others go on: see {@link CompletionPort#leave}. */
    public void leave(IoThread io) {
        port.leave(io);
    }

    private int waitMillis(IoThread io, int timeoutMillis) {
        if (timers.timeoutMillis(io.nowNanos(), -1) < 0) {
            return timeoutMillis; // no deadline: the clock need not be read
        }
        io.refreshNow(); // the events of the last batch may have taken long
        return timers.timeoutMillis(io.nowNanos(), timeoutMillis);
    }

    /** A packet of {@link #post} or {@link #wake}. */
    private void handle(long key, int bytes, IoThread io) {
        if (bytes != WAKE) {
            userPackets.handle(key, bytes, io);
            return;
        }
        wakeUps.getAndUpdate(now -> (now | WAKE_STATE) + 1); // first: what is queued now has a wake-up of its own
        runTasks(io);
    }

    private void runBehindPackets(IoThread io) {
        timers.run(io);
        runTasks(io);
    }

    private void runTasks(IoThread io) {
        for (IoTask task = tasks.poll(); task != null; task = tasks.poll()) {
            try {
                task.run(io);
            } catch (Throwable e) {
                io.failed(e);
            }
        }
    }

    /**
     * Runs what is queued for this thread, without a look at the port: to be called by a thread that ends because the
     * port is lost, since it is the only one that knows of these events. They may queue more, for ever, if each posts
     * an operation that is done at once: so that is left for the next call, as long as {@link IoThread#hasWork}. What
     * throws is told by {@link IoThread#throwFailure}.
     */
    public void runQueued(IoThread io) {
        port.runQueued(io);
        io.runInDequeue(this::runTasks);
    }

    /**
     * Has a task run by a thread that dequeues from this domain: this one later, or another one, which is woken, once
     * for all that is told meanwhile. If Windows refuses it, the next dequeue runs the task. Any thread, until
     * {@link #end}, which runs what is left.
     *
     * @param io the calling thread's own
     */
    public void tell(IoTask task, IoThread io) {
        if (port.isDequeuedBy(io)) {
            io.defer(task);
        } else {
            tasks.add(task);
            wake(io);
        }
    }

    /**
     * Ends the wait of one thread in {@link #dequeue}, now or the next time. Any thread, at any time, also after
     * {@link #end}. While a packet is on its way it posts no other, so it costs little to call it often; threads that
     * call it at the same time may post one each. To stop a pool, each thread that ends wakes the next one.
     *
     * @param win32 the calling thread's view of Windows
     * @return 0; or the error, and then this call has woken nobody
     */
    public int wake(Win32 win32) {
        int before = wakeUps.get();
        int state = before & WAKE_STATE;
        if (state == WOKEN) {
            return posters.isGone() ? ERROR_INVALID_HANDLE() : 0;
        }
        int posting = before - state + POSTING;
        if (state == NOT_WOKEN) {
            wakeUps.compareAndSet(before, posting);
        }
        int error = WSASYSCALLFAILURE(); // if it throws
        try {
            error = postPacket(win32, 0, WAKE);
        } finally {
            wakeUps.compareAndSet(posting, posting - POSTING + (error == 0 ? WOKEN : NOT_WOKEN));
        }
        return error;
    }

    /** Whether a wake-up is on its way: then {@link #wake} does nothing. Any thread. */
    public boolean isWoken() {
        return (wakeUps.get() & WAKE_STATE) == WOKEN;
    }

    /** What it throws is reported later: the caller has steps left that somebody waits for. */
    private void wake(IoThread io) {
        try {
            int error = wake(io.win32());
            if (error != 0 && error != ERROR_INVALID_HANDLE()) { // with that one, the domain has ended
                refused("PostQueuedCompletionStatus", error, "a wake-up: the next packet does it");
            }
        } catch (Throwable e) {
            io.failed(e);
        }
    }

    /**
     * Posts a packet for the domain's {@link UserPacketHandler}. Any thread, at any time, also after {@link #end}.
     *
     * @param win32 the calling thread's view of Windows
     * @param bytes 0 or more
     * @return 0, or the error; ERROR_INVALID_HANDLE (6) after the end, or if the port is lost
     */
    public int post(Win32 win32, long key, int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException(bytes + " bytes");
        }
        return postPacket(win32, key, bytes);
    }

    /** The number of a closed handle is soon another's: so nobody posts without a reference. */
    private int postPacket(Win32 win32, long key, int bytes) {
        if (isPortLost() || !posters.tryAcquire()) {
            return ERROR_INVALID_HANDLE();
        }
        try {
            int error = port.post(win32, key, bytes);
            if (error == ERROR_INVALID_HANDLE()) {
                portLost(ErrorName.of(error));
            }
            return error;
        } finally {
            dropPoster(win32);
        }
    }

    private void portLost(@Nullable String how) {
        if (portLost.compareAndSet(false, true)) {
            LOG.error("the port was closed from outside: no packet comes any more ({})", how);
        }
    }

    /** Whether other code has closed the port: then nothing can be told any more, and the domain can only end. */
    public boolean isPortLost() {
        return portLost.get();
    }

    // ---- the end ----

    /**
     * Ends the domain, whatever is going on in it: closes listeners, connections (by RST) and files, awaits their
     * events, and releases port and memory. Called once, when no other thread calls anything but {@link #wake},
     * {@link #post} and the closes any more. Events are told on the calling thread. What they throw is logged, and told
     * to nobody: the others have to be told all the same.
     *
     * @param io    the calling thread's own
     * @param bound the longest to wait
     * @return how many operations the kernel still has then. Their memory, and what they were lent, stays allocated for
     *         ever, which is logged
     * @throws IllegalStateException if it was called before, or in an event
     */
    public int end(IoThread io, Duration bound) {
        long start = io.win32().nanoTime();
        long boundNanos = TimeUnit.NANOSECONDS.convert(bound); // or the most that there can be
        if (ending || io.isDequeuing()) {
            throw new IllegalStateException(ending ? "the domain has ended" : "end() in an event");
        }
        ending = true;
        for (StreamListener listener : List.copyOf(listeners)) {
            attempt(() -> listener.close(io), io);
        }
        slots.forEach(slot -> slot.end(io), io);
        for (OverlappedFile file : List.copyOf(files)) {
            attempt(() -> file.close(io), io);
        }
        slots.closeFree(io);
        do {
            dequeueToEnd(io);
        } while (!isPortLost() && isBusy(io) && io.win32().nanoTime() - start < boundNanos);
        slots.forEach(slot -> slot.endWithoutPackets(io), io);
        runQueuedToEnd(io);
        pendingAtEnd = slab.pendingCount();
        dropPoster(io.win32());
        return pendingAtEnd;
    }

    private boolean isBusy(IoThread io) {
        return handles.get() > 0 || slab.pendingCount() > 0 || io.hasWork();
    }

    private void dequeueToEnd(IoThread io) {
        if (isPortLost()) { // its number may be another port's by now, which would lose packets to us
            runQueuedToEnd(io);
            return;
        }
        try {
            dequeue(io, isBusy(io) ? END_MILLIS : 0);
        } catch (CompletionFailedException e) {
            logFailures(e);
        } catch (Win32Exception e) {
            LOG.error("cannot await the last packets: {}", e.getMessage());
        }
    }

    /** All handles are closed: what is queued comes to an end. */
    private void runQueuedToEnd(IoThread io) {
        do {
            runQueued(io);
        } while (io.hasWork());
        try {
            io.throwFailure();
        } catch (CompletionFailedException e) {
            logFailures(e);
        }
    }

    private static void logFailures(CompletionFailedException e) {
        LOG.error("at the end, {} times, see above", e.failures());
    }

    static void attempt(Runnable step, IoThread io) {
        try {
            step.run();
        } catch (Throwable e) {
            io.failed(e);
        }
    }

    private void dropPoster(Win32 win32) {
        if (posters.drop()) {
            release(win32);
        }
    }

    private void release(Win32 win32) {
        if (!isPortLost()) { // or its number may be that of another handle by now
            port.close(win32);
        }
        if (pendingAtEnd > 0) {
            LOG.error("{} operations are still the kernel's: their memory stays allocated", pendingAtEnd);
            return;
        }
        slab.release(win32);
        slots.release(win32);
    }

    // ---- questions; any thread ----

    /** The connection in a slot; null if there is none, or no such slot. */
    public @Nullable StreamSocket socketAt(int slot) {
        SocketSlot at = slots.at(slot);
        return at == null ? null : at.socket();
    }

    /** How many operations are pending; see {@link OperationSlab#pendingCount}. */
    public int pendingCount() {
        return slab.pendingCount();
    }

    /** How many sockets were made here. */
    public long created() {
        return slots.created();
    }

    /** How many connections came to a socket that had served another before. */
    public long reused() {
        return slots.reused();
    }

    /** How many sockets were closed here. */
    public long closed() {
        return slots.closed();
    }

    /** How many sockets are open here now; those that came from elsewhere are, those that went elsewhere are not. */
    public long open() {
        return slots.open();
    }

    /** How many sockets are free for the next accepts now. */
    public int freeCount() {
        return slots.freeCount();
    }

    /**
     * The most sockets for accepts that were in use at once in the last five minutes, from the post of their accept on:
     * the most of IPv4 and the most of IPv6, added up. {@link DomainOptions#mostFree} speaks of these marks. Not those
     * of a shared pool, see {@link SocketPool#highWater}.
     */
    public int highWater() {
        return slots.highWater();
    }

    /** How many free sockets were closed since they had not been needed for a while; not those of a shared pool. */
    public long givenBack() {
        return slots.givenBack();
    }

    /** How often a socket could not be made, for an accept or to be connected. */
    public long socketFailures() {
        return slots.failures();
    }

    /** How many disconnects are under way now. */
    public int disconnecting() {
        return disconnecting.get();
    }

    /** How many disconnects Windows has refused or ended with an error. */
    public long disconnectFailures() {
        return disconnectFailures.sum();
    }

    /** How many disconnects were given up after {@link DomainOptions#disconnectTime}. */
    public long disconnectTimeouts() {
        return disconnectTimeouts.sum();
    }

    /** How many packets came for disconnects that had been given up. */
    public long latePackets() {
        return latePackets.sum();
    }

    /** How many packets belonged to no operation: someone else posts to the port. */
    public long strayPackets() {
        return port.strayPackets();
    }
}
