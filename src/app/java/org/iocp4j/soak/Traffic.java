package org.iocp4j.soak;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.iocp4j.load.LoadClient;
import org.iocp4j.load.LoadOptions;
import org.iocp4j.load.LoadSummary;
import org.iocp4j.server.ServerStatistics;

/**
 * All kinds of clients at the same time against one server: clients that stay, clients that come and go, and two
 * abusive clients of each kind; and, while nobody comes and goes, floods of more connections than the server has
 * sessions. Those that behave must notice nothing.
 */
public final class Traffic {
    private static final int STAYING = 30;
    private static final int COMING_AND_GOING = 20;
    private static final int OVER_SEND = 50;
    private static final double RECONNECT_PERCENT = 10;
    private static final Duration LOOP_DELAY = Duration.ofMillis(20);
    /** What a slow machine needs, on which other programs run too. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration ROUND = Duration.ofSeconds(5);
    private static final int ABUSERS_OF_EACH_KIND = 2;
    private static final int FLOOD_BEYOND = 50;
    /** How long a flood waits for the server to refuse one of it. */
    private static final long FLOOD_NANOS = 5_000_000_000L;
    private static final int POLL_MILLIS = 50;

    /**
     * @param loads        what the clients that behave have counted
     * @param lives        how many lives of each abuse there were
     * @param wrongReplies what abusive clients got back other than they sent it
     * @param floods       how many
     */
    public record Outcome(List<LoadSummary> loads, Map<Abuse, Long> lives, long wrongReplies, int floods) {
        public long receivedMessages() {
            return loads.stream().mapToLong(load -> load.total().receivedMessages()).sum();
        }
    }

    private final InetSocketAddress server;
    private final int maxSessions;
    private final Supplier<ServerStatistics> figures;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final AtomicLong floodWrongReplies = new AtomicLong();
    private final LoadClient staying;
    private final Abusers abusers;
    private final CompletableFuture<LoadSummary> stayed;
    private final CompletableFuture<List<LoadSummary>> cameAndWent;
    private final List<LoadSummary> rounds = new ArrayList<>();
    private volatile LoadClient round;
    private volatile long stayingNow;
    private volatile int floods;
    private volatile boolean flooding;

    /**
     * Starts it all.
     *
     * @param maxSessions the server's
     * @param length      how long the clients that stay do so, if nobody stops them before
     * @param figures     the server's latest, a new object each time it has reported; null before it has
     */
    public Traffic(InetSocketAddress server, int maxSessions, Duration length, Supplier<ServerStatistics> figures) {
        this.server = server;
        this.maxSessions = maxSessions;
        this.figures = figures;
        staying = new LoadClient(load(STAYING).duration(length).build());
        stayed = onThread("staying", () -> staying.run(now -> stayingNow = now.sessions()));
        cameAndWent = onThread("coming-and-going", this::comeAndGo);
        abusers = new Abusers(server, EnumSet.allOf(Abuse.class), ABUSERS_OF_EACH_KIND);
    }

    private LoadOptions.Builder load(int clients) {
        return LoadOptions.to(server.getHostString(), server.getPort()).clients(clients).overSend(OVER_SEND)
                .loopDelay(LOOP_DELAY).connectTimeout(PATIENCE).loginTimeout(PATIENCE).echoTimeout(PATIENCE)
                .drainTimeout(PATIENCE);
    }

    private static <T> CompletableFuture<T> onThread(String name, Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().name(name).daemon().start(() -> {
            try {
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e); // stop() throws it
            }
        });
        return result;
    }

    private List<LoadSummary> comeAndGo() throws IOException, InterruptedException {
        AbusiveClient flooder = new AbusiveClient(server, new Random(), stop, floodWrongReplies);
        try {
            while (stop.getCount() > 0) {
                round = new LoadClient(load(COMING_AND_GOING).reconnectPercent(RECONNECT_PERCENT).duration(ROUND)
                        .build());
                if (stop.getCount() == 0) {
                    round.stop(); // stop() may have looked at the round before
                }
                rounds.add(round.run());
                while (stayingNow < STAYING || figures.get() == null) {
                    flooder.pause(POLL_MILLIS); // in a flood nobody can come
                }
                flooding = true;
                flood(flooder);
                awaitRoom(flooder);
                flooding = false;
            }
        } catch (InterruptedIOException e) {
            // stopped
        } finally {
            flooder.resetAll();
        }
        return rounds;
    }

    private void flood(AbusiveClient flooder) throws InterruptedIOException {
        long refused = figures.get().incidents().sessionsRefusedFull();
        long end = System.nanoTime() + FLOOD_NANOS;
        for (int i = 0; i < maxSessions + FLOOD_BEYOND; i++) {
            flooder.pause(1);
            try {
                flooder.connect();
            } catch (IOException e) {
                // refused, as those beyond the limit are to be
            }
        }
        while (figures.get().incidents().sessionsRefusedFull() == refused && System.nanoTime() - end < 0) {
            flooder.pause(POLL_MILLIS);
        }
        flooder.resetAll();
        floods++;
    }

    /** Until the server reports that half its sessions are free; the next figures may still be older. */
    private void awaitRoom(AbusiveClient flooder) throws InterruptedIOException {
        awaitNewFigures(flooder);
        do {
            awaitNewFigures(flooder);
        } while (figures.get().connections().sessions() > maxSessions / 2);
    }

    private void awaitNewFigures(AbusiveClient flooder) throws InterruptedIOException {
        ServerStatistics old = figures.get();
        while (figures.get() == old) {
            flooder.pause(POLL_MILLIS);
        }
    }

    /** Whether the server has, or has just had, all the sessions it can have. */
    public boolean isFlooding() {
        return flooding;
    }

    /** Ends it, with every connection closed. @throws IOException if the load found no server */
    public Outcome stop() throws IOException, InterruptedException {
        stop.countDown();
        staying.stop();
        if (round != null) {
            round.stop();
        }
        try {
            abusers.close();
            List<LoadSummary> loads = new ArrayList<>(cameAndWent.join());
            loads.add(stayed.join());
            return new Outcome(loads, abusers.lives(), abusers.wrongReplies() + floodWrongReplies.get(), floods);
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException absent) {
                throw absent;
            }
            throw e;
        }
    }
}
