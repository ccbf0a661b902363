package org.iocp4j.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.soak.Traffic;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code iocp4j soak}: whether a server grows that serves good and bad clients for a long time. */
@Command(name = "soak", sortOptions = false,
        description = "Runs a server with well-behaved and abusive clients, and watches memory, Java heap, sockets,"
                + " operations and, on Linux, files. Exit code 0 if all stay flat, the well-behaved clients see no"
                + " error, and nothing is left at the end.")
final class SoakCommand implements Callable<Integer> {
    private static final int MAX_SESSIONS = 200;
    /** Few sockets, so that each is used often, and times short enough for each to run out often. */
    private static final List<String> SERVER_OPTIONS = List.of("--max-sessions", String.valueOf(MAX_SESSIONS),
            "--accepts", "32", "--pool", "64", "--idle-timeout", "8s", "--disconnect-time", "2s");
    /**
     * A heap of one size from the start, so that the process's memory shows what grows outside it; and a full
     * collection every five seconds, so that what is left after one shows what grows inside.
     */
    private static final List<String> JVM_OPTIONS = List.of("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseG1GC",
            "-XX:G1PeriodicGCInterval=5000", "-XX:-G1PeriodicGCInvokesConcurrent",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"); // not a line for each bad client
    private static final int SECONDS_A_LINE = 10;
    /**
     * For the clients to end, and the server then to be seen at rest. Where no signal can end it, it ends after these.
     */
    private static final int SPARE_SECONDS = 60;
    private static final int REST_SECONDS = 30;

    @Spec
    private CommandSpec spec;

    @Allowed(min = 1, max = 10_080)
    @Option(names = "--minutes", paramLabel = "N", description = "length, 1 to 10080 (default 10)")
    private Integer minutes;

    @Allowed(min = 20, max = 604_800)
    @Option(names = "--seconds", paramLabel = "N", description = "length instead, 20 to 604800")
    private Integer seconds;

    @Option(names = "--json", description = "one JSON object each ten seconds, the last with \"summary\": true")
    private boolean json;

    private final CountDownLatch stop = new CountDownLatch(1);
    /** What the signal has to end, too: it may not be ready yet. */
    private volatile ServerProcess server;

    @Override
    public Integer call() throws InterruptedException {
        if (minutes != null && seconds != null) {
            throw new CommandFailure("--seconds: not together with --minutes, see iocp4j soak --help",
                    ExitCode.WRONG_OPTIONS);
        }
        int length = seconds != null ? seconds : 60 * (minutes == null ? 10 : minutes);
        SoakReport report = json ? new SoakReport.Json(Output.out(spec)) : new SoakReport.Text(Output.out(spec));
        // The server is ended inside: only then may the signal end this process.
        try (var _ = Interrupt.runs(this::interrupt)) {
            SoakResult result = run(length, report);
            if (result == null) {
                spec.commandLine().getErr().println("interrupted: the server has ended");
                return ExitCode.INTERRUPTED;
            }
            report.summary(result);
            return result.problems().isEmpty() ? ExitCode.OK : ExitCode.FAILED;
        } catch (IOException e) {
            throw new CommandFailure("soak: " + e.getMessage());
        }
    }

    /** null if the signal came. */
    private SoakResult run(int length, SoakReport report) throws IOException, InterruptedException {
        int longest = length + SPARE_SECONDS;
        List<String> options = new ArrayList<>(SERVER_OPTIONS);
        options.addAll(List.of("--seconds", String.valueOf(longest)));
        try (ServerProcess process = ServerProcess.start(JVM_OPTIONS, options)) {
            server = process;
            if (stop.getCount() == 0) {
                return null;
            }
            String address = process.awaitReady();
            int colon = address.lastIndexOf(':');
            report.started(address, length);
            Growth growth = new Growth(process.pid());
            Traffic traffic = new Traffic(new InetSocketAddress(address.substring(0, colon),
                    Integer.parseInt(address.substring(colon + 1))), MAX_SESSIONS, Duration.ofSeconds(longest),
                    () -> process.latest() == null ? null : process.latest().echo().server());
            Traffic.Outcome outcome;
            try {
                watch(length, process, traffic, growth, report);
            } finally {
                outcome = traffic.stop();
            }
            if (stop.getCount() == 0) {
                return null;
            }
            ServerStatistics atRest = awaitRest(process);
            return new SoakResult(length, growth.judge(), outcome, atRest, process.end(longest).echo());
        } catch (CommandFailure | IOException e) {
            if (stop.getCount() == 0) {
                // that the server ended, perhaps before the last client had come, is what the signal asked for
                return null;
            }
            throw e;
        }
    }

    private void interrupt() {
        stop.countDown();
        if (server != null) {
            server.interrupt();
        }
    }

    private void watch(int length, ServerProcess process, Traffic traffic, Growth growth, SoakReport report)
            throws InterruptedException {
        long start = System.nanoTime();
        for (int second = 1; second <= length; second++) {
            if (stop.await(start + TimeUnit.SECONDS.toNanos(second) - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return;
            }
            if (!process.isAlive()) {
                throw new CommandFailure("the server ended after " + second + " s (see above)");
            }
            growth.sample((System.nanoTime() - start) / 1e9, process.latest(), traffic.isFlooding());
            if (second % SECONDS_A_LINE == 0) {
                report.line(second, process.latest());
            }
        }
    }

    /** The figures when all clients have gone and nothing of them is left; or the last ones, if that does not come. */
    private static ServerStatistics awaitRest(ServerProcess process) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(REST_SECONDS);
        while (!SoakResult.isAtRest(process.latest().echo().server()) && System.nanoTime() - end < 0 && process
                .isAlive()) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
        return process.latest().echo().server();
    }
}
