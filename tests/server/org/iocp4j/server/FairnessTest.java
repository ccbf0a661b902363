package org.iocp4j.server;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.NullWin32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How long a client waits for its echo while one worker serves others. A kernel of one thread, whose time is counted in
 * echoes: nothing depends on how fast anything is.
 */
@Timeout(60)
class FairnessTest {
    private static final int ECHOES = 5_000;
    /** Of those that are ready at once, before the worker looks at what has come for others. */
    private static final int ECHOES_FOR_A_LOOK = 16;

    /**
     * Some clients answer an echo at once: their receives complete synchronously, again and again. The others' answers
     * take the time of some echoes, and come as packets.
     */
    @ParameterizedTest
    @CsvSource({"50, 1, 5", "50, 3, 5", "50, 3, 40", "50, 13, 10", "50, 25, 30", "50, 49, 60", "500, 30, 50",
        "500, 250, 300", "500, 480, 600"})
    void nobodyWaitsForLongerThanAllTheOthersTake(int sessions, int atOnce, int delay) throws Win32Exception {
        assertFair(sessions, atOnce, delay, 1);
    }

    /** As if another thread were free, and took what comes: it does not. Packets come first, up to 512 of them. */
    @ParameterizedTest
    @CsvSource({"50, 1, 5", "50, 3, 5", "50, 3, 40", "50, 13, 10", "50, 25, 30", "50, 49, 60", "500, 250, 300",
        "500, 480, 600"})
    void norDoTheyWhereReceivesAreNotDeferred(int sessions, int atOnce, int delay) throws Win32Exception {
        assertFair(sessions, atOnce, delay, 2);
    }

    private static void assertFair(int sessions, int atOnce, int delay, int concurrency) throws Win32Exception {
        Clients clients = new Clients(sessions, concurrency, number -> number < atOnce ? 0 : delay);
        clients.run(ECHOES);
        assertThat(clients.longestWait).as("echoes of others while one waits")
                .isLessThanOrEqualTo(sessions + ECHOES_FOR_A_LOOK);
        assertThat(clients.mostTurns).as("of one session while another waits")
                .isLessThanOrEqualTo(1 + ECHOES_FOR_A_LOOK / atOnce);
    }

    @Test
    void allThatAnswerAtOnceAreServedInTurn() throws Win32Exception {
        Clients clients = new Clients(50, 1, number -> 0);
        clients.run(ECHOES);
        assertThat(clients.longestWait).isLessThan(50);
        assertThat(clients.mostTurns).isEqualTo(1);
    }

    /** A client alone is not made slow by looks at a port where nothing comes. */
    @Test
    void whoIsAloneCostsNoLookForEachEcho() throws Win32Exception {
        Clients clients = new Clients(50, 1, number -> number == 0 ? 0 : ECHOES);
        clients.run(ECHOES);
        assertThat(clients.looks).isLessThanOrEqualTo(ECHOES / ECHOES_FOR_A_LOOK + 50);
    }

    /** How many echoes a client lets pass before its next message is there. */
    private interface Delay {
        int of(int number);
    }

    /** The kernel with its clients, and an echo server of one worker on it. */
    private static final class Clients extends NullWin32 {
        private final int sessions;
        private final Delay delay;
        private final IoThread io = new IoThread(this);
        private final SessionEngine engine;
        /** The clients' numbers by their sockets. */
        private final Map<Long, Integer> numbers = new LinkedHashMap<>();
        /** Sockets whose next message is on its way, and after which echo it comes; in their order. */
        private final Map<Long, Long> underWay = new LinkedHashMap<>();
        /** Of sockets whose message has come and is not echoed: how often each client had been served by then. */
        private final Map<Long, int[]> waiting = new HashMap<>();
        /** How often each client has been served. */
        private final int[] served;
        private int echoes;
        private int longestWait;
        private int mostTurns;
        private int looks;

        Clients(int sessions, int concurrency, Delay delay) throws Win32Exception {
            this.sessions = sessions;
            this.delay = delay;
            served = new int[sessions];
            ServerOptions options = ServerOptions.builder().workers(1).concurrency(concurrency).acceptsPosted(8)
                    .pool(16)
                    .maxSessions(sessions).build();
            engine = TestEngine.of(options, Delivery.RETURN, (session, data) -> session.send(data), () -> this, io);
            TestEngine.accept(engine, io);
            engine.shards().getFirst().dequeue(io);
            for (int i = 0; i < sessions; i++) {
                numbers.put(connect(), i);
                while (waitingPackets() > 0 || io.hasWork()) {
                    engine.shards().getFirst().dequeue(io);
                }
            }
        }

        /** All send a first message, and each another one some time after its echo. */
        void run(int count) {
            numbers.keySet().forEach(this::come);
            looks = 0;
            while (echoes < count) {
                engine.shards().getFirst().dequeue(io);
            }
        }

        /** A message has come: for a receive that is pending, or for the next one. */
        private void come(long socket) {
            waiting.put(socket, served.clone());
            if (hasReceive(socket)) {
                arrive(socket, 1);
            }
        }

        @Override
        public int wsaRecv(long socket, long buffers, int count, long flags, long overlapped) {
            if (!waiting.containsKey(socket)) {
                return super.wsaRecv(socket, buffers, count, flags, overlapped);
            }
            MemorySegment memory = MemorySegment.ofAddress(overlapped).reinterpret(OVERLAPPED.sizeof());
            memory.set(JAVA_LONG, OVERLAPPED.InternalHigh$offset(), 1);
            return 0;
        }

        @Override
        public int wsaSend(long socket, long buffers, int count, int flags, long overlapped) {
            int number = numbers.get(socket);
            count(waiting.remove(socket));
            served[number]++;
            echoes++;
            int wait = delay.of(number);
            if (wait == 0) {
                come(socket);
            } else {
                underWay.put(socket, (long) echoes + wait);
            }
            List<Long> arrived = underWay.entrySet().stream().takeWhile(next -> next.getValue() <= echoes)
                    .map(Map.Entry::getKey).toList();
            arrived.forEach(other -> {
                underWay.remove(other);
                come(other);
            });
            return super.wsaSend(socket, buffers, count, flags, overlapped);
        }

        private void count(int[] servedBefore) {
            int wait = 0;
            for (int i = 0; i < sessions; i++) {
                int turns = served[i] - servedBefore[i];
                wait += turns;
                mostTurns = Math.max(mostTurns, turns);
            }
            longestWait = Math.max(longestWait, wait);
        }

        @Override
        public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
            looks++;
            return super.getQueuedCompletionStatusEx(port, entries, count, removed, timeoutMillis);
        }
    }
}
