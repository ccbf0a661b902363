package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.UserPacketHandler;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.jspecify.annotations.Nullable;

/**
 * A domain on Windows for a test: the test's thread dequeues if it is a loop, three others do if it is a pool. Closing
 * it ends the domain: nothing may be pending or open then, and no event may have thrown but those the test has taken.
 */
final class TestDomain implements AutoCloseable {
    /** Who dequeues. */
    enum Kind {
        LOOP, POOL;

        DomainOptions options() {
            return this == LOOP ? DomainOptions.loop() : DomainOptions.pool();
        }
    }

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int THREADS = 3;
    private static final int MOST_PACKETS = 64;
    private static final int POLL_MILLIS = 50;
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    final IoDomain domain;
    /** The test's thread's own. */
    final IoThread io = new IoThread(WindowsWin32.attach());
    private final List<Thread> threads = new ArrayList<>();
    private final Queue<CompletionFailedException> thrown = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    TestDomain(Kind kind) throws Win32Exception {
        this(kind.options());
    }

    TestDomain(DomainOptions options) throws Win32Exception {
        this(options, (key, bytes, on) -> { });
    }

    TestDomain(DomainOptions options, UserPacketHandler userPackets) throws Win32Exception {
        domain = new IoDomain(options, userPackets, io);
        for (int i = 0; options.threads() == DomainOptions.Threads.POOL && i < THREADS; i++) {
            threads.add(Thread.ofPlatform().daemon().start(this::work));
        }
    }

    private void work() {
        try (Win32 win32 = WindowsWin32.attach()) {
            IoThread mine = new IoThread(win32);
            while (!over || mine.hasWork()) {
                dequeue(mine, over ? 0 : -1);
            }
            domain.post(win32, 0, 0); // for the next thread
        }
    }

    private void dequeue(IoThread on, int timeoutMillis) {
        try {
            domain.dequeue(on, timeoutMillis, MOST_PACKETS);
        } catch (CompletionFailedException e) {
            thrown.add(e);
        } catch (Win32Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Lets events come until something is so. */
    void until(String what, BooleanSupplier holds) {
        if (!within(PATIENCE_NANOS, holds)) {
            throw new AssertionError("never: " + what + "; thrown: " + thrown);
        }
    }

    /** Lets events come for so long at most; whether it came to be so. */
    boolean within(long nanos, BooleanSupplier holds) {
        long start = System.nanoTime();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - start > nanos) {
                return false;
            }
            if (threads.isEmpty()) {
                dequeue(io, POLL_MILLIS);
            } else {
                LockSupport.parkNanos(500_000);
            }
        }
        return true;
    }

    boolean hasThrown() {
        return !thrown.isEmpty();
    }

    /** How many events have thrown, of those that were not taken. */
    int failures() {
        return thrown.stream().mapToInt(CompletionFailedException::failures).sum();
    }

    void takeAllThrown() {
        thrown.clear();
    }

    /** What an event threw, as the dequeue threw it; null if none did, or all were taken. */
    @Nullable CompletionFailedException takeThrown() {
        return thrown.poll();
    }

    StreamListener listen(StreamListener.Accepted receiver) throws Win32Exception {
        return domain.listen(ListenerOptions.at(ANY_PORT), receiver, io);
    }

    /** Connected to {@code address}. */
    StreamSocket connect(InetSocketAddress address, Recorder events) throws Win32Exception {
        StreamSocket socket = domain.open(Sockaddr.family(address.getAddress()), events, 0, io);
        assertThat(socket.connect(address, io)).isEqualTo(StreamSocket.PENDING);
        until("connected", () -> events.has("connected"));
        assertThat(events.first("connected").status()).isZero();
        return socket;
    }

    /** Stops the threads; the test's thread may call everything then. */
    private void join() throws InterruptedException {
        over = true;
        if (!threads.isEmpty()) {
            domain.post(io.win32(), 0, 0);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        threads.clear();
    }

    /** Ends the domain, without asking what is left in it. */
    int end() throws InterruptedException {
        join();
        int left = domain.end(io, Duration.ofNanos(PATIENCE_NANOS));
        io.win32().close();
        return left;
    }

    @Override
    public void close() throws Exception {
        assertThat(end()).as("operations still pending").isZero();
        assertThat(thrown).isEmpty();
        assertThat(domain.open()).as("open sockets").isZero();
        assertThat(domain.strayPackets()).as("stray packets").isZero();
    }
}
