package org.iocp4j.simulation;

import java.net.InetSocketAddress;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;

/** A listener of the program: it accepts to a depth, on demand, or both. */
final class LayerListener implements StreamListener.Accepted {
    private static final int MOST_DEPTH = 3;

    /** Its own time until it tries again, and a wheel's ticks. */
    private static final long RETRY_NANOS = 150_000_000;

    private final LayerDomain domain;
    private final LayerSimulation simulation;
    private final SeededRandom random;
    private final boolean hasDepth;
    private final boolean onDemand;
    private StreamListener listener;
    private InetSocketAddress address;
    /** Somebody has begun to close it. */
    private boolean closing;
    private boolean closed;
    private boolean gone;
    /** By demand: posted, and not told yet for all that can be known. */
    private int asked;
    private int depth;
    private long shortSince;
    private int failed;
    private int accepted;

    LayerListener(LayerDomain domain) {
        this.domain = domain;
        simulation = domain.simulation;
        random = simulation.random;
        onDemand = random.chance(0.5);
        hasDepth = !onDemand || random.chance(0.5);
    }

    void opened(StreamListener opened) {
        listener = opened;
        address = opened.localAddress();
        shortSince = simulation.now();
    }

    InetSocketAddress address() {
        return address;
    }

    boolean isGone() {
        return gone;
    }

    boolean isOver() {
        return closed || gone;
    }

    // ---- acts ----

    void act(LayerThread on) {
        if (random.chance(0.03)) {
            close(on);
        } else if (hasDepth && (!onDemand || random.chance(0.5))) {
            int accepts = random.chance(0.2) ? 0 : 1 + random.below(MOST_DEPTH);
            depth = accepts;
            on.call(() -> {
                listener.depth(accepts, on.io);
                return 0;
            });
        } else {
            accept(on);
        }
    }

    private void accept(LayerThread on) {
        asked++;
        boolean over = isOver();
        int error = on.call(() -> listener.accept(on.io));
        require(error <= 0, "accept returns " + error);
        require(error != 0 || !over, "accepts, and is closed");
        if (error != 0) {
            asked--;
        }
        require(hasDepth || accepted + failed <= asked, "more was accepted than asked for");
    }

    void close(LayerThread on) {
        boolean before = closed;
        closing = true;
        boolean first = on.test(() -> listener.close(on.io));
        require(!first || !before, "was closed twice");
        closed |= first;
        require(!listener.isOpen(), "is open after its close");
    }

    // ---- events ----

    @Override
    public void accepted(StreamSocket socket, IoThread io) {
        LayerThread on = begin("accepted", io);
        try {
            accepted++;
            require(hasDepth || accepted + failed <= asked, "more was accepted than asked for");
            domain.accepted(socket, on);
        } finally {
            on.over();
        }
    }

    @Override
    public void acceptFailed(StreamListener of, int error, IoThread io) {
        LayerThread on = begin("an accept has failed", io);
        failed++;
        require(failed <= asked, "more accepts have failed than were asked for");
        end(on);
    }

    @Override
    public void gone(StreamListener of, IoThread io) {
        LayerThread on = begin("gone", io);
        require(closing || domain.isEnding(), "is gone, and nobody has closed it");
        require(of == listener, "another is gone");
        gone = true;
        end(on);
    }

    private LayerThread begin(String event, IoThread io) {
        LayerThread on = simulation.thread(io);
        on.told(domain, event);
        require(!gone, "is told that it is " + event + " after it is gone");
        return on;
    }

    private void end(LayerThread on) {
        try {
            domain.whim(on);
        } finally {
            on.over();
        }
    }

    // ---- checks ----

    /** Nothing moves: the accepts are there, or something has failed not long ago, or there are too many sockets. */
    void checkAtRest() {
        if (closing || gone || listener.acceptsPosted() >= depth || simulation.callsFail() || domain.isFull()) {
            shortSince = simulation.now();
        }
        require(simulation.now() - shortSince < RETRY_NANOS,
                "has " + listener.acceptsPosted() + " accepts posted, not " + depth);
    }

    void checkEnd() {
        require(gone, "was never gone");
        require(hasDepth || accepted + failed == asked, "has told of " + (accepted + failed) + " accepts of " + asked);
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, this + " " + violation);
        }
    }

    @Override
    public String toString() {
        return listener + " of " + domain;
    }
}
