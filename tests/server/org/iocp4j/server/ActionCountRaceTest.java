package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A slot serves one session after another, while other threads still have actions for those before. */
@Timeout(60)
class ActionCountRaceTest {
    private static final long NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int THREADS = 4;

    @Test
    void anActionForTheSlotsLastSessionIsNotTheNextOnes() throws Exception {
        AtomicLong present = new AtomicLong();
        AtomicLong run = new AtomicLong();
        NullServer server = new NullServer(ServerOptions.builder().workers(1).acceptsPosted(1).pool(4).maxSessions(1)
                .maxActions(1).lingerTime(Duration.ZERO).build(), new SessionHandler() {
            @Override
            public void opened(Session session) {
                present.set(session.id());
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                session.send(data);
            }
        });
        SessionCommands commands = server.engine().commands;
        long end = System.nanoTime() + NANOS;
        int rounds = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> late = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                late.add(threads.submit(() -> {
                    while (System.nanoTime() - end < 0) {
                        askForNothing(commands, present.get() - 1); // of this slot, and over, or to be soon
                    }
                }));
            }
            while (System.nanoTime() - end < 0) {
                long socket = server.connect();
                long id = present.get();
                assertThat(commands.execute(id, false, _ -> run.incrementAndGet())).as("round %s", rounds).isTrue();
                rounds++;
                do { // one of the others may be just about to put the session into the mailbox
                    server.run();
                } while (run.get() < rounds);
                present.set(id + 1);
                server.leave(socket);
            }
            for (Future<?> each : late) {
                each.get();
            }
        }
    }

    private static void askForNothing(SessionCommands commands, long id) {
        try {
            commands.execute(id, false, _ -> { });
        } catch (RejectedExecutionException e) {
            // Another thread was first.
        }
    }
}
