package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.stream.LongStream;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a connection on which nothing happens costs, on the Java heap and beside it. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class IdleMemoryTest {
    private static final int CONNECTIONS = 5_000;
    /** Before these: what they load and compile is nobody's memory. */
    private static final int FIRST = 1_000;
    private static final int MOST_BYTES_EACH = 1024;

    private final NullServer server;

    IdleMemoryTest() throws Win32Exception {
        server = new NullServer(ServerOptions.builder().workers(1).acceptsPosted(8).pool(16)
                .maxSessions(FIRST + CONNECTIONS)
                .bufferBytes(8 * 1024).sendQueueBytes(8 * 1024).build());
    }

    @Test
    void isNoMoreThanAKibibyte() {
        connect(FIRST);
        server.idle(20_000);
        long heap = heapBytesAfterGc();
        long beside = server.committedBytes();
        connect(CONNECTIONS);
        long busy = server.committedBytes() - beside;
        server.idle(20_000);
        long heapEach = (heapBytesAfterGc() - heap) / CONNECTIONS;
        long besideEach = (server.committedBytes() - beside) / CONNECTIONS;
        // No assertion before here: the first of a JVM leaves some 80 KB on the heap.
        assertThat(busy).as("busy").isGreaterThan(8L * 1024 * CONNECTIONS);
        assertThat(heapEach + besideEach).as("%d on the heap, %d beside it", heapEach, besideEach)
                .isBetween(1L, (long) MOST_BYTES_EACH);
        assertThat(server.statistics().connections().sessions()).as("alive until here").isEqualTo(FIRST + CONNECTIONS);
    }

    private void connect(int count) {
        for (int i = 0; i < count; i++) {
            server.echo(server.connect(), 64);
        }
    }

    /** The least of some: a collection may find something in use that it does not find the next time. */
    private static long heapBytesAfterGc() {
        return LongStream.generate(() -> {
            System.gc();
            return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        }).limit(3).min().getAsLong();
    }
}
