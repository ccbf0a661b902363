package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.NullWin32;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A receive that a worker has put off, when the tick comes by. */
@Timeout(60)
class DeferredReceiveTest {
    private final NullWin32 kernel = new NullWin32();
    private final IoThread io = new IoThread(kernel);
    private SessionEngine engine;
    private Shard shard;
    private long socket;
    private long id;

    /** With two clients whose bytes have come back, and a tick due with them. Alone, one would not be put off. */
    @BeforeEach
    void putOneOff() throws Win32Exception {
        ServerOptions options = ServerOptions.builder().workers(1).concurrency(1).acceptsPosted(1).pool(2)
                .maxSessions(2)
                .build();
        engine = TestEngine.of(options, Delivery.PACKET, (session, data) -> {
            id = session.id();
            session.send(data);
        }, () -> kernel, io);
        shard = engine.shards().getFirst();
        shard.enter(io);
        TestEngine.accept(engine, io);
        long first = connect();
        socket = connect();
        kernel.arrive(first, 64);
        kernel.arrive(socket, 64);
        pass(100);
        shard.dequeue(io);
        assertThat(engine.statistics(0).traffic().receiveCompletions()).isEqualTo(2);
    }

    private long connect() {
        long connected = kernel.connect();
        shard.dequeue(io);
        shard.dequeue(io);
        assertThat(kernel.hasReceive(connected)).as("the first").isTrue();
        return connected;
    }

    private void pass(int millis) {
        kernel.pass(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Else ten times a second all of them overtake each other, and the slowest echo takes twice as long as need be. */
    @Test
    void keepsItsTurn() {
        assertThat(kernel.hasReceive(socket)).isFalse();
        shard.dequeue(io);
        assertThat(kernel.hasReceive(socket)).isTrue();
    }

    @Test
    void isPostedByAnotherThreadWhenItsOwnHasNotComeToItForLong() {
        IoThread other = new IoThread(kernel);
        pass(100);
        shard.dequeue(other);
        assertThat(kernel.hasReceive(socket)).as("not that long").isFalse();
        pass(200);
        shard.dequeue(other);
        assertThat(kernel.hasReceive(socket)).isTrue();
    }

    /** What is sent to the client meanwhile is no sign that its receive will be posted. */
    @Test
    void isPostedEvenIfTheSessionSendsAllTheTime() {
        IoThread other = new IoThread(kernel);
        for (int i = 0; i < 5; i++) {
            pass(50);
            assertThat(engine.commands.send(id, false, ByteBuffer.allocate(10))).isEqualTo(SendResult.TAKEN);
            shard.dequeue(other);
        }
        assertThat(engine.statistics(0).traffic().sendCompletions()).isGreaterThanOrEqualTo(4);
        assertThat(kernel.hasReceive(socket)).isTrue();
    }
}
