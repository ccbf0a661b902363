package org.iocp4j.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.iocp4j.cli.ServeFigures.Sample;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.echo.Fault;
import org.iocp4j.socket.HostPort;
import org.iocp4j.win32.ProcessMemory;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code iocp4j serve}: the echo server, with a line a second and totals. */
@Command(name = "serve", sortOptions = false,
        description = "Serves echo on a completion port until Ctrl-C; needs Windows, or Wine. Prints 'ready HOST:PORT',"
                + " a line a second, and totals. D is a number with ms, s or m.")
final class ServeCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(ServeCommand.class);
    private static final long SECOND = 1_000_000_000L;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ServeOptions options;

    @Option(names = "--ready-file", paramLabel = "F",
            description = "write HOST:PORT to this file, whole or not at all, once the server accepts")
    private String readyFile;

    @Allowed(min = 1, max = 604_800)
    @Option(names = "--seconds", paramLabel = "N",
            description = "end by itself after N seconds, 1 to 604800 (default: never)")
    private Integer seconds;

    @Option(names = "--json", description = "one JSON object a second, the last with \"totals\": true")
    private boolean json;

    @Option(names = "--events",
            description = "with --json: also a JSON object for each accept, messages received, and disconnect; what"
                    + " nobody reads in time is dropped, and an object says how many")
    private boolean events;

    @Option(names = "--fault", paramLabel = "F",
            description = "misbehave: latency=D, drop=N, slicer=N, reset-peer=N, half-close=N, never-read, never-close,"
                    + " refuse-accepts, wrong-login, corrupt=N, bandwidth=N, each with ,toxicity=X; may be given"
                    + " several times (docs/test-target.md)")
    private List<String> faults = List.of();

    @Option(names = "--seed", paramLabel = "N", description = "what faults leave to chance comes from it (default 1)")
    private Long seed;

    @Allowed(min = 0, max = 65_535)
    @Option(names = "--control", paramLabel = "P",
            description = "faults are switched by lines on this port of 127.0.0.1, 0 to 65535; 0 picks a free one;"
                    + " 'control HOST:PORT' is printed after 'ready' (default: none)")
    private Integer control;

    private final CountDownLatch stop = new CountDownLatch(1);

    @Override
    public Integer call() throws InterruptedException {
        Output out = Output.out(spec);
        ServeReport report = json ? new ServeReport.Json(out) : new ServeReport.Text(out);
        if (events && !json) {
            throw new CommandFailure("--events: must be given with --json", ExitCode.WRONG_OPTIONS);
        }
        EchoOptions echo = options.toEchoOptions();
        List<Fault> itsFaults = faults.stream().map(ServeCommand::fault).toList();
        if (seed != null) {
            echo = echo.withSeed(seed);
        }
        Optional<OutputFile> ready = OutputFile.of("--ready-file", readyFile);
        try (Win32 win32 = WindowsWin32.attach()) {
            ready.ifPresent(OutputFile::clear);
            EventLines lines = events ? new EventLines(out) : null;
            EchoServer server = start(lines == null ? echo : echo.withEvents(lines));
            // Until here the signal ends the process at once, for nobody knows of a server yet. From here on it ends in
            // order: the totals are printed inside.
            try (var _ = Interrupt.runs(stop::countDown)) {
                Monitor monitor = new Monitor(server, win32);
                try (lines; server; var switches = begin(server, itsFaults)) {
                    announce(server, switches, ready, win32);
                    monitor.run(report);
                }
                report.totals(monitor.totals());
            }
            return ExitCode.OK;
        }
    }

    private static Fault fault(String text) {
        try {
            return Fault.parse(text);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("--fault: " + e.getMessage(), ExitCode.WRONG_OPTIONS);
        }
    }

    /** Puts the faults into force; returns what switches them from now on, null if nothing does. */
    private FaultControl begin(EchoServer server, List<Fault> itsFaults) {
        try {
            itsFaults.forEach(server.faults()::add);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("--fault: " + e.getMessage(), ExitCode.WRONG_OPTIONS);
        }
        try {
            return control == null ? null : new FaultControl(server.faults(), control);
        } catch (IOException e) {
            throw new CommandFailure("--control: 127.0.0.1:" + control + ": " + e.getMessage());
        }
    }

    private EchoServer start(EchoOptions echo) {
        try {
            return EchoServer.start(echo);
        } catch (IOException e) {
            throw new CommandFailure(e.getMessage());
        } catch (UnsupportedOperationException e) {
            throw options.disconnectImpossible(e.getMessage());
        }
    }

    private void announce(EchoServer server, FaultControl switches, Optional<OutputFile> ready, Win32 win32) {
        String address = HostPort.text(server.localAddress());
        // The file first: a script that waits for the line finds it, and one that cannot be written is no ready server.
        ready.ifPresent(file -> file.write(address + "\n"));
        Output.out(spec).progress("ready " + address);
        if (switches != null) {
            Output.out(spec).progress("control " + HostPort.text(switches.localAddress()));
        }
        long startMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - Main.START_NANOS);
        LOG.info("serving on {}, {}, disconnect {}, ready {} ms after main() began", address, options,
                EnumConverter.name(server.disconnectMethod()), startMillis);
        if (!win32.wineVersion().isEmpty()) {
            LOG.info("this is Wine {}: figures are Wine's, not Windows'", win32.wineVersion());
        }
    }

    private long linesDropped() {
        return Output.out(spec).linesDropped() + Output.err(spec).linesDropped();
    }

    /** Takes a sample a second, on the thread that runs it. */
    private final class Monitor {
        private final EchoServer server;
        private final Win32 win32;
        private final Sample start;
        private boolean mismatchExplained;

        Monitor(EchoServer server, Win32 win32) {
            this.server = server;
            this.win32 = win32;
            this.start = sample();
        }

        private Sample sample() {
            Long cpu = ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElse(null);
            return new Sample(System.nanoTime(), server.statistics(), cpu, ProcessMemory.now(win32));
        }

        /** Returns when the signal has come or the time is up. */
        void run(ServeReport report) throws InterruptedException {
            Sample before = start;
            for (int second = 1; seconds == null || second <= seconds; second++) {
                long tick = start.nanos() + second * SECOND;
                if (stop.await(tick - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    return;
                }
                Sample now = sample();
                report.second(figures(before, now));
                explainMismatches(now);
                before = now;
            }
        }

        private void explainMismatches(Sample now) {
            if (now.echo().server().faults().keyMismatches() > 0 && !mismatchExplained) {
                mismatchExplained = true;
                LOG.warn("packets name the wrong session: a socket that is used again keeps the completion key of its"
                        + " first session (--identity key). Each such session is disconnected, and counted in"
                        + " keyMismatches; the server goes on.");
            }
        }

        ServeFigures totals() {
            return figures(start, sample());
        }

        /**
         * The heap is no part of a sample, since the first is taken before "ready", and it takes long to ask at first.
         */
        private ServeFigures figures(Sample before, Sample now) {
            return ServeFigures.between(before, now, start, linesDropped(), JavaHeap.bytesAfterGc());
        }
    }
}
