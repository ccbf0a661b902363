package org.iocp4j.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A server in a process of its own. It prints {@code ready HOST:PORT}, answers each line of its standard input with
 * {@code costs BYTES CALLS MILLIS}, its own counts or {@code -} for those it has not (earlier builds had no MILLIS of
 * its JIT's, the first no CALLS), and ends with its standard input, so that none outlives us.
 */
final class ServerChild implements AutoCloseable {
    private static final String READY = "ready ";
    private static final String COSTS = "costs ";
    private static final int LOG_LINES = 20;
    /** What has used no processor time for so long is at rest; the platform counts that by 10 or 16 ms. */
    private static final long REST_NANOS = 60_000_000;
    private static final long LOOK_NANOS = 20_000_000;
    /** Longer is not waited for. */
    private static final long LONGEST_UNREST_NANOS = 10_000_000_000L;

    /** How long to wait for a server's answers, and for its end. */
    record Patience(int answerSeconds, int endSeconds) {
        /** An answer has longer than a JVM needs for its start under Wine. */
        static final Patience USUAL = new Patience(30, 20);
    }

    private final ServerSpec spec;
    private final Machine machine;
    private final Patience patience;
    private final Process process;
    /** The lines of its standard output; empty stands for its end. */
    private final BlockingQueue<Optional<String>> out = new LinkedBlockingQueue<>();
    private final Writer in;
    /** The last of what it wrote to its standard error. Guarded by itself. */
    private final Deque<String> log = new ArrayDeque<>();
    private final Thread logReader;
    private final InetSocketAddress address;
    private final Long residentAtStart;

    /**
     * Starts it; returns when it accepts.
     *
     * @param service   what it is to offer; all servers know echo, and are not told of it
     * @param mainClass of the Java servers: the kind, its options and the service follow it
     */
    ServerChild(ServerSpec spec, Service service, Machine machine, String mainClass, Patience patience)
            throws IOException {
        this.spec = spec;
        this.machine = machine;
        this.patience = patience;
        List<String> arguments = new ArrayList<>(spec.kind().options());
        arguments.addAll(spec.options());
        if (service != Service.ECHO) {
            arguments.add(service.toString());
        }
        if (!spec.kind().isC()) {
            arguments.addAll(0, List.of(mainClass, spec.kind().toString()));
        }
        List<String> command = spec.kind().isC() ? machine.program(machine.cServer(), arguments)
                : machine.java(spec.jar(), arguments);
        process = new ProcessBuilder(command).start();
        logReader = Thread.ofPlatform().name("server-log").daemon().start(this::readLog);
        Thread.ofPlatform().name("server-output").daemon().start(this::readLines);
        in = process.outputWriter();
        try {
            String[] ready = line(READY).split(":");
            address = new InetSocketAddress(InetAddress.getByName(ready[0]), Integer.parseInt(ready[1]));
            residentAtStart = Machine.residentBytes(process.toHandle());
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private void readLog() {
        process.errorReader().lines().forEach(line -> {
            synchronized (log) {
                if (log.size() == LOG_LINES) {
                    log.removeFirst();
                }
                log.add(line);
            }
        });
    }

    private void readLines() {
        try {
            process.inputReader().lines().map(Optional::of).forEach(out::add);
        } finally {
            out.add(Optional.empty());
        }
    }

    /** Its next line of this kind, without the word. */
    private String line(String word) throws IOException {
        try {
            while (true) {
                Optional<String> line = out.poll(patience.answerSeconds, TimeUnit.SECONDS);
                if (line == null) {
                    throw new IOException(spec.name() + ": no answer for " + patience.answerSeconds + " s");
                }
                if (line.isEmpty()) {
                    throw new IOException(spec.name() + ": the server has ended: " + lastWords());
                }
                if (line.get().startsWith(word)) {
                    return line.get().substring(word.length());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + spec.name());
        }
    }

    /** What it wrote last to its standard error; empty if nothing. */
    String lastWords() {
        try {
            logReader.join(Duration.ofSeconds(1)); // what it wrote last may still be on its way
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (log) {
            return String.join("; ", log);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    Costs costs() throws IOException {
        in.write("\n");
        in.flush();
        String[] own = line(COSTS).split(" ");
        return new Costs(Machine.cpuNanos(process.toHandle()), machine.wineserverCpuNanos(),
                machine.wineserverRequests(), count(own, 0), count(own, 1), count(own, 2));
    }

    /**
     * Waits until it is at rest, and the wineserver. A server may have put off what its clients do not wait for:
     * {@code handlers-selector} goes on to close connections for a second after two of {@code http-churn-20} [wine].
     *
     * @return for how many nanoseconds it has worked on itself; 0 where the platform does not tell
     */
    long awaitRest() throws IOException {
        long start = System.nanoTime();
        long latest = start;
        long latestOwn = start; // the wineserver may be others', too
        long ownNanos = nanos(Machine.cpuNanos(process.toHandle()));
        long wineserverNanos = nanos(machine.wineserverCpuNanos());
        for (long now = start; now - latest < REST_NANOS && now - start < LONGEST_UNREST_NANOS;
                now = System.nanoTime()) {
            try {
                TimeUnit.NANOSECONDS.sleep(LOOK_NANOS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while " + spec.name() + " was at work");
            }
            long ownBefore = ownNanos;
            long wineserverBefore = wineserverNanos;
            ownNanos = nanos(Machine.cpuNanos(process.toHandle()));
            wineserverNanos = nanos(machine.wineserverCpuNanos());
            if (ownNanos > ownBefore) {
                latestOwn = System.nanoTime();
            }
            if (ownNanos > ownBefore || wineserverNanos > wineserverBefore) {
                latest = System.nanoTime();
            }
        }
        return latestOwn - start;
    }

    private static long nanos(Long told) {
        return told == null ? 0 : told;
    }

    private static Long count(String[] counts, int which) {
        return which >= counts.length || counts[which].equals("-") ? null : Long.valueOf(counts[which]);
    }

    /** Its growth since it was ready; null where the platform does not tell. */
    Long grownBytes() {
        Long now = Machine.residentBytes(process.toHandle());
        return now == null || residentAtStart == null ? null : Long.valueOf(now - residentAtStart);
    }

    /** Returns when it is gone: killed, if it does not end. */
    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            // It has ended already; the error of the last request says why.
        }
        try {
            if (!process.waitFor(patience.endSeconds, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
