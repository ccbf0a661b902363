package org.iocp4j.simulation;

import java.time.Duration;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.simkernel.Census;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.simkernel.Traffic;

/**
 * What must always be true of a server, as its statistics and the kernel show it. Bounds hold at each step;
 * whenever all threads wait, the server's figures and the kernel's sockets are the same, one by one.
 */
final class Invariants {
    /**
     * An accept that could not be posted is posted by a tick, which some worker runs each 100 ms. So is a receive or a
     * send for which there was no memory.
     */
    private static final long TICKS_NANOS = Duration.ofMillis(300).toNanos();

    /** For how long sockets may be kept that nobody needs: what is promised, and until it is looked at and done. */
    private static final int KEPT_MINUTES = 7;

    private final SimulatedKernel kernel;
    private final ServerOptions options;
    private final Supplier<ServerStatistics> server;
    private final Runnable more;
    private final IntSupplier quiet;
    private final boolean faults;
    /** A session may outlive its socket, then, and notes behind a call what was received meanwhile. */
    private final boolean callsElsewhere;
    private boolean closing;
    /** Threads that sleep in the handler, and with them the work that they were doing. */
    private int blocked;
    private long failuresSeen;
    /** Until then a failure or a handler may be why accepts are missing. */
    private long excusedUntil;
    /** The most sockets that were in use at once, by the minute. */
    private final NavigableMap<Long, Integer> mostInUse = new TreeMap<>();
    private long minuteSeen;
    private int inUse;
    private long shortagesSeen;
    /** Since when a session has had nothing posted; the longest time if none is so. */
    private long forsakenSince = Long.MAX_VALUE;
    /** Until then a shortage may be why a session has nothing posted. */
    private long shortUntil;

    /**
     * @param server null as long as there is none
     * @param more   what must hold besides, when all threads wait and the server is open
     * @param quiet  how many sessions may have nothing posted, since their handler has asked for that
     */
    Invariants(SimulatedKernel kernel, ServerOptions options, boolean faults, Supplier<ServerStatistics> server,
               Runnable more, IntSupplier quiet) {
        this.kernel = kernel;
        this.options = options;
        this.faults = faults;
        this.callsElsewhere = options.handlerExecutor().isPresent();
        this.server = server;
        this.more = more;
        this.quiet = quiet;
        kernel.checkEachStep(this::checkBounds).checkAtRest(this::checkAtRest);
    }

    /** From now on sockets and sessions may end in any order, within the time that is promised. */
    void close(Runnable server) {
        closing = true;
        Duration start = kernel.elapsed();
        server.run();
        Duration took = kernel.elapsed().minus(start);
        Duration bound = options.drainTime().plus(options.disconnectTime().multipliedBy(4)).plusSeconds(5);
        kernel.require(took.compareTo(bound) < 0, "close() took " + took + "; " + options);
    }

    /** Other code has closed a port: what was on it stays there, and the rest ends in any order. */
    void portLost() {
        closing = true;
    }

    void handlerBlocks() {
        blocked++;
    }

    void handlerGoesOn() {
        blocked--;
        excuse();
    }

    private void excuse() {
        excusedUntil = kernel.elapsed().toNanos() + TICKS_NANOS;
    }

    private void checkBounds() {
        ServerStatistics now = server.get();
        if (now == null) {
            return;
        }
        require(now.connections().sessions() >= 0 && now.connections().sessions() <= options.maxSessions(),
                "sessions", now);
        require(now.connections().portSessionsFewest() >= 0
                && now.connections().portSessionsMost() <= now.connections().sessions()
                && now.connections().sessions() <= (long) options.ports() * now.connections().portSessionsMost(),
                "sessions by port", now);
        require(now.connections().acceptsPosted() >= 0 && now.connections().acceptsPosted() <= options.acceptsPosted(),
                "acceptsPosted", now);
        require(now.sockets().socketsRecycling() >= 0
                && now.sockets().socketsFree() <= Math.max(options.pool(), options.maxSessions()), "sockets", now);
        record(now);
        require(now.faults().callFailures() == 0, "a failure is nobody's", now);
        require(now.faults().strayPackets() == 0 && now.faults().keyMismatches() == 0, "a packet is nobody's", now);
    }

    private void checkAtRest() {
        ServerStatistics now = server.get();
        if (now == null || closing || blocked > 0) {
            return;
        }
        Census sockets = kernel.census();
        require(now.sockets().socketsFree() == sockets.free(), "free sockets", now);
        require(now.connections().acceptsPosted() == sockets.accepting(), "accepting sockets", now);
        require(now.sockets().socketsRecycling() == sockets.disconnecting(), "sockets being disconnected", now);
        int withSocket = sockets.connected() + sockets.disconnecting();
        require(now.connections().sessions() == withSocket
                || (callsElsewhere && now.connections().sessions() > withSocket), "connected sockets", now);
        require(now.sockets().socketsCreated() - now.sockets().socketsDiscarded() + 1 == kernel.openSockets(),
                "open sockets", now);
        require(sockets.unfit() == 0, "a socket that is good for nothing is open", now);
        require(now.resources().buffersLent() >= 0
                && (now.connections().sessions() > 0 || now.resources().buffersLent() == 0), "buffers", now);
        require(now.connections().sessions() > 0 || kernel.openFiles() == 0 && now.resources().lentBytes() == 0,
                "files or lent memory", now);
        requireNoneForsaken(sockets, now);
        requireNoneIdle(now);
        requireAccepts(now);

        Traffic traffic = kernel.traffic();
        long turnedAway = traffic.accepts() - now.connections().accepts();
        require(turnedAway >= 0 && turnedAway <= now.incidents().acceptFailures() + now.faults().acceptsRefused(),
                "accepts", now);
        require((now.traffic().receiveCompletions() == traffic.receives()
                && now.traffic().receivedBytes() == traffic.receivedBytes())
                || (callsElsewhere && now.traffic().receivedBytes() < traffic.receivedBytes()), "receives", now);
        require(now.traffic().sendCompletions() == traffic.sends()
                && now.traffic().sentBytes() == traffic.sentBytes(), "sends", now);
        more.run();
    }

    /** How many sockets are in use, from the post of their accept on. */
    private static int inUse(ServerStatistics now) {
        return (int) (now.sockets().socketsCreated() - now.sockets().socketsDiscarded()) - now.sockets().socketsFree();
    }

    private void record(ServerStatistics now) {
        long minute = kernel.elapsed().toMinutes();
        for (; minuteSeen < minute; minuteSeen++) {
            mostInUse.put(minuteSeen + 1, inUse);
        }
        inUse = inUse(now);
        mostInUse.merge(minute, inUse, Math::max);
    }

    /**
     * A socket that nobody has needed for some minutes is given back, and the mark is what was in use. One that is
     * being made counts there already, though the figures have it later, or never: each worker may have been at that
     * once.
     */
    private void requireNoneIdle(ServerStatistics now) {
        record(now);
        int needed = mostInUse.tailMap(minuteSeen - KEPT_MINUTES).values().stream().max(Integer::compare).orElseThrow();
        int mark = now.sockets().socketsHighWater();
        require(mark >= inUse && mark <= needed + options.workers(), "the high-water mark", now);
        require(now.sockets().socketsFree() <= Math.max(options.pool(), Math.max(needed, mark) - inUse),
                "free sockets are kept that nobody needs", now);
    }

    private void requireNoneForsaken(Census sockets, ServerStatistics now) {
        if (now.faults().memoryRefusals() != shortagesSeen) {
            shortagesSeen = now.faults().memoryRefusals();
            shortUntil = kernel.elapsed().toNanos() + TICKS_NANOS;
        }
        boolean isNone = sockets.forsaken() <= quiet.getAsInt();
        forsakenSince = isNone ? Long.MAX_VALUE : Math.min(forsakenSince, kernel.elapsed().toNanos());
        // One that is handed to another port waits for the next tick there, if Windows refuses the packet; so does one
        // behind a call.
        boolean isOnItsWay = faults && (options.ports() > 1 || callsElsewhere)
                && kernel.elapsed().toNanos() - forsakenSince < TICKS_NANOS;
        require(isNone || isOnItsWay || kernel.elapsed().toNanos() < shortUntil,
                "a session has nothing posted", now);
    }

    private void requireAccepts(ServerStatistics now) {
        long failures = now.incidents().acceptFailures() + now.faults().acceptsRefused()
                + now.faults().socketFailures() + now.faults().workerFailures();
        if (failures != failuresSeen) {
            failuresSeen = failures;
            excuse();
        }
        boolean excused = faults && kernel.elapsed().toNanos() < excusedUntil;
        require(now.connections().acceptsPosted() == options.acceptsPosted() || excused, "accepts are missing", now);
    }

    private void require(boolean holds, String what, ServerStatistics now) {
        if (!holds) {
            kernel.require(false, what + ": " + now + "; the kernel has " + kernel.openSockets() + " sockets open, "
                    + kernel.census() + ", " + kernel.traffic() + "; " + options);
        }
    }
}
