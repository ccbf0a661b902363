package org.iocp4j.soak;

import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Abusive clients, each on a thread of its own, life after life until they are stopped. */
public final class Abusers implements AutoCloseable {
    /** Between two lives, so that a client whose connections are refused immediately does not spin. */
    private static final int REST_MILLIS = 20;

    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicLong wrongReplies = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final Map<Abuse, AtomicLong> lives = new EnumMap<>(Abuse.class);
    private final List<Thread> threads = new ArrayList<>();

    /** @param ofEach how many of each kind */
    public Abusers(InetSocketAddress server, Collection<Abuse> kinds, int ofEach) {
        kinds.forEach(kind -> lives.put(kind, new AtomicLong()));
        for (Abuse kind : lives.keySet()) {
            for (int i = 1; i <= ofEach; i++) {
                AbusiveClient client = new AbusiveClient(server, new Random(), stop, wrongReplies);
                threads.add(Thread.ofPlatform().name("abuse-" + kind + "-" + i).daemon()
                        .start(() -> run(client, kind)));
            }
        }
    }

    private void run(AbusiveClient client, Abuse kind) {
        try {
            while (true) {
                client.live(kind);
                lives.get(kind).incrementAndGet();
                client.pause(REST_MILLIS);
            }
        } catch (InterruptedIOException e) {
            // stopped
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
    }

    /** How many lives of each kind there have been. */
    public Map<Abuse, Long> lives() {
        Map<Abuse, Long> now = new EnumMap<>(Abuse.class);
        lives.forEach((kind, count) -> now.put(kind, count.get()));
        return now;
    }

    /** Bytes that came back changed: even an abusive client's echo must be right, as far as it goes. */
    public long wrongReplies() {
        return wrongReplies.get();
    }

    /** Returns when every connection is closed. @throws IllegalStateException if a client had a fault of its own */
    @Override
    public void close() {
        stop.countDown();
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        if (failure.get() != null) {
            throw new IllegalStateException("an abusive client failed", failure.get());
        }
    }
}
