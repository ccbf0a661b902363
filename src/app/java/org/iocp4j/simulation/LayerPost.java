package org.iocp4j.simulation;

import org.iocp4j.socket.StreamSocket;

/** One post of a program's, and the one thing that comes of it. */
final class LayerPost {
    private final LayerSimulation simulation;
    private final LayerDomain domain;
    private final String what;
    private boolean returned;
    private boolean told;
    private long cancelledAt = Long.MAX_VALUE;

    LayerPost(LayerDomain domain, String what) {
        this.simulation = domain.simulation;
        this.domain = domain;
        this.what = what;
    }

    /**
     * The call has returned.
     *
     * @return whether an event is to come, or has come
     */
    boolean returned(int outcome) {
        returned = true;
        if (outcome == StreamSocket.PENDING) {
            return true;
        }
        require(!told, "has returned " + outcome + ", and its event was told");
        require(outcome < 0 || domain.options.returnsDone(), "has returned that it is done: " + outcome);
        return false;
    }

    /** Its event is being told. */
    void told() {
        require(!told, "is told twice");
        told = true;
    }

    /** It was asked to end: its event is to come soon. */
    void cancelled() {
        if (isPending()) {
            cancelledAt = Math.min(cancelledAt, simulation.now());
        }
    }

    /** Nothing moves: what was cancelled has been told by now. */
    void checkAtRest() {
        long packet = simulation.mostPacketNanos();
        require(told || simulation.now() - packet <= cancelledAt, "was cancelled, and its event does not come");
    }

    /** Pending for all that the program knows: its call has returned, and its event is to come. */
    boolean isPending() {
        return returned && !told;
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, what + " " + violation);
        }
    }

    @Override
    public String toString() {
        return what;
    }
}
