package org.iocp4j.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.iocp4j.simulation.Hunt;
import org.iocp4j.simulation.Plan;
import org.iocp4j.simulation.Simulation;
import org.iocp4j.simulation.Violation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code iocp4j simulate}: whole servers, or other programs, on a simulated Windows kernel, a life a seed. */
@Command(name = "simulate", sortOptions = false,
        description =
                "Runs whole servers on a simulated Windows kernel, on any OS: one life a seed, with clients, schedule"
                + " and"
                + " faults by the seed, and everything that must hold checked. A seed gives the same run every time.",
        footerHeading = "%nPlans:%n", footer = {
            "  calm     nothing fails, nothing is delayed",
            "  unruly   nothing fails; order and time are whatever Windows allows",
            "  faults   everything that can go wrong does, now and then",
            "  harsh    the same, often",
            "  late     faults, and packets that come long after their operations' end",
            "  posts    faults, those of PostQueuedCompletionStatus too",
            "  cancels  faults, those of CancelIoEx too",
            "  shortages  faults, and memory that is refused for some time",
            "  all      each seed has one of these, in turn",
            "",
            "Odd seeds are lives of the echo server, even ones of the library under unkind",
            "handlers and busy callers, or of a group that listens and connects;",
            "with --program layer, all are lives of programs that",
            "use sockets, listeners and files directly, in one domain or two; with --program netty,",
            "of programs that use Netty's channels, in one event loop; with --program channels, of",
            "programs on java.nio's asynchronous channels, in one group or two; with --program tls,",
            "of servers inside of TLS. Progress and, with --json, violations go to stderr.",
            "",
            "JSON, one object at the end: from, plan, seeds (that were run), started (those",
            "  whose server did not fail to start), steps, violations, firstFailingSeed",
            "  (null if none), seconds, seedsPerSecond",
            "",
            "The server's log is off, for injected faults fill it. To see it:",
            "  IOCP4J_JAVA_OPTS=-Dorg.slf4j.simpleLogger.log.org.iocp4j=info",
        })
final class SimulateCommand implements Callable<Integer> {
    private static final int MOST_SHOWN = 20;
    private static final int PROGRESS_SECONDS = 1;
    private static final String NETTY_LOG_LEVEL = "org.slf4j.simpleLogger.log.io.netty";
    private static final String LOG_LEVEL = "org.slf4j.simpleLogger.log.org.iocp4j";
    /** Has the simulated kernel remember where each operation was posted. */
    private static final String REPEATED_SEED = "seed";

    private final Function<Simulation.Program, Simulation.Factory> simulations;

    @Spec
    private CommandSpec spec;

    @Allowed(min = 1, max = 1_000_000_000)
    @Option(names = "--seeds", paramLabel = "N", description = "how many, 1 to 1000000000 (default 2000)")
    private long seeds = 2_000;

    @Allowed(min = 0, max = 1_000_000_000_000L)
    @Option(names = "--from", paramLabel = "S", description = "the first, 0 to 1000000000000 (default 1)")
    private long from = 1;

    @Option(names = "--plan", paramLabel = "P",
            description = "what fails: calm, unruly, faults, harsh, late, posts, cancels, shortages or all"
                    + " (default all)")
    private Plan plan = Plan.ALL;

    @Allowed(min = 0, max = 8_192)
    @Option(names = "--trace", paramLabel = "N",
            description = "how much of its trace a violation shows, 0 to 8192 lines (default 40)")
    private int traceLines = 40;

    @Option(names = "--program", paramLabel = "P",
            description = "what lives: server, or layer, straight on the layer of sockets, or netty, on the transport"
                    + " for Netty, or channels, on java.nio's, or tls, a server inside of it (default server)")
    private Simulation.Program program = Simulation.Program.SERVER;

    @Option(names = "--json", description = "one JSON object at the end")
    private boolean json;

    SimulateCommand() {
        this(Simulation.Program::factory);
    }

    SimulateCommand(Function<Simulation.Program, Simulation.Factory> simulations) {
        this.simulations = simulations;
    }

    @Override
    public Integer call() {
        setUnlessGiven(LOG_LEVEL, "off"); // loggers read it when they are made: before the first server
        setUnlessGiven(NETTY_LOG_LEVEL, "off");
        if (seeds == 1) {
            setUnlessGiven(REPEATED_SEED, String.valueOf(from));
        }
        Hunt hunt = new Hunt(from, seeds, plan, traceLines, simulations.apply(program));
        // The summary is printed inside: only then may the signal end the process.
        try (var _ = Interrupt.runs(hunt::stop)) {
            Hunt.Result result;
            try (var _ = new Progress(Output.err(spec), PROGRESS_SECONDS, second -> progress(second, hunt.soFar()))) {
                result = hunt.run(violation -> tell(violation, hunt.soFar().violations()));
            }
            sum(result);
            return result.violations() == 0 ? ExitCode.OK : ExitCode.FAILED;
        }
    }

    private static void setUnlessGiven(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    private void tell(Violation violation, long number) {
        if (number > MOST_SHOWN) {
            return; // counted all the same
        }
        PrintWriter to = json ? spec.commandLine().getErr() : spec.commandLine().getOut();
        StringBuilder text = new StringBuilder();
        text.append("seed ").append(violation.seed()).append(", plan ").append(violation.plan()).append(": ")
                .append(OptionErrors.oneLine(violation.what())).append('\n');
        violation.trace().lines().forEach(line -> text.append("  ").append(line).append('\n'));
        text.append("  again: ./iocp4j simulate --from ").append(violation.seed()).append(" --seeds 1 --plan ")
                .append(violation.plan()).append(program == Simulation.Program.SERVER ? "" : " --program " + program)
                .append('\n');
        if (number == MOST_SHOWN && seeds > MOST_SHOWN) {
            text.append("further violations are counted, not shown\n");
        }
        to.print(text);
        to.flush();
        if (seeds == 1 && violation.cause() != null) {
            violation.cause().printStackTrace(to);
        }
    }

    private String progress(int second, Hunt.Result now) {
        return line("%5ds  %,d of %,d seeds  %s seeds/s  %s", second, now.seeds(), seeds, rate(now), violations(now));
    }

    private void sum(Hunt.Result result) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new JsonLine().put("from", from).put("plan", plan)
                    .put("seeds", result.seeds()).put("started", result.started()).put("steps", result.steps())
                    .put("violations", result.violations())
                    .put("firstFailingSeed", result.firstFailingSeed()).put("seconds", result.seconds())
                    .put("seedsPerSecond", result.seedsPerSecond()).end());
            return;
        }
        String first = result.firstFailingSeed() == null ? "" : ", the first in seed " + result.firstFailingSeed();
        out.println(line("total: %s from %d on, plan %s, %,d %s started, %,d steps, %.1f s, %s seeds/s: %s%s",
                done(result, seeds), from,
                plan, result.started(), program == Simulation.Program.SERVER ? "servers" : "programs", result.steps(),
                result.seconds(), rate(result), violations(result), first));
    }

    private static String done(Hunt.Result result, long seeds) {
        return result.seeds() == seeds ? line("%,d seeds", seeds) : line("%,d of %,d seeds", result.seeds(), seeds);
    }

    private static String rate(Hunt.Result result) {
        return result.seedsPerSecond() == null ? "-" : line("%.0f", result.seedsPerSecond());
    }

    private static String violations(Hunt.Result result) {
        return line(result.violations() == 1 ? "%,d violation" : "%,d violations", result.violations());
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
