package org.iocp4j.server;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.Block;
import org.iocp4j.port.BlockPool;
import org.iocp4j.port.IoContext;
import org.iocp4j.win32.Win32Exception;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The server's own share, on a kernel that costs next to nothing: one thread, no system calls. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class EngineBenchmark {
    private static final int MESSAGE_BYTES = 64;
    private static final int QUEUE_BYTES = 65_536;

    private NullServer server;
    private long socket;
    private final NullWin32 kernel = new NullWin32();
    private final IoContext io = new IoContext(kernel);
    private BlockPool pool;
    private SendQueue queue;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);

    @Setup
    public void start() throws Win32Exception {
        server = new NullServer();
        socket = server.connect();
        pool = new BlockPool(kernel, 8192, 16);
        queue = new SendQueue(pool, QUEUE_BYTES);
        pool.grow(kernel);
        queue.open(1);
    }

    /** A receive's packet dequeued and dispatched, the handler, the send, the next receive; the send's packet too. */
    @Benchmark
    public void echo() {
        server.echo(socket, MESSAGE_BYTES);
    }

    /** From the accept's packet to the socket's return: accept, session, receive, release, disconnect, the next accept. */
    @Benchmark
    public void acceptToRelease() {
        server.leave(server.connect());
    }

    /** A block from the pool and back. */
    @Benchmark
    public void pool() {
        Block block = pool.take();
        pool.give(block);
    }

    /** A message into a send queue, named for the kernel, sent. */
    @Benchmark
    public int sendQueue() {
        queue.add(1, message.clear(), kernel);
        int buffers = queue.begin(io);
        queue.end(MESSAGE_BYTES);
        return buffers;
    }
}
