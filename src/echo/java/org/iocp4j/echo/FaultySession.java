package org.iocp4j.echo;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.Waker;
import org.jspecify.annotations.Nullable;

/**
 * What faults do to one session. Its replies go out at once, or through a line if they are to come later or in pieces.
 * All of it happens in calls for the session, which do not overlap; when something is due, a timer asks for one.
 */
final class FaultySession {
    /** How often a reset that is due looks whether all bytes before it are out: nobody tells. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    /** It comes after 10 s to a client that does not read. */
    private static final int MOST_LOOKS = 1_000;
    /** A limited bandwidth sends so many pieces a second, unless they are of less than a byte. */
    private static final int PIECES_A_SECOND = 20;
    private static final Set<Fault.Kind> OF_MESSAGES =
            EnumSet.of(Fault.Kind.DROP, Fault.Kind.CORRUPT, Fault.Kind.HALF_CLOSE);
    private static final Set<Fault.Kind> OF_TIME =
            EnumSet.of(Fault.Kind.LATENCY, Fault.Kind.SLICER, Fault.Kind.BANDWIDTH);

    /** What one fault has to do with this session. */
    private static final class Stroke {
        final ActiveFault active;
        final SplittableRandom random;
        final boolean isStruck;
        long messages;
        long bytes;
        boolean isOver;

        Stroke(ActiveFault active, SplittableRandom random) {
            this.active = active;
            this.random = random;
            this.isStruck = random.nextDouble() < active.fault().toxicity();
        }

        Fault fault() {
            return active.fault();
        }

        void count() {
            active.struck();
        }

        void countOnce() {
            if (!isOver) {
                isOver = true;
                count();
            }
        }
    }

    /** What comes when the line is empty. */
    private enum End { DISCONNECT, SHUTDOWN_OUTPUT, RESET }

    /** Bytes that go out in pieces, each at its time. */
    private static final class Reply {
        final ByteBuffer bytes;
        int pieceBytes;
        long pauseNanos;
        /** Long.MAX_VALUE: no limit. */
        long bytesPerSecond;
        /** When the next piece goes out. */
        long dueNanos;

        Reply(ByteBuffer bytes, int pieceBytes, long pauseNanos, long bytesPerSecond) {
            this.bytes = bytes;
            this.pieceBytes = pieceBytes;
            this.pauseNanos = pauseNanos;
            this.bytesPerSecond = bytesPerSecond;
        }

        /** The next one, which is not taken out by this. */
        ByteBuffer piece() {
            return bytes.slice(bytes.position(), Math.min(pieceBytes, bytes.remaining()));
        }

        long nanosOf(int length) {
            return bytesPerSecond == Long.MAX_VALUE ? 0 : TimeUnit.SECONDS.toNanos(length) / bytesPerSecond;
        }

        /** How long it takes from its time on, the pause after its last piece among it. */
        long nanosOfAll() {
            int pieces = (bytes.remaining() + pieceBytes - 1) / pieceBytes;
            return nanosOf(bytes.remaining()) + pieces * pauseNanos;
        }
    }

    private static final byte[] NONE = {};

    private final Faults faults;
    private final long number;
    /** Has a call look at the line. */
    private final Waker lineWaker;
    /** Has a call see that faults are no longer in force. */
    private final Waker releaseWaker;
    private final Map<Long, Stroke> strokes = new HashMap<>();
    private final Queue<Reply> line = new ArrayDeque<>();
    private int waitingBytes;
    /** When the line is free for what is put in next. */
    private long freeNanos = System.nanoTime();
    /** Nothing more is answered, and what is in the line is the last; null: not so. */
    private @Nullable End end;
    /** How long after its last byte a reset comes. */
    private Duration resetDelay = Duration.ZERO;
    /** All bytes before the reset are out, and it comes at {@link #resetNanos}. */
    private boolean isResetTimed;
    private int looks;
    private long resetNanos;
    /** A call has been asked for, to come at {@link #wakeNanos}. */
    private boolean waking;
    private long wakeNanos;
    /** The output has been shut down, before the client has ended its own. */
    private boolean outputEnded;
    /** The input is paused, for want of room in the line or since nothing is to be read. */
    private boolean paused;
    /** The session would have ended, but for a fault. */
    private boolean keptOpen;

    /**
     * In a call for the session.
     *
     * @param number of the session among those that have met faults, from 1
     */
    FaultySession(Faults faults, Session session, long number) {
        this.faults = faults;
        this.number = number;
        this.lineWaker = session.waker(this::woken);
        this.releaseWaker = session.waker(this::released);
    }

    /** One fault, or all, are no longer in force: the session is to see to it. Any thread. */
    void release() {
        releaseWaker.wake();
    }

    // ---- in the session's handler calls ----

    /** Whether a fault of this kind is in force, and befalls this session. It is counted when it is first seen to. */
    boolean suffers(Fault.Kind kind) {
        List<Stroke> found = strokes(EnumSet.of(kind));
        if (!found.isEmpty()) {
            found.getFirst().countOnce();
        }
        return !found.isEmpty();
    }

    /** Of the faults of these kinds that are in force and befall this session, in their order. */
    private List<Stroke> strokes(Set<Fault.Kind> kinds) {
        List<Stroke> found = new ArrayList<>();
        for (ActiveFault active : faults.inForce()) {
            Stroke stroke = kinds.contains(active.fault().kind()) ? strokeOf(active) : null;
            if (stroke != null && stroke.isStruck) {
                found.add(stroke);
            }
        }
        return found;
    }

    private Stroke strokeOf(ActiveFault active) {
        Stroke stroke = strokes.get(active.id());
        if (stroke == null) {
            strokes.keySet().removeIf(known -> !faults.isInForce(known));
            // Each number is spread before the next is added: seeds and numbers that follow each other share nothing.
            long ofSeed = new SplittableRandom(faults.seed()).nextLong();
            long ofSession = new SplittableRandom(ofSeed + number).nextLong();
            stroke = new Stroke(active, new SplittableRandom(ofSession + active.id()));
            strokes.put(active.id(), stroke);
        }
        return stroke;
    }

    /**
     * The connection is there: what is to go wrong before anything has come.
     *
     * @param login what greets the client; null if nothing does. Its position is not moved
     * @return whether the client is greeted
     */
    boolean opened(Session session, @Nullable ByteBuffer login) {
        if (suffers(Fault.Kind.REFUSE_ACCEPTS)) {
            reset(session);
            return false;
        }
        byte[] greeting = login == null ? NONE : copy(login.duplicate());
        for (Stroke stroke : strokes(EnumSet.of(Fault.Kind.WRONG_LOGIN))) {
            if (greeting.length > 0) {
                stroke.count();
                change(greeting, stroke.random);
            }
        }
        put(greeting, session);
        holdInput(session);
        return greeting.length > 0;
    }

    /**
     * Whether a message is answered.
     *
     * @param message is read to its end
     */
    boolean answer(Session session, ByteBuffer message) {
        byte[] reply = copy(message);
        boolean isAnswered = end == null;
        boolean isLast = false;
        for (Stroke stroke : strokes(OF_MESSAGES)) {
            Fault fault = stroke.fault();
            stroke.messages++;
            if (fault.kind() == Fault.Kind.HALF_CLOSE) {
                if (stroke.messages >= fault.amount() && !stroke.isOver) {
                    stroke.countOnce();
                    isLast = true;
                }
            } else if (stroke.messages % fault.amount() == 0) {
                stroke.count();
                isAnswered &= fault.kind() != Fault.Kind.DROP;
                if (fault.kind() == Fault.Kind.CORRUPT) {
                    change(reply, stroke.random);
                }
            }
        }
        if (isAnswered) {
            put(reply, session);
        }
        if (isLast && end == null) {
            endBy(End.SHUTDOWN_OUTPUT, session);
        }
        return isAnswered;
    }

    /** Whether nothing more is answered, so that what comes may be dropped. */
    boolean isEnding() {
        return end != null;
    }

    /** Whether the server was the first to end something. */
    boolean hasEndedOutput() {
        return outputEnded;
    }

    /**
     * Whether nothing is to be read now; then the input is paused until that has changed. To be asked after whatever
     * puts something in.
     */
    boolean holdInput(Session session) {
        boolean isHeld = end == null && (isFull() || suffers(Fault.Kind.NEVER_READ));
        if (isHeld && !paused) {
            session.pauseInput();
        } else if (!isHeld && paused) {
            session.resumeInput();
        }
        paused = isHeld;
        return isHeld;
    }

    /** Nothing more is to be answered: the session ends after what is in the line, unless a fault keeps it open. */
    void end(Session session) {
        if (end == End.SHUTDOWN_OUTPUT && line.isEmpty()) {
            session.disconnect();
        } else if (end == End.SHUTDOWN_OUTPUT) {
            end = End.DISCONNECT; // the input has ended, too
        } else if (end == null && (suffers(Fault.Kind.NEVER_CLOSE) || suffers(Fault.Kind.NEVER_READ))) {
            keptOpen = true;
        } else if (end == null) {
            keptOpen = false;
            endBy(End.DISCONNECT, session);
        }
        if (isHurried()) {
            hurry(session);
        }
    }

    /** Whether the session waits for something else than its client: then it is not idle. */
    boolean isWaiting() {
        Reply next = line.peek();
        boolean isLate = next != null && next.dueNanos - System.nanoTime() > 0;
        return isLate || suffers(Fault.Kind.NEVER_CLOSE) || suffers(Fault.Kind.NEVER_READ);
    }

    private void released(Session session) {
        if (keptOpen) {
            end(session);
        }
        holdInput(session);
        if (isHurried()) {
            hurry(session);
        }
    }

    /** No session is kept, nor its input held, for late replies alone once no fault is in force. */
    private boolean isHurried() {
        return !line.isEmpty() && !faults.areInForce() && (end != null || isFull());
    }

    private boolean isFull() {
        return waitingBytes >= Faults.MAX_WAITING_BYTES;
    }

    /** One byte becomes another one. */
    private static void change(byte[] bytes, SplittableRandom random) {
        int at = random.nextInt(bytes.length);
        bytes[at] ^= (byte) random.nextInt(1, 256);
    }

    private static byte[] copy(ByteBuffer from) {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        return bytes;
    }

    // ---- into the line ----

    /** The bytes go out in time and pieces as the faults have it; no bytes where only the end is to be looked at. */
    private void put(byte[] bytes, Session session) {
        int length = bytes.length;
        boolean isReset = false;
        for (Stroke stroke : strokes(EnumSet.of(Fault.Kind.RESET_PEER))) {
            long left = stroke.fault().amount() - stroke.bytes;
            stroke.bytes += length;
            if (left <= length && end == null) {
                stroke.countOnce();
                length = (int) Math.max(0, left);
                isReset = true;
                resetDelay = stroke.fault().delay();
            }
        }
        if (length > 0) {
            put(ByteBuffer.wrap(bytes, 0, length), session);
        }
        if (isReset) {
            endBy(End.RESET, session);
        }
    }

    private void put(ByteBuffer bytes, Session session) {
        int length = bytes.remaining();
        int pieceBytes = length;
        long pauseNanos = 0;
        long rate = Long.MAX_VALUE;
        long lateNanos = 0;
        for (Stroke stroke : strokes(OF_TIME)) {
            Fault fault = stroke.fault();
            if (fault.kind() == Fault.Kind.LATENCY) {
                double part = 2 * stroke.random.nextDouble() - 1;
                lateNanos += fault.delay().toNanos() + (long) (part * fault.jitter().toNanos());
            } else if (fault.kind() == Fault.Kind.BANDWIDTH) {
                rate = Math.min(rate, fault.amount());
                pieceBytes = Math.clamp(rate / PIECES_A_SECOND, 1, pieceBytes);
            } else if (fault.amount() < length) {
                pieceBytes = (int) Math.min(pieceBytes, fault.amount());
                pauseNanos = Math.max(pauseNanos, fault.delay().toNanos());
            } else {
                continue; // it is one piece
            }
            stroke.count();
        }
        if (lateNanos == 0 && pieceBytes == length && rate == Long.MAX_VALUE && line.isEmpty()
                && session.send(bytes) != SendResult.FULL) {
            return; // as without a fault: it goes out even if the client ends its output now
        }
        Reply reply = new Reply(bytes, pieceBytes, pauseNanos, rate);
        long begins = latest(System.nanoTime() + lateNanos, freeNanos);
        reply.dueNanos = begins + reply.nanosOf(Math.min(pieceBytes, length));
        freeNanos = begins + reply.nanosOfAll();
        waitingBytes += length;
        line.add(reply);
        if (isHurried()) {
            hurry(session);
        } else if (line.size() == 1) {
            goOn(session);
        }
    }

    private static long latest(long a, long b) {
        return a - b > 0 ? a : b;
    }

    private void endBy(End how, Session session) {
        end = how;
        holdInput(session); // what comes is dropped from now on
        if (line.isEmpty()) {
            finish(session);
        }
    }

    // ---- out of the line ----

    /** Has a call look at the line in so long, unless one does before. */
    private void wakeIn(long nanos) {
        long newWakeNanos = System.nanoTime() + nanos;
        if (!waking || newWakeNanos - wakeNanos < 0) {
            waking = true;
            wakeNanos = newWakeNanos;
            faults.wake(lineWaker, nanos);
        }
    }

    private void woken(Session session) {
        waking = false;
        goOn(session);
    }

    /** Sends what is due and has room, and sees to what comes next. */
    void goOn(Session session) {
        while (!line.isEmpty() && isNextSent(session)) {
            if (!line.element().bytes.hasRemaining()) {
                line.remove();
            }
        }
        holdInput(session);
        if (line.isEmpty()) {
            finish(session);
        }
    }

    /** False if it is not due, which a timer tells, or there is no room, which {@code writable} tells. */
    private boolean isNextSent(Session session) {
        Reply reply = line.element();
        long early = reply.dueNanos - System.nanoTime();
        if (early > 0) {
            wakeIn(early);
            return false;
        }
        ByteBuffer piece = reply.piece();
        int length = piece.remaining();
        if (session.send(piece) == SendResult.FULL) {
            return false;
        }
        reply.bytes.position(reply.bytes.position() + length);
        reply.dueNanos += reply.pauseNanos + reply.nanosOf(Math.min(reply.pieceBytes, reply.bytes.remaining()));
        waitingBytes -= length;
        return true;
    }

    /** The line is empty. */
    private void finish(Session session) {
        switch (end) {
            case null -> { }
            case DISCONNECT -> session.disconnect();
            case SHUTDOWN_OUTPUT -> {
                outputEnded = true;
                session.shutdownOutput();
            }
            case RESET -> resetWhenSent(session);
        }
    }

    /** A reset drops what is queued here and, on some systems, what the client has not read: it comes later. */
    private void resetWhenSent(Session session) {
        if (session.queuedBytes() > 0 && !isResetTimed && looks < MOST_LOOKS) {
            looks++;
            wakeIn(LOOK_NANOS);
            return;
        }
        long now = System.nanoTime();
        if (!isResetTimed) {
            isResetTimed = true;
            resetNanos = now + resetDelay.toNanos();
        }
        if (resetNanos - now > 0) {
            wakeIn(resetNanos - now);
        } else {
            reset(session);
        }
    }

    private void reset(Session session) {
        end = End.RESET;
        session.abort();
    }

    /** What is late goes out now. */
    private void hurry(Session session) {
        freeNanos = System.nanoTime();
        for (Reply reply : line) {
            reply.pieceBytes = Math.max(reply.pieceBytes, reply.bytes.remaining());
            reply.pauseNanos = 0;
            reply.bytesPerSecond = Long.MAX_VALUE;
            reply.dueNanos = System.nanoTime();
        }
        goOn(session);
    }

    /** The session has ended. */
    void ended() {
        line.clear(); // the timer may hold this for as long as something was to be late
        faults.hasLeft(this);
    }
}
