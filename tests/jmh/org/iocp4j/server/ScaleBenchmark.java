package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.iocp4j.win32.Win32Exception;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.ThreadParams;

/** What the sessions cost that are there beside the one at work, on a kernel that costs next to nothing. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class ScaleBenchmark {
    private static final int MESSAGE_BYTES = 64;
    private static final int BUFFER_BYTES = 4_096;
    private static final int TICK_MILLIS = 100;
    /** Until an idle session has given back all that it gives back. */
    private static final int QUIET_MILLIS = 10_000;

    /** One with its sessions, each of which has echoed. */
    @State(Scope.Thread)
    public static class Sessions implements SessionHandler {
        @Param({"1", "1000", "10000", "60000"})
        private int sessions;

        private NullServer server;
        private long[] sockets;
        private long[] inRandomOrder;
        private long[] ids;
        private int opened;
        private int next;

        @Setup
        public void connect() throws Win32Exception {
            // One more than there are: it comes and goes. Without an idle limit, since time passes in leaps here.
            server = new NullServer(ServerOptions.builder().workers(1).maxSessions(sessions + 1)
                    .bufferBytes(BUFFER_BYTES).sendQueueBytes(BUFFER_BYTES).idleTime(Duration.ZERO).build(), this);
            ids = new long[sessions];
            sockets = new long[sessions];
            for (int i = 0; i < sessions; i++) {
                sockets[i] = server.connect();
                server.echo(sockets[i], MESSAGE_BYTES);
            }
            inRandomOrder = sockets.clone();
            SplittableRandom random = new SplittableRandom(1);
            for (int i = sessions - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                long socket = inRandomOrder[i];
                inRandomOrder[i] = inRandomOrder[other];
                inRandomOrder[other] = socket;
            }
        }

        @Override
        public void opened(Session session) {
            if (opened < sessions) {
                ids[opened++] = session.id();
            }
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            session.send(data);
        }

        private long next(long[] order) {
            next = next + 1 < order.length ? next + 1 : 0;
            return order[next];
        }
    }

    /** The same when nothing has come for long. */
    @State(Scope.Thread)
    public static class IdleSessions {
        private NullServer server;

        @Setup
        public void rest(Sessions sessions) {
            server = sessions.server;
            server.idle(QUIET_MILLIS);
        }
    }

    /** Sessions on two ports, a thread for each. */
    @State(Scope.Benchmark)
    public static class TwoPorts {
        private static final int PORTS = 2;
        private static final int SESSIONS = 200;

        private NullServer server;
        private long[] sockets;

        @Setup
        public void connect() throws Win32Exception {
            server = new NullServer(ServerOptions.builder().workers(PORTS).ports(PORTS).maxSessions(SESSIONS)
                    .bufferBytes(BUFFER_BYTES).sendQueueBytes(BUFFER_BYTES).idleTime(Duration.ZERO).build(),
                    (session, data) -> session.send(data));
            sockets = LongStream.generate(server::connect).limit(SESSIONS).toArray();
        }
    }

    /** The one of them that is the thread's. */
    @State(Scope.Thread)
    public static class OwnPort {
        private int port;
        private NullServer server;
        private long[] sockets;
        private int next;

        @Setup
        public void choose(TwoPorts all, ThreadParams thread) {
            port = thread.getThreadIndex();
            server = all.server;
            sockets = LongStream.of(all.sockets).filter(socket -> server.port(socket) == port).toArray();
        }

        private void echo() {
            next = next + 1 < sockets.length ? next + 1 : 0;
            server.echo(port, sockets[next], MESSAGE_BYTES);
        }
    }

    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);

    @Benchmark
    public void echoInSequence(Sessions all) {
        all.server.echo(all.next(all.sockets), MESSAGE_BYTES);
    }

    @Benchmark
    public void echoInRandomOrder(Sessions all) {
        all.server.echo(all.next(all.inRandomOrder), MESSAGE_BYTES);
    }

    /** To be compared with the next: if ports share nothing, an echo takes as long beside another thread's. */
    @Benchmark
    public void echoOnOnePort(OwnPort own) {
        own.echo();
    }

    @Benchmark
    @Threads(TwoPorts.PORTS)
    public void echoOnTwoPorts(OwnPort own) {
        own.echo();
    }

    @Benchmark
    public void tick(IdleSessions idle) {
        idle.server.idle(TICK_MILLIS);
    }

    @Benchmark
    public ServerStatistics statistics(Sessions all) {
        return all.server.statistics();
    }

    /** A message to every session: the time is that of all together. */
    @Benchmark
    public void broadcast(Sessions all) {
        all.server.broadcast(all.ids, message);
    }

    /** A client comes and goes while the others stay. */
    @Benchmark
    public void connect(Sessions all) {
        all.server.leave(all.server.connect());
    }
}
