package org.iocp4j.bench;

import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * A load generator that others have made, as a process for each turn: it connects, works and leaves by itself. It
 * measures in whole seconds.
 */
abstract class ToolClient implements Client {
    private static final long LOOK_MILLIS = 50;
    /** Beyond the time that it works. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Load load;
    private final InetSocketAddress server;
    private final BooleanSupplier stopped;
    private final Path folder = Files.createTempDirectory("iocp4j-bench");
    /** What runs now; null if nothing does. */
    private Process process;

    ToolClient(Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException {
        this.load = load;
        this.server = server;
        this.stopped = stopped;
    }

    /** @throws IOException if there is no such program; the message says which package has it */
    static void require(String program, String debianPackage) throws IOException {
        String path = System.getenv("PATH");
        if (path == null || Stream.of(path.split(File.pathSeparator)).filter(entry -> !entry.isEmpty())
                .noneMatch(entry -> Files.isExecutable(Path.of(entry, program)))) {
            throw new IOException("--client " + program + " needs the program of that name in PATH; Debian and Ubuntu"
                    + " have it in the package " + debianPackage);
        }
    }

    /** Works for so many seconds. */
    abstract BenchClient.Counted work(long seconds) throws IOException;

    final Load load() {
        return load;
    }

    final String host() {
        return server.getAddress().getHostAddress();
    }

    final int port() {
        return server.getPort();
    }

    /** A file of this turn's. */
    final Path file(String name) {
        return folder.resolve(name);
    }

    /** Nothing: it connects when it works. */
    @Override
    public final BenchClient.Counted open() {
        return new BenchClient.Counted(0, 1, 0, BenchClient.newHistogram());
    }

    @Override
    public final void idle(Duration time) {
        throw new UnsupportedOperationException("no load of this client's is held: " + load.name());
    }

    @Override
    public final BenchClient.Counted work(Duration time) throws IOException {
        return work(Math.max(1, Math.round(time.toMillis() / 1000.0)));
    }

    /** What it prints, once it has ended in order. */
    final String run(List<String> command, long seconds) throws IOException {
        Path out = file("out.txt");
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
        process.getOutputStream().close();
        long end = System.nanoTime() + PATIENCE.plusSeconds(seconds).toNanos();
        while (!hasEnded()) {
            if (stopped.getAsBoolean()) {
                throw new InterruptedIOException(load.name() + ": stopped");
            }
            if (System.nanoTime() - end > 0) {
                throw failure("does not end: " + Files.readString(out));
            }
        }
        String text = Files.readString(out);
        if (process.exitValue() != 0) {
            throw failure("ends with " + process.exitValue() + ": " + text);
        }
        return text;
    }

    private boolean hasEnded() throws InterruptedIOException {
        try {
            return process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(load.name() + ": interrupted");
        }
    }

    final BenchClient.Failure failure(String what) {
        return new BenchClient.Failure(load.name() + ": the client " + what.strip(), null);
    }

    /** Records a share of some operations, by percentiles that it tells: no single times are known. */
    static void record(Histogram micros, double millis, long times) {
        if (times > 0) {
            micros.recordValueWithCount(Math.min(Math.round(millis * 1000), micros.getHighestTrackableValue()), times);
        }
    }

    /** It has left. */
    @Override
    public final void leave() {
    }

    @Override
    public final void close() throws IOException {
        if (process != null) {
            process.destroyForcibly();
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
