package org.iocp4j.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.function.Consumer;
import org.iocp4j.echo.EchoEvent;
import org.iocp4j.socket.HostPort;

/**
 * {@code serve --events}: each event as a JSON object on a line of its own. Workers put the events here and go on; a
 * thread makes the lines and waits for their reader. What finds the queue full is dropped, and in its place stands an
 * object with the count.
 */
final class EventLines implements Consumer<EchoEvent>, AutoCloseable {
    /** As many events may wait for their lines to be written. */
    static final int CAPACITY = 16_384;

    private final Output out;
    private final Thread writer;

    // Guarded by this.
    private final Deque<Entry> waiting = new ArrayDeque<>();
    /** Since the last event that was taken. */
    private long dropped;
    private boolean ended;

    /** @param droppedBefore how many there were between the event before and this one */
    private record Entry(EchoEvent event, long droppedBefore) {
    }

    EventLines(Output out) {
        this.out = out;
        writer = Thread.ofPlatform().name("events").daemon().start(this::write);
    }

    /** From any thread; never waits. */
    @Override
    public synchronized void accept(EchoEvent event) {
        if (waiting.size() == CAPACITY) {
            dropped++;
        } else {
            waiting.add(new Entry(event, dropped));
            dropped = 0;
            notifyAll();
        }
    }

    private void write() {
        for (Entry entry = next(); entry != null; entry = next()) {
            String line = text(entry.event);
            if (entry.droppedBefore > 0) {
                line = text(entry.droppedBefore) + "\n" + line;
            }
            while (!out.putWhenRoom(line, LineQueue.LONGEST_STALL)) {
                if (hasEnded()) {
                    giveUp(entry);
                    return;
                }
            }
        }
    }

    /** Null at the end. */
    private synchronized Entry next() {
        while (waiting.isEmpty()) {
            if (ended) {
                return null;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                // Only close() ends this thread.
            }
        }
        return waiting.removeFirst();
    }

    private synchronized boolean hasEnded() {
        return ended;
    }

    private synchronized void giveUp(Entry first) {
        dropped += 1 + first.droppedBefore;
        for (Entry entry : waiting) {
            dropped += 1 + entry.droppedBefore;
        }
        waiting.clear();
    }

    /** Returns when all lines have been taken; not later than 4 s after the reader has ceased to take any. */
    @Override
    public void close() {
        synchronized (this) {
            ended = true;
            notifyAll();
        }
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (dropped > 0) {
            out.println(text(dropped));
        }
    }

    private static String text(long count) {
        return new JsonLine().put("event", "dropped").put("count", count).end();
    }

    private static String text(EchoEvent event) {
        JsonLine json = new JsonLine();
        switch (event) {
            case EchoEvent.Accepted e -> begin(json, "accept", e)
                    .put("socket", e.socket())
                    .put("generation", e.generation())
                    .put("client", HostPort.text(e.client()));
            case EchoEvent.Messages e -> begin(json, "messages", e)
                    .put("count", e.count())
                    .put("total", e.total());
            case EchoEvent.Disconnected e -> begin(json, "disconnect", e)
                    .put("socket", e.socket())
                    .put("generation", e.generation())
                    .put("client", HostPort.text(e.client()))
                    .put("by", name(e.by()))
                    .put("how", name(e.how()))
                    .put("reason", name(e.reason()))
                    .put("messages", e.messages());
        }
        return json.end();
    }

    private static JsonLine begin(JsonLine json, String name, EchoEvent event) {
        return json.put("event", name).put("time", event.time()).put("session", event.session());
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
