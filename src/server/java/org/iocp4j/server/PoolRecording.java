package org.iocp4j.server;

import java.util.function.Supplier;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;

/** One server's {@link PoolEvent}s: from the first recording in this JVM on, on a thread of Flight Recorder's. */
final class PoolRecording implements FlightRecorderListener {
    private final String server;
    private final Supplier<ServerStatistics> statistics;
    private final Runnable hook = this::record;
    private boolean isAdded;
    private boolean isEnded;

    /** @param server its name, for the event */
    PoolRecording(String server, Supplier<ServerStatistics> statistics) {
        this.server = server;
        this.statistics = statistics;
    }

    void begin() {
        FlightRecorder.addListener(this);
    }

    /** Called at once if there has been a recording before. */
    @Override
    public synchronized void recorderInitialized(FlightRecorder recorder) {
        if (!isEnded) {
            FlightRecorder.addPeriodicEvent(PoolEvent.class, hook);
            isAdded = true;
        }
    }

    /** Not under this object's lock: Flight Recorder holds one of its own when it calls the method above. */
    void end() {
        FlightRecorder.removeListener(this);
        boolean remove;
        synchronized (this) {
            isEnded = true;
            remove = isAdded;
        }
        if (remove) {
            FlightRecorder.removePeriodicEvent(hook);
        }
    }

    private void record() {
        ServerStatistics now = statistics.get();
        PoolEvent event = new PoolEvent();
        event.server = server;
        event.sessions = now.connections().sessions();
        event.acceptsPosted = now.connections().acceptsPosted();
        event.socketsCreated = now.sockets().socketsCreated();
        event.socketsReused = now.sockets().socketsReused();
        event.socketsDiscarded = now.sockets().socketsDiscarded();
        event.socketsFree = now.sockets().socketsFree();
        event.socketsHighWater = now.sockets().socketsHighWater();
        event.socketsRecycling = now.sockets().socketsRecycling();
        event.operationsPending = now.resources().operationsPending();
        event.buffersLent = now.resources().buffersLent();
        event.bufferBytes = now.resources().bufferBytes();
        event.commit();
    }
}
