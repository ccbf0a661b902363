package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.ERROR_INSUFFICIENT_BUFFER;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.NativeAccess;
import org.iocp4j.win32.NativeAccessDeniedException;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.PROCESS_MEMORY_COUNTERS_EX;
import org.jspecify.annotations.Nullable;

/**
 * A Windows kernel in memory. A scenario runs in {@link #run}; what calls Windows there, on the scenario's thread or on
 * threads that it starts, gets {@link #attach} for its view of the system. Everything that happens is decided by the
 * seed.
 *
 * {@snippet lang=java :
 * var kernel = new SimulatedKernel(seed, FaultPlan.UNRULY);
 * kernel.run(() -> {
 *     var server = EchoServer.start(options, kernel::attach);
 *     var client = kernel.client(script).connect(server.localAddress());
 *     kernel.until(client::hasEnded, Duration.ofSeconds(10));
 *     server.close();
 *     kernel.requireNothingLeft();
 * });
 * }
 */
public final class SimulatedKernel {
    /** What a scenario does; it may throw. */
    @FunctionalInterface
    public interface Scenario {
        void run() throws Exception;
    }

    private static final int TRACE_RECORDS = 1 << 13;
    private static final int TAIL_LINES = 120;
    private static final long POLL_NANOS = 1_000_000;

    /** Core's right, and this module's own: both reach memory by its address. */
    @SuppressWarnings("restricted") // tried out, since a class that needs it is initialised only once
    private static void requireNativeAccess() {
        NativeAccess.require();
        try {
            MemorySegment.NULL.reinterpret(0);
        } catch (IllegalCallerException e) {
            throw new NativeAccessDeniedException(SimulatedKernel.class.getModule());
        }
    }

    {
        requireNativeAccess(); // before the fields: one of their classes cannot be initialised without
    }

    final Timeline timeline = new Timeline();
    final Trace trace = new Trace(TRACE_RECORDS);
    final SeededRandom random;
    final HandleTable handles;
    final SimulatedMemory memory = new SimulatedMemory(this);
    final SockaddrMemory sockaddrs = new SockaddrMemory(memory);
    final Operations operations = new Operations(this);
    final Faults faults = new Faults(this);
    final Ports ports = new Ports(this);
    final SocketCalls sockets = new SocketCalls(this);
    final SocketOptions options = new SocketOptions(this);
    final Transfers transfers = new Transfers(this);
    final Accepts accepts = new Accepts(this);
    final Connects connects = new Connects(this);
    final Disconnects disconnects = new Disconnects(this);
    final SimulatedNetwork network = new SimulatedNetwork(this);
    final FileCalls files = new FileCalls(this);
    final TcpTable tcpTable = new TcpTable(this);
    final Schedule schedule;
    private final SimulationRun simulation;
    private final long seed;
    private final long firstNanoTime;
    private FaultPlan plan;
    private int processors;
    private int socketLimit = Integer.MAX_VALUE;
    private int operationBytes = (int) OVERLAPPED.sizeof();
    private long stepLimit = 5_000_000;
    private int lockCheckSteps;
    private boolean misuseForbidden;
    private boolean ownPortsRequired;
    private Runnable stepCheck = () -> { };
    private Runnable restCheck = () -> { };    /**
     * For one {@link #run}.
     *
     * @param seed decides everything that happens
     * @param plan what may go wrong, and how often
     * @throws NativeAccessDeniedException if the JVM denies it to the core or to this module
     */
    public SimulatedKernel(long seed, FaultPlan plan) {
        this.seed = seed;
        this.plan = plan;
        this.random = new SeededRandom(seed);
        this.handles = new HandleTable(random);
        this.processors = 1 + random.below(4);
        this.firstNanoTime = random.next(); // System.nanoTime may start anywhere, and overflow
        this.simulation = new SimulationRun(this);
        this.schedule = new Schedule(this, simulation.group());
    }

    // ---- before the run ----

    /** How many there are: the concurrency of a port that was made with 0. */
    public SimulatedKernel processors(int count) {
        processors = count;
        return this;
    }

    /** The most sockets open at once: one more fails with WSAEMFILE. */
    public SimulatedKernel socketLimit(int count) {
        socketLimit = count;
        return this;
    }

    /** How much memory from an OVERLAPPED's address on must not change while the kernel has it. */
    public SimulatedKernel operationBytes(int bytes) {
        operationBytes = bytes;
        return this;
    }

    /** How many calls a run may make, before it is taken to have no end. */
    public SimulatedKernel stepLimit(long steps) {
        stepLimit = steps;
        return this;
    }

    /**
     * At each so many-th step the calling thread is asked for the monitors that it holds: nobody holds one across a
     * call. Costs the JVM a stop each time; 0 = never.
     */
    public SimulatedKernel checkLocksEvery(int steps) {
        lockCheckSteps = steps;
        return this;
    }

    /**
     * An error that only a wrong program gets (a handle that is closed, a second association, AcceptEx into a socket
     * that is not fit for it, a call on a connection that is over) ends the run.
     */
    public SimulatedKernel forbidMisuse() {
        misuseForbidden = true;
        return this;
    }

    /**
     * An operation that a thread posts which has dequeued last from another port than the handle's ends the run: what
     * is on one port is the work of that port's threads alone.
     */
    public SimulatedKernel requireOwnPorts() {
        ownPortsRequired = true;
        return this;
    }

    /** Runs at each entry to a call and each return from one, and makes no call: what must hold at any time. */
    public SimulatedKernel checkEachStep(Runnable check) {
        stepCheck = check;
        return this;
    }

    /**
     * Runs whenever no thread can go on before time does, each waiting for packets or asleep, and makes no call: what
     * must hold when nobody is in the middle of anything.
     */
    public SimulatedKernel checkAtRest(Runnable check) {
        restCheck = check;
        return this;
    }

    // ---- the run ----

    /**
     * Runs a scenario to its end, on a thread of its own; virtual time passes while it sleeps or waits for packets.
     *
     * @throws SimulationFailure if a rule was broken, or the scenario or a thread of it threw
     */
    public void run(Scenario scenario) {
        simulation.run(scenario);
    }

    /** The calling thread's view of the system; of a thread that {@link #run} or one of its threads started. */
    public Win32 attach() {
        boolean first = !schedule.isAttached(Thread.currentThread());
        SimulatedThread thread = schedule.attach(false);
        return new SimulatedWin32(this, thread, first);
    }

    /** A view for whichever threads of the scenario's call: {@link #run}'s, or such as {@link #start} starts. */
    public Win32 sharedView() {
        return new SimulatedWin32(this, null, false);
    }

    /**
     * Starts one more thread of the scenario, which may call the system as often as it likes, and need close no view.
     */
    public Thread start(String name, Scenario scenario) {
        return simulation.start(name, scenario);
    }

    public SimulatedClient client(SimulatedClient.Script script) {
        return network.client(script);
    }

    /** Puts a file on the disk of the simulated system, which CreateFileW finds under the same path. */
    public void putFile(String path, byte[] bytes) {
        files.put(path, bytes);
    }

    /**
     * What is in a file of the simulated disk.
     *
     * @throws IllegalArgumentException if there is no such file
     */
    public byte[] fileBytes(String path) {
        return files.bytes(path);
    }

    /** The calling thread waits in virtual time. */
    public void sleep(Duration time) {
        sleep(schedule.attach(true), time.toNanos());
    }

    void sleep(SimulatedThread me, long nanos) {
        schedule.check(me);
        SimulatedPort port = me.activePort;
        if (port != null) {
            port.yieldTo(me); // a thread that waits, for whatever, does not count as running [doc]
        }
        timeline.after(nanos, () -> schedule.wake(me));
        schedule.block(me);
        if (port != null) {
            port.activate(me);
        }
    }

    /** Waits in virtual time until something holds; it is asked each millisecond. Whether it came to hold. */
    public boolean until(BooleanSupplier condition, Duration bound) {
        long end = timeline.now() + bound.toNanos();
        while (!condition.getAsBoolean()) {
            if (timeline.now() >= end) {
                return false;
            }
            sleep(Duration.ofNanos(POLL_NANOS));
        }
        return true;
    }

    /** From now on. */
    public void plan(FaultPlan newPlan) {
        plan = newPlan;
    }

    /**
     * Other code in the process closes a port, as happens when a program closes a handle twice. Calls with the handle
     * fail from now on, and are no misuse; no other object gets its number.
     *
     * @param number 0 for the one of those open that has the smallest handle, and so on
     */
    public void losePort(int number) {
        List<SimulatedPort> open = new ArrayList<>();
        for (Object object : handles.open()) {
            if (object instanceof SimulatedPort port) {
                open.add(port);
            }
        }
        ports.lose(open.get(number));
    }

    /** Ends the run as a failure, unless it holds. */
    public void require(boolean condition, String violation) {
        if (!condition) {
            throw fail(violation);
        }
    }

    /** Ends the run as a failure if an operation has some of this memory, which is about to be somebody else's. */
    public void requireNotLent(long address, long bytes) {
        operations.checkFree(address, bytes, "released");
    }

    // ---- what there is to see ----

    public long seed() {
        return seed;
    }

    /** Since the start, in virtual time. */
    public Duration elapsed() {
        return Duration.ofNanos(timeline.now());
    }

    /** Entries to calls and returns from them. */
    public long steps() {
        return schedule.steps();
    }

    /** How often the baton changed hands. */
    public long handOvers() {
        return schedule.handOvers();
    }

    /** Of everything that happened: the same for the same seed. */
    public long traceHash() {
        return trace.hash();
    }

    /** The last that happened, a line each. */
    public String traceTail(int lines) {
        return trace.tail(lines);
    }

    public int openSockets() {
        return sockets.open();
    }

    /** Handles of files that are open. */
    public int openFiles() {
        return (int) handles.open().stream().filter(SimulatedFile.class::isInstance).count();
    }

    public Census census() {
        return operations.census();
    }

    public Traffic traffic() {
        return operations.traffic();
    }

    /** Operations that the kernel has, packets not dequeued included. */
    public int operationsPending() {
        return operations.out().size();
    }

    /** The handle of the port that the calling thread has dequeued from last; 0 if it has from none. */
    public long portOfCaller() {
        SimulatedThread thread = schedule.holder();
        return thread == null || thread.dequeuesFrom == null ? 0 : thread.dequeuesFrom.handle;
    }

    /** Of all ports, the most packets of PostQueuedCompletionStatus with this byte count that one has queued. */
    public int mostPosted(int bytes) {
        int most = 0;
        for (Object object : handles.open()) {
            if (object instanceof SimulatedPort port) {
                most = Math.max(most, port.posted(bytes));
            }
        }
        return most;
    }

    /** What a program that has closed everything leaves behind: nothing. Each entry names one thing. */
    public List<String> leftovers() {
        List<String> left = openHandles();
        operations.out().forEach(operation -> left.add(operation + " is out: " + operation.state));
        if (operations.posted() != operations.accountedFor() + operations.out().size()) {
            left.add(operations.posted() + " operations were posted, " + operations.accountedFor() + " came home");
        }
        if (operations.lost() > 0) {
            left.add(operations.lost() + " packets were lost with their port");
        }
        if (memory.live() > 0) {
            left.add(memory.live() + " regions of memory are not released");
        }
        for (SimulatedThread thread : schedule.attached()) {
            if (!thread.owned) {
                left.add("thread " + thread.name + " has not ended");
            }
        }
        return left;
    }

    private List<String> openHandles() {
        List<String> open = new ArrayList<>();
        for (Object object : handles.open()) {
            open.add(object instanceof SimulatedSocket socket
                    ? "socket " + socket.handle + " is open, " + socket.state + ", generation " + socket.generation
                    : object instanceof SimulatedFile ? "a file is open" : "a completion port is open");
        }
        return open;
    }

    /** Ends the run as a failure if there are {@link #leftovers}. */
    public void requireNothingLeft() {
        List<String> left = leftovers();
        require(left.isEmpty(), "left behind: " + String.join("; ", left));
    }

    /**
     * Ends the run as a failure if a socket, a file or a port is open: what a program must see to that has lost a port,
     * whose operations are the kernel's for ever, and their memory with them.
     */
    public void requireNoHandlesLeft() {
        List<String> left = openHandles();
        require(left.isEmpty(), "left open: " + String.join("; ", left));
    }

    // ---- for the parts ----

    FaultPlan plan() {
        return plan;
    }

    int processors() {
        return processors;
    }

    int socketLimit() {
        return socketLimit;
    }

    int operationBytes() {
        return operationBytes;
    }

    long stepLimit() {
        return stepLimit;
    }

    int lockCheckSteps() {
        return lockCheckSteps;
    }

    int tailLines() {
        return Integer.getInteger("trace", TAIL_LINES);
    }

    /** In a run that is repeated, each post remembers where it was made. */
    boolean hasCallSites() {
        return SimulationRun.REPEATED;
    }

    boolean ownPortsRequired() {
        return ownPortsRequired;
    }

    Runnable stepCheck() {
        return stepCheck;
    }

    Runnable restCheck() {
        return restCheck;
    }

    /** What {@link Win32#nanoTime} says now. */
    public long nanoTime() {
        return firstNanoTime + timeline.now();
    }

    void note(@Nullable SimulatedThread thread, TraceEvent event, long a, long b, long c, long d) {
        trace.add(timeline.now(), thread == null ? -1 : thread.ordinal, event, a, b, c, d);
    }

    SimulationFailure fail(String violation) {
        return fail(violation, null);
    }

    SimulationFailure fail(String violation, @Nullable Throwable cause) {
        return schedule.fail(violation, cause);
    }

    /** The error, which tells of a mistake in the program. */
    int misuse(int error) {
        if (misuseForbidden) {
            throw fail("no right program gets " + ErrorName.of(error));
        }
        return error;
    }

    /** A client's script: what it throws is a failure of the run, not of the thread on whose stack it runs. */
    void runScript(Runnable script) {
        try {
            script.run();
        } catch (SimulationFailure e) {
            throw e;
        } catch (Throwable e) {
            throw schedule.fail("a client's script: " + e, e);
        }
    }

    int cancelIoEx(long handle, long overlapped) {
        FileObject file = handles.file(handle);
        if (file == null) {
            return handles.get(handle) == null ? misuse(ERROR_INVALID_HANDLE()) : ERROR_NOT_FOUND();
        }
        int fault = faults.cancel();
        return fault != 0 ? fault : operations.cancel(file, overlapped);
    }

    int processMemory(long counters, int bytes) {
        if (bytes < PROCESS_MEMORY_COUNTERS_EX.sizeof()) {
            return ERROR_INSUFFICIENT_BUFFER();
        }
        memory.fill(counters, bytes, (byte) 0);
        memory.putInt(counters + PROCESS_MEMORY_COUNTERS_EX.cb$offset(), bytes);
        memory.putLong(counters + PROCESS_MEMORY_COUNTERS_EX.PagefileUsage$offset(), memory.committedBytes());
        memory.putLong(counters + PROCESS_MEMORY_COUNTERS_EX.PrivateUsage$offset(), memory.committedBytes());
        return 0;
    }
}
