package org.iocp4j.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/**
 * The client in C, in a process of its own for each turn; the head of its source says what it reads and writes. It ends
 * with its standard input, so that none outlives us.
 */
final class EpollClient implements Client {
    private static final JsonFactory JSON = new JsonFactory();
    private static final String FAILED = "failed ";
    private static final String LEFT = "left";
    private static final long LOOK_MILLIS = 100;
    /** Beyond the longest that it takes itself. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int END_SECONDS = 5;

    private final Load load;
    private final BooleanSupplier stopped;
    private final Process process;
    private final Writer in;
    /** The lines of its output; empty stands for its end. */
    private final BlockingQueue<Optional<String>> out = new LinkedBlockingQueue<>();

    /** Starts it; it connects at once. */
    EpollClient(Path program, Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException {
        this.load = load;
        this.stopped = stopped;
        process = new ProcessBuilder(List.of(program.toString(), server.getAddress().getHostAddress(),
                String.valueOf(server.getPort()), String.valueOf(load.connections()), String.valueOf(load.bytes()),
                String.valueOf(load.messages()))).redirectErrorStream(true).start();
        in = process.outputWriter();
        Thread.ofPlatform().name("client-output").daemon().start(this::readLines);
    }

    private void readLines() {
        try {
            process.inputReader().lines().map(Optional::of).forEach(out::add);
        } finally {
            out.add(Optional.empty());
        }
    }

    @Override
    public BenchClient.Counted open() throws IOException {
        return counted(line(Duration.ZERO));
    }

    @Override
    public void idle(Duration time) {
        throw new UnsupportedOperationException("no load of this client's is held: " + load.name());
    }

    @Override
    public BenchClient.Counted work(Duration time) throws IOException {
        ask("work " + time.toMillis());
        return counted(line(time));
    }

    @Override
    public void leave() throws IOException {
        ask("leave");
        String answer = line(Duration.ZERO);
        if (!answer.equals(LEFT)) {
            throw failure("the client says " + answer, null);
        }
    }

    private void ask(String what) throws IOException {
        try {
            in.write(what + "\n");
            in.flush();
        } catch (IOException e) {
            // It has ended: its last line, or the end of its lines, says so.
        }
    }

    /** Its next line, which it has this time for, and what it takes itself before it gives up. */
    private String line(Duration time) throws IOException {
        long end = System.nanoTime() + time.plus(BenchClient.LONGEST_PHASE).plus(PATIENCE).toNanos();
        Optional<String> line = null;
        while (line == null) {
            if (stopped.getAsBoolean()) {
                throw new InterruptedIOException(load.name() + ": stopped");
            }
            if (System.nanoTime() - end > 0) {
                throw failure("the client does not answer", null);
            }
            line = poll();
        }
        String text = line.orElseThrow(() -> failure("the client has ended", null));
        if (text.startsWith(FAILED)) {
            throw failure(text.substring(FAILED.length()), null);
        }
        return text;
    }

    private Optional<String> poll() throws IOException {
        try {
            return out.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(load.name() + ": interrupted");
        }
    }

    private BenchClient.Counted counted(String line) throws IOException {
        try {
            return parse(line);
        } catch (IOException | RuntimeException e) {
            throw failure("the client says " + line, e);
        }
    }

    /**
     * What it has counted, of a line of it.
     *
     * @throws IOException if the line is none
     */
    static BenchClient.Counted parse(String line) throws IOException {
        Long operations = null;
        Long nanos = null;
        Long all = null;
        Histogram micros = null;
        try (JsonParser parser = JSON.createParser(line)) {
            require(parser.nextToken() == JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "operations" -> operations = parser.getLongValue();
                    case "nanos" -> nanos = parser.getLongValue();
                    case "all" -> all = parser.getLongValue();
                    case "micros" -> micros = micros(parser);
                    default -> parser.skipChildren();
                }
            }
            require(parser.nextToken() == null);
        }
        require(operations != null && nanos != null && all != null && micros != null);
        return new BenchClient.Counted(operations, nanos, all, micros);
    }

    private static Histogram micros(JsonParser parser) throws IOException {
        Histogram micros = BenchClient.newHistogram();
        while (parser.nextToken() == JsonToken.START_ARRAY) {
            long value = parser.nextLongValue(-1);
            long times = parser.nextLongValue(-1);
            require(value >= 0 && times > 0 && parser.nextToken() == JsonToken.END_ARRAY);
            micros.recordValueWithCount(value, times);
        }
        return micros;
    }

    private static void require(boolean isSo) throws IOException {
        if (!isSo) {
            throw new IOException("no counts of the client's");
        }
    }

    private BenchClient.Failure failure(String what, Exception cause) {
        return new BenchClient.Failure(load.name() + ": " + what, cause);
    }

    @Override
    public void close() throws IOException {
        try {
            in.close();
        } catch (IOException e) {
            // It has ended already.
        }
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
