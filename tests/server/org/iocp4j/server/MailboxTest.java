package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.NullWin32;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What other threads ask for keeps no worker from its packets. */
@Timeout(60)
class MailboxTest {
    private static final int TASKS = 10_000;

    /** The kernel, with a server of one thread on it. */
    private static final class Life extends NullWin32 {
        private final IoThread io = new IoThread(this);
        private final SessionEngine engine;
        private int run;
        private int runBeforeThePacket = -1;
        private int longestWaitMillis;

        Life(int workers) throws Win32Exception {
            ServerOptions options = ServerOptions.builder().workers(workers).acceptsPosted(8).pool(16).maxSessions(64)
                    .build();
            engine = TestEngine.of(options, Delivery.RETURN, (session, data) -> {
                data.position(data.limit());
                runBeforeThePacket = run;
            }, () -> this, io);
            TestEngine.accept(engine, io);
            dequeueAll();
        }

        void dequeueAll() {
            do {
                dequeue();
            } while (waitingPackets() > 0 || io.hasWork());
        }

        void dequeue() {
            engine.shards().getFirst().dequeue(io);
        }

        void askForAll() {
            for (int i = 0; i < TASKS; i++) {
                engine.shards().getFirst().mailbox.run(_ -> run++);
            }
        }

        @Override
        public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
            longestWaitMillis = Math.max(longestWaitMillis, timeoutMillis);
            return super.getQueuedCompletionStatusEx(port, entries, count, removed, timeoutMillis);
        }
    }

    @Test
    void aPacketDoesNotWaitForAllTasks() throws Win32Exception {
        Life life = new Life(1);
        long socket = life.connect();
        life.dequeueAll();
        life.engine.shards().getFirst().mailbox.run(_ -> life.arrive(socket, 1));
        life.askForAll();
        life.longestWaitMillis = 0;
        while (life.run < TASKS) {
            life.dequeue();
        }
        assertThat(life.runBeforeThePacket).as("tasks before the packet").isBetween(1, TASKS / 100);
        assertThat(life.longestWaitMillis).as("a wait while tasks are left").isZero();
    }

    @Test
    void whoLeavesTasksWakesAnotherWorker() throws Win32Exception {
        Life two = new Life(2);
        two.askForAll();
        two.dequeue();
        assertThat(two.run).isLessThan(TASKS);
        assertThat(two.waitingPackets()).as("wake-ups").isOne();
        Life one = new Life(1);
        one.askForAll();
        one.dequeue();
        assertThat(one.waitingPackets()).as("wake-ups of nobody").isZero();
    }
}
