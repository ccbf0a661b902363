package org.iocp4j.simkernel;

/**
 * One direction of a connection: a sender's buffer, segments on their way, and a receiver's buffer that may be full.
 */
final class Pipe {
    /** Both ends of it. */
    interface Ends {
        /** The receiver has bytes more. */
        void arrived(int bytes);

        /** The receiver knows that there is no more. */
        void finArrived();

        /** The sender has room again. */
        void moved();
    }

    static final long NEVER = Long.MAX_VALUE;

    private final SimulatedKernel kernel;
    private final Ends ends;
    private int window;
    private final ByteQueue unsent = new ByteQueue();
    private final ByteQueue received = new ByteQueue();
    private int inFlight;
    private long lastArrival;
    private boolean finQueued;
    private boolean finOnItsWay;
    private boolean finArrived;
    private long finSentAt = NEVER;
    private long finArrivedAt = NEVER;
    private boolean broken;
    private boolean silent;

    /** @param window the most bytes on their way and unread together */
    Pipe(SimulatedKernel kernel, int window, Ends ends) {
        this.kernel = kernel;
        this.window = window;
        this.ends = ends;
    }

    void write(byte[] bytes, int offset, int count) {
        if (!broken && !finQueued) {
            unsent.add(bytes, offset, count);
            pump();
        }
    }

    /** FIN, behind the data. */
    void finish() {
        if (!finQueued) {
            finQueued = true;
            pump();
        }
    }

    private void pump() {
        boolean moved = false;
        int room = window - received.size() - inFlight;
        while (!broken && !silent && unsent.size() > 0 && room > 0) {
            int most = Math.min(Math.min(unsent.size(), room), 1460);
            int count = kernel.random.chance(kernel.plan().timing().splits()) ? 1 + kernel.random.below(most) : most;
            byte[] segment = unsent.take(count);
            inFlight += count;
            room -= count;
            moved = true;
            kernel.timeline.at(nextArrival(), () -> arrive(segment));
        }
        if (finQueued && !finOnItsWay && !broken && !silent && unsent.size() == 0) {
            finOnItsWay = true;
            finSentAt = kernel.timeline.now();
            kernel.timeline.at(nextArrival(), this::arriveFin);
        }
        if (moved) {
            ends.moved();
        }
    }

    /** Behind what is on its way. */
    long nextArrival() {
        lastArrival = Math.max(lastArrival + 1, kernel.timeline.now() + 1
                + kernel.random.below((int) kernel.plan().timing().latencyNanos()));
        return lastArrival;
    }

    private void arrive(byte[] segment) {
        inFlight -= segment.length;
        if (broken || silent) {
            return;
        }
        received.add(segment, 0, segment.length);
        ends.arrived(segment.length);
    }

    private void arriveFin() {
        if (!broken && !silent) {
            finArrived = true;
            finArrivedAt = kernel.timeline.now();
            ends.finArrived();
        }
    }

    int available() {
        return received.size();
    }

    byte[] read(int count) {
        byte[] bytes = received.take(count);
        pump();
        return bytes;
    }

    /** Bytes that stay there. */
    byte[] peek(int count) {
        return received.peek(count);
    }

    /** What the receiver does not read any more. */
    void discard() {
        received.clear();
        pump();
    }

    boolean finArrived() {
        return finArrived;
    }

    /** In virtual time; {@link #NEVER} if it has not been yet. */
    long finSentAt() {
        return finSentAt;
    }

    long finArrivedAt() {
        return finArrivedAt;
    }

    int unsentBytes() {
        return unsent.size();
    }

    /** Not yet with the receiver. */
    int undelivered() {
        return unsent.size() + inFlight;
    }

    /** Nothing more comes: what is on its way, and what waits for it, is lost. */
    void cut() {
        broken = true;
        unsent.clear();
    }

    /** The connection was reset: nothing comes any more, and what has come is gone. */
    void destroy() {
        broken = true;
        unsent.clear();
        received.clear();
    }

    boolean isBroken() {
        return broken;
    }

    /** Whatever is sent gets lost, and nobody hears of it. */
    void silence() {
        silent = true;
    }

    void window(int bytes) {
        window = bytes;
        pump();
    }
}
