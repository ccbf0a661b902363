package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LineQueueTest {
    private static final String LINE = "x".repeat(99) + "\n";
    private static final Duration SHORT_STALL = Duration.ofMillis(100);
    private static final int MORE_THAN_FIT = 2 * LineQueue.CAPACITY_BYTES / LINE.length();

    private final Pipe pipe = new Pipe();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final LineQueue errors = new LineQueue("standard error", err, null);
    private final LineQueue lines = new LineQueue("standard output", pipe, errors);

    /** A stream like a pipe that nobody reads until {@link #read}. */
    private static final class Pipe extends OutputStream {
        final ByteArrayOutputStream text = new ByteArrayOutputStream();
        final List<String> writes = new ArrayList<>();
        private final CountDownLatch readers = new CountDownLatch(1);
        volatile long pauseMillis;

        void read() {
            readers.countDown();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                readers.await();
                Thread.sleep(pauseMillis);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            synchronized (this) {
                text.write(bytes, offset, length);
                writes.add(new String(bytes, offset, length, StandardCharsets.UTF_8));
            }
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        synchronized String text() {
            return text.toString(StandardCharsets.UTF_8);
        }
    }

    @AfterEach
    void nothingBlocksForEver() {
        pipe.read();
        lines.end();
        errors.end();
    }

    @Test
    void whoOffersNeverWaitsAndWhatDoesNotFitIsCounted() {
        PrintStream log = lines.log();
        List<Thread> workers = IntStream.range(0, 4).mapToObj(i -> Thread.ofPlatform().start(() -> {
            for (int n = 0; n < MORE_THAN_FIT; n++) {
                log.print(LINE);
            }
        })).toList();
        workers.forEach(LineQueueTest::join);
        assertThat(lines.dropped()).isBetween(7L * MORE_THAN_FIT / 2 - 1, 7L * MORE_THAN_FIT / 2 + 1);
        pipe.read();
        await().until(() -> pipe.text().lines().count() + lines.dropped() == 4L * MORE_THAN_FIT);
        assertThat(pipe.text().replace(LINE, "")).isEmpty();
    }

    /** Standard output is read by programs, which would not know what to make of such a line. */
    @Test
    void whenItFlowsAgainStandardErrorTellsWhatWasDropped() {
        offer(MORE_THAN_FIT);
        long dropped = lines.dropped();
        pipe.read();
        await().until(() -> pipe.text().lines().count() + dropped == MORE_THAN_FIT);
        assertThat(err()).isEmpty();
        offer(1);
        await().until(() -> err()
                .equals("standard output: " + dropped + " lines were dropped, for nobody read them\n"));
        await().until(() -> pipe.text().lines().count() + dropped == MORE_THAN_FIT + 1);
        assertThat(pipe.text().replace(LINE, "")).isEmpty();
    }

    @Test
    void standardErrorTellsInItself() {
        Pipe blocked = new Pipe();
        LineQueue own = new LineQueue("standard error", blocked, null);
        for (int i = 0; i < MORE_THAN_FIT; i++) {
            own.offer(LINE.getBytes(StandardCharsets.UTF_8));
        }
        long dropped = own.dropped();
        blocked.read();
        await().until(() -> blocked.text().lines().count() + dropped == MORE_THAN_FIT);
        own.offer("at last\n".getBytes(StandardCharsets.UTF_8));
        await().until(() -> blocked.text().endsWith(LINE + "standard error: " + dropped
                + " lines were dropped, for nobody read them\nat last\n"));
        own.end();
    }

    @Test
    void aSlowReaderGetsAllOfAResult() {
        pipe.pauseMillis = 5;
        Output output = new Output(lines);
        String result = IntStream.range(0, MORE_THAN_FIT).mapToObj(i -> i + LINE).collect(Collectors.joining());
        CompletableFuture<Void> main = CompletableFuture.runAsync(() -> {
            output.print(result);
            output.flush();
        });
        pipe.read();
        main.join();
        assertThat(pipe.text()).isEqualTo(result);
        assertThat(lines.dropped()).isZero();
        assertThat(lines.hasFailed()).isFalse();
    }

    @Test
    void aResultWaitsForItsReaderUntilTheSignalComes() throws Exception {
        LineQueue impatient = impatient();
        Output output = new Output(impatient);
        CompletableFuture<Void> main = CompletableFuture.runAsync(() -> output.println("a result"));
        TimeUnit.MILLISECONDS.sleep(SHORT_STALL.toMillis() + 500);
        assertThat(main).isNotDone();
        impatient.hurry();
        await().until(main::isDone);
        output.println("another, for which nothing waits any more");
        impatient.finish();
        errors.finish();
        assertThat(impatient.hasFailed()).isFalse(); // who asks for the end and does not read misses nothing
        assertThat(err()).isEqualTo("standard output: 2 lines were dropped, for nobody read them\n");
        impatient.end();
    }

    @Test
    void theEndOfACommandThatRanWaitsForNobody() {
        LineQueue impatient = impatient();
        Output output = new Output(impatient);
        output.progress("as it goes");
        output.println("a result");
        impatient.finish();
        errors.finish();
        assertThat(impatient.hasFailed()).isTrue();
        assertThat(err()).startsWith("standard output: not all could be written: nobody reads it\n");
        impatient.end();
    }

    @Test
    void aReaderThatCameBackInTimeGetsTheEndOfACommandThatRan() {
        Output output = new Output(lines);
        output.progress("as it goes");
        lines.hurry();
        pipe.read();
        output.println("totals");
        lines.finish();
        await().until(() -> pipe.text().equals("as it goes\ntotals\n"));
    }

    @Test
    void aBrokenStreamIsToldOnce() {
        LineQueue broken = new LineQueue("standard output", new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        }, errors);
        for (long i = 1; i <= 3; i++) {
            broken.offer("a line\n".getBytes(StandardCharsets.UTF_8));
            long failures = i;
            await().until(() -> broken.dropped() == failures);
        }
        broken.finish();
        await().until(() -> err().equals("standard output: not all could be written: Broken pipe\n"));
        assertThat(broken.hasFailed()).isTrue();
        broken.end();
    }

    /** What others write to the same pipe or console comes between lines, not into them. */
    @Test
    void linesAreWrittenWhole() {
        offer(1000);
        pipe.read();
        await().until(() -> pipe.text().lines().count() == 1000);
        assertThat(pipe.writes).allSatisfy(write -> assertThat(write).endsWith("\n").hasSizeLessThanOrEqualTo(4096));
    }

    @Test
    void aLineOfAnyLengthIsTakenWhereNothingIsBeforeIt() {
        String longLine = "é".repeat(LineQueue.CAPACITY_BYTES) + "\n";
        pipe.read();
        Output output = new Output(lines);
        output.print(longLine);
        output.println("the next");
        assertThat(pipe.text()).isEqualTo(longLine + "the next\n");
    }

    /** For the pipe while nobody reads it: a reader on a slow machine would not be waited for. */
    private LineQueue impatient() {
        return new LineQueue("standard output", pipe, errors, SHORT_STALL);
    }

    private void offer(int count) {
        for (int i = 0; i < count; i++) {
            lines.offer(LINE.getBytes(StandardCharsets.UTF_8));
        }
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
