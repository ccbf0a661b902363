package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOCK_STREAM;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.simkernel.NullWin32;
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

    /** Where in {@link #memory} the calls find their own. */
    private static final int OVERLAPPED = 512;
    private static final int ENTRIES = 1024;

    private NullServer server;
    private long socket;
    private final NullWin32 kernel = new NullWin32();
    private final long any = kernel.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0);
    private final IoThread io = new IoThread(kernel);
    private final MemorySegment memory = Arena.ofAuto().allocate(4096, 16);
    private BufferPool pool;
    private SendQueue queue;
    private final ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE_BYTES);

    @Setup
    public void start() throws Win32Exception {
        server = new NullServer();
        socket = server.connect();
        pool = new BufferPool(kernel, 8192, 16);
        queue = new SendQueue(pool, 1);
        pool.grow(kernel);
        queue.open(1, QUEUE_BYTES);
        kernel.setFileCompletionNotificationModes(any, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS());
    }

    /** A receive's packet dequeued and dispatched, the handler, the send, which is over at once, the next receive. */
    @Benchmark
    public void echo() {
        server.echo(socket, MESSAGE_BYTES);
    }

    /** The kernel's part of {@link #echo}: what is left of that is the server's own. */
    @Benchmark
    public void kernel() {
        long at = memory.address();
        kernel.wsaRecv(any, at, 1, at, at + OVERLAPPED);
        kernel.arrive(any, MESSAGE_BYTES);
        kernel.getQueuedCompletionStatusEx(0, at + ENTRIES, 64, at, 100);
        kernel.wsaSend(any, at, 1, 0, at + OVERLAPPED);
        kernel.getQueuedCompletionStatusEx(0, at + ENTRIES, 64, at, 100);
    }

    /**
     * From the accept's packet to the socket's return: accept, session, receive, release, disconnect, the next accept.
     */
    @Benchmark
    public void acceptToRelease() {
        server.leave(server.connect());
    }

    /** A block from the pool and back. */
    @Benchmark
    public void pool() {
        PooledBuffer block = pool.take(io);
        pool.give(block, io);
    }

    /** A message into a send queue, named for the kernel, sent. */
    @Benchmark
    public int sendQueue() {
        queue.add(1, message.clear(), () -> pool.grow(kernel), io);
        int buffers = queue.begin(io, IoThread.GATHER);
        queue.end(MESSAGE_BYTES, io);
        return buffers;
    }
}
