package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.iocp4j.echo.EchoEvent;
import org.iocp4j.server.CloseReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EventLinesTest {
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00.5Z");
    private static final InetSocketAddress CLIENT = new InetSocketAddress("127.0.0.1", 50_000);
    private static final Pattern DROPPED = Pattern.compile("\\{\"event\":\"dropped\",\"count\":(\\d+)}");

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final CountDownLatch reader = new CountDownLatch(1);
    private final LineQueue queue = new LineQueue("standard output", new OutputStream() {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        /** As a pipe does that nobody reads. */
        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                reader.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            text.write(bytes, offset, length);
        }
    }, null);
    private final Output out = new Output(queue);

    private List<String> lines() {
        queue.drain();
        queue.end();
        return text.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void eachEventIsAnObjectOnALine() {
        reader.countDown();
        try (EventLines events = new EventLines(out)) {
            events.accept(new EchoEvent.Accepted(NOON, 7, 880, 2, CLIENT));
            events.accept(new EchoEvent.Messages(NOON, 7, 3, 5));
            events.accept(new EchoEvent.Disconnected(NOON, 7, 880, 2, CLIENT, EchoEvent.Side.CLIENT, EchoEvent.How.FIN,
                    CloseReason.PEER_CLOSED, 5));
        }
        assertThat(lines()).containsExactly(
                "{\"event\":\"accept\",\"time\":\"2026-01-01T12:00:00.500Z\",\"session\":7,\"socket\":880,"
                        + "\"generation\":2,\"client\":\"127.0.0.1:50000\"}",
                "{\"event\":\"messages\",\"time\":\"2026-01-01T12:00:00.500Z\",\"session\":7,\"count\":3,\"total\":5}",
                "{\"event\":\"disconnect\",\"time\":\"2026-01-01T12:00:00.500Z\",\"session\":7,\"socket\":880,"
                        + "\"generation\":2,\"client\":\"127.0.0.1:50000\",\"by\":\"client\",\"how\":\"fin\","
                        + "\"reason\":\"peer-closed\",\"messages\":5}");
    }

    /** The worker never waits, and every event is a line of its own or in a count that stands in its place. */
    @Test
    void whatNobodyReadsInTimeIsCountedInTheStream() {
        int all = EventLines.CAPACITY + LineQueue.CAPACITY_BYTES / 40;
        EventLines events = new EventLines(out);
        for (int i = 1; i <= all; i++) {
            events.accept(new EchoEvent.Messages(NOON, 7, 1, i));
        }
        reader.countDown();
        events.accept(new EchoEvent.Messages(NOON, 7, 1, all + 1));
        events.close();
        List<String> lines = lines();
        long dropped = 0;
        long expected = 1;
        for (String line : lines) {
            MatchResult count = DROPPED.matcher(line).results().findFirst().orElse(null);
            if (count == null) {
                assertThat(line).endsWith("\"total\":" + expected + "}");
                expected++;
            } else {
                dropped += Long.parseLong(count.group(1));
                expected += Long.parseLong(count.group(1));
            }
        }
        assertThat(dropped).isPositive();
        assertThat(expected).isEqualTo(all + 2);
        assertThat(queue.dropped()).isZero();
    }

    @Test
    void aReaderThatIsGoneHoldsUpTheEndForSecondsOnly() {
        EventLines events = new EventLines(out);
        for (int i = 1; i <= EventLines.CAPACITY; i++) {
            events.accept(new EchoEvent.Messages(NOON, 7, 1, i));
        }
        out.progress("ready");
        long start = System.nanoTime();
        events.close();
        assertThat(System.nanoTime() - start).isLessThan(60_000_000_000L);
        assertThat(queue.hasFailed()).as("nobody has read the count, either").isTrue();
        reader.countDown();
    }
}
