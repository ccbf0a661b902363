package org.iocp4j.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.iocp4j.echo.EchoStatistics;
import org.iocp4j.load.LoadClient;
import org.iocp4j.load.LoadOptions;
import org.iocp4j.load.LoadStatistics;
import org.iocp4j.load.LoadSummary;
import org.iocp4j.load.RoundTrip;
import org.iocp4j.server.ServerStatistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code iocp4j demo}: the server as it should be, then the same with the bug, both under load. */
@Command(name = "demo", sortOptions = false,
        description = "Serves and loads an echo server for some seconds, and shows how its sockets are used again; then"
                + " shows what happens when the completion key names the session.")
final class DemoCommand implements Callable<Integer> {
    private static final int CLIENTS = 50;
    private static final int OVER_SEND = 100;
    private static final double RECONNECT_PERCENT = 5;
    /** Longer than load's default: two JVMs, Wine and whatever else runs here share the processors. */
    private static final Duration ECHO_TIMEOUT = Duration.ofSeconds(5);
    private static final int BUG_SECONDS = 3;
    /** Few accepts and few free sockets, so that within these seconds each socket comes round many times. */
    private static final List<String> BUG_OPTIONS = List.of("--identity", "key", "--accepts", "2", "--pool", "2");
    /** How much longer than its load a server may live: long where a signal ends it, short where it is waited for. */
    private static final int SPARE_SECONDS = ServerProcess.canInterrupt() ? 60 : 6;

    @Spec
    private CommandSpec spec;

    @Allowed(min = 1, max = 3_600)
    @Option(names = "--seconds", paramLabel = "N", description = "length of the first part, 1 to 3600 (default 10)")
    private int seconds = 10;

    /** What the signal has to end. Guarded by this. */
    private ServerProcess server;
    private LoadClient load;
    private boolean interrupted;

    @Override
    public Integer call() throws InterruptedException {
        // The servers are ended inside: only then may the signal end this process.
        try (var _ = Interrupt.runs(this::interrupt)) {
            progress("1. A server whose packets find their sessions through the OVERLAPPED, under load for %d s",
                    seconds);
            Part right = run(seconds, List.of());
            if (right == null) {
                return interrupted();
            }
            tellRight(right);
            say("");
            progress("2. The same for %d s with the session in the completion key: the bug", BUG_SECONDS);
            Part wrong = run(BUG_SECONDS, BUG_OPTIONS);
            if (wrong == null) {
                return interrupted();
            }
            tellWrong(wrong);
            say("");
            return verdict(right, wrong);
        }
    }

    /** What both sides counted. */
    private record Part(LoadSummary load, EchoStatistics echo) {
        List<String> errors() {
            List<String> errors = new ArrayList<>();
            LoadReport.errors(load.total()).forEach((name, count) -> add(errors, name, count));
            if (load.firstConnectFailure() != null) {
                errors.add("first connect failure: " + load.firstConnectFailure());
            }
            serverErrors().forEach((name, count) -> add(errors, name, count));
            return errors;
        }

        /** What a run without a fault leaves at 0. Clients' resets are no fault, nor is what they cost. */
        private Map<String, Object> serverErrors() {
            ServerStatistics.Incidents incidents = server().incidents();
            Map<String, Object> errors = RecordFields.of(server().faults());
            errors.put("sessionsRefusedFull", incidents.sessionsRefusedFull());
            errors.put("sessionsRefusedStopping", incidents.sessionsRefusedStopping());
            errors.put("latePackets", incidents.latePackets());
            errors.put("acceptFailures", incidents.acceptFailures());
            errors.put("closeTimeouts", incidents.closeTimeouts());
            errors.put("protocolErrors", echo.protocolErrors());
            return errors;
        }

        private static void add(List<String> errors, String name, Object count) {
            if (!count.equals(0L)) {
                errors.add(name + " " + count);
            }
        }

        ServerStatistics server() {
            return echo.server();
        }

        ServerStatistics.Sockets sockets() {
            return server().sockets();
        }

        long mismatches() {
            return server().faults().keyMismatches();
        }
    }

    /** One server and its load; null if the signal came. */
    private Part run(int length, List<String> serverOptions) throws InterruptedException {
        int longest = length + SPARE_SECONDS;
        List<String> options = new ArrayList<>(serverOptions);
        options.addAll(List.of("--seconds", String.valueOf(longest)));
        try (ServerProcess process = ServerProcess.start(options)) {
            if (!running(process, null)) {
                return null;
            }
            progress("   starting the server ...");
            String address = process.awaitReady();
            progress("   it listens on %s; %d clients, %d messages in flight on each, %.0f %% reconnects after a batch;"
                    + " an echo is missing after %d s", address, CLIENTS, OVER_SEND, RECONNECT_PERCENT,
                    ECHO_TIMEOUT.toSeconds());
            int colon = address.lastIndexOf(':');
            LoadClient client = new LoadClient(LoadOptions
                    .to(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)))
                    .clients(CLIENTS).overSend(OVER_SEND).reconnectPercent(RECONNECT_PERCENT)
                    .duration(Duration.ofSeconds(length)).echoTimeout(ECHO_TIMEOUT).build());
            if (!running(process, client)) {
                return null;
            }
            LoadSummary summary = client.run(now -> second(now, process));
            progress("   ending the server ...");
            ServeFigures totals = process.end(longest);
            return running(null, null) ? new Part(summary, totals.echo()) : null;
        } catch (IOException e) {
            throw new CommandFailure("load: " + e.getMessage());
        } catch (CommandFailure e) {
            if (running(null, null)) {
                throw e;
            }
            return null; // that the server ended is what the signal asked for
        }
    }

    /** Tells what runs now; false if the signal has come. */
    private synchronized boolean running(ServerProcess process, LoadClient client) {
        server = process;
        load = client;
        return !interrupted;
    }

    private synchronized void interrupt() {
        interrupted = true;
        if (load != null) {
            load.stop();
        }
        if (server != null) {
            server.interrupt();
        }
    }

    private int interrupted() {
        say("interrupted: the server has ended");
        return ExitCode.INTERRUPTED;
    }

    private void second(LoadStatistics now, ServerProcess process) {
        ServeFigures latest = process.latest();
        String server = latest == null ? "-" : seen(latest.echo().server());
        progress("%6.0fs  %2d clients  %,9.0f messages/s  %,5.0f connects/s   server: %s", now.elapsedSeconds(),
                now.sessions(), now.receivedMessagesPerSecond(), now.connectsPerSecond(), server);
    }

    private static String seen(ServerStatistics server) {
        return String.format(Locale.ROOT, "%,d sockets made, %,d times reused, %,d key mismatches",
                server.sockets().socketsCreated(), server.sockets().socketsReused(), server.faults().keyMismatches());
    }

    private void tellRight(Part part) {
        LoadStatistics s = part.load.total();
        RoundTrip r = part.load.roundTripMicros();
        say("   echoed    %,d of %,d messages, each checked; round trip p50 %s, p99 %s", s.receivedMessages(),
                s.sentMessages(), r == null ? "-" : millis(r.p50()), r == null ? "-" : millis(r.p99()));
        say("   sockets   %,d made, %,d times reused, for %,d connections: %,d calls of socket() saved",
                part.sockets().socketsCreated(), part.sockets().socketsReused(),
                part.server().connections().accepts(), part.sockets().socketsReused());
        say("   clients   %,d left by FIN, %,d by RST; %d sessions left at the end", s.closedByFin(), s.closedByReset(),
                part.server().connections().sessions());
        List<String> errors = part.errors();
        say("   errors    %s", errors.isEmpty() ? "every counter of both sides is 0" : String.join(", ", errors));
    }

    private static String millis(double micros) {
        return String.format(Locale.ROOT, "%.1f ms", micros / 1000);
    }

    private void tellWrong(Part part) {
        long mismatches = part.mismatches();
        if (mismatches == 0) {
            say("   No mismatch was counted in %,d connections on %,d sockets: too few for a socket to be used again,"
                    + " or the bug is not there.", part.server().connections().accepts(),
                    part.sockets().socketsCreated());
            return;
        }
        LoadStatistics s = part.load.total();
        String seen = LoadReport.errors(s).entrySet().stream().filter(error -> error.getValue() != 0)
                .map(error -> error.getKey() + " " + error.getValue()).collect(Collectors.joining(", "));
        say("   sockets   %,d made, %,d times reused", part.sockets().socketsCreated(), part.sockets().socketsReused());
        say("   server    %,d packets named the wrong session; it stayed up, delivered none of them, and disconnected"
                + " their owners", mismatches);
        say("   clients   %s", seen.isEmpty() ? "saw no error" : "saw what a user of such a server sees: " + seen);
        say("   why       A socket that is used again keeps the completion key of its first session, and a second");
        say("             CreateIoCompletionPort fails with ERROR_INVALID_PARAMETER (87). So on a reused socket the");
        say("             key names a session of long ago. The OVERLAPPED names the right one: part 1.");
    }

    private int verdict(Part right, Part wrong) {
        List<String> problems = new ArrayList<>();
        if (!right.errors().isEmpty()) {
            problems.add("errors in part 1");
        }
        if (right.server().connections().sessions() != 0) {
            problems.add("sessions left over in part 1");
        }
        if (wrong.mismatches() == 0) {
            problems.add("the bug did not show in part 2");
        }
        say("total: %,d + %,d messages echoed, sockets reused %,d + %,d times, key mismatches %,d + %,d: %s",
                right.load.total().receivedMessages(), wrong.load.total().receivedMessages(),
                right.sockets().socketsReused(), wrong.sockets().socketsReused(), right.mismatches(),
                wrong.mismatches(),
                problems.isEmpty() ? "as it should be" : String.join(", ", problems));
        return problems.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    /** While a server runs: it waits for nobody who reads. */
    private void progress(String format, Object... values) {
        Output.out(spec).progress(String.format(Locale.ROOT, format, values));
    }

    private void say(String format, Object... values) {
        Output.out(spec).println(String.format(Locale.ROOT, format, values));
    }
}
