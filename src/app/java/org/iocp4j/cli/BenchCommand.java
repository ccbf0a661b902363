package org.iocp4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.ZipFile;
import org.iocp4j.bench.Bench;
import org.iocp4j.bench.BenchPage;
import org.iocp4j.bench.BenchResult;
import org.iocp4j.bench.ClientKind;
import org.iocp4j.bench.ForeignLoad;
import org.iocp4j.bench.LeftOut;
import org.iocp4j.bench.Load;
import org.iocp4j.bench.Machine;
import org.iocp4j.bench.ScaleBench;
import org.iocp4j.bench.ServerKind;
import org.iocp4j.bench.ServerSpec;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code iocp4j bench}: the server against C and against other Java servers. */
@Command(name = "bench", sortOptions = false,
        description =
                "Measures servers against each other: starts each as a process, drives all with the same client in"
                + " turns, and compares the turns of the same round. On Linux the servers run under Wine: ratios count,"
                + " figures are Wine's.",
        footerHeading = "%nServers and loads:%n", footer = {
            "  iocp4j         this one, with the options of serve: --servers \"iocp4j --workers 1\"",
            "  iocp4j@FILE    the one in the application jar of another build, with options of that:",
            "                 --baseline iocp4j@before.jar; FILE ends in .jar and has no comma",
            "  c, c-best      a completion-port server in C (tests/bench/echo.c, with its options),",
            "                 plain, and with all its switches; needs mingw-w64 or MSVC",
            "  jdk-async, jdk-selector, jdk-virtual   the JDK's asynchronous channels, its selector,",
            "                 blocking channels with virtual threads",
            "  nio2-iocp4j, nio2-iocp4j-reuse   the program of jdk-async on iocp4j's channels, and on those with",
            "                 sockets used again",
            "  jdk-http       the JDK's HttpServer; for http loads alone",
            "  netty-nio, netty-iocp, netty-iocp-reuse   Netty on its NIO transport, on iocp4j's, and on that",
            "                 with sockets used again; for all loads but those of redis",
            "  handlers-iocp4j, handlers-selector, handlers-netty   the HTTP and Redis handlers of examples on",
            "                 this server, on the JDK's selectors, and on Netty's NIO transport; for http but not",
            "                 https, and for redis",
            "",
            "  ping-pong-1, -50, -500   64 bytes there and back, on that many connections",
            "  over-send-50             100 messages of 10 bytes in one batch; an operation is one message",
            "  16k-50                   16 KiB there and back",
            "  churn-1, -50, -500       connect, 64 bytes there and back, both sides close",
            "  burst-5000               5,000 connect at once and echo once, leave, and come again: that is measured",
            "  held-5000                connect and echo once; then idle, for the memory",
            "  held-5000-active-50      50 of 5,000 connections echo 64 bytes",
            "  http-1, -50, -500        a GET and its answer of 64 bytes, on that many connections",
            "  http-1m-50               the same of 1 MiB",
            "  http-churn-20            connect, a GET and its answer, both sides close",
            "  https-50                 http-50 through TLS",
            "  redis-50, redis-50-p16   a SET of 64 bytes and its reply, and 16 of them sent together",
            "",
            "JSON, one object per load and server: load, connections, server, baseline, client; ratioMedian,",
            "  ratioLow, ratioHigh: operations per second by the baseline's in the same round;",
            "  operationsPerSecond (median), operations; per operation: cpuMicrosPerOperation,",
            "  wineserverCpuMicrosPerOperation, wineserverRequestsPerOperation (its reads),",
            "  systemCallsPerOperation (iocp4j's alone, its workers' own count),",
            "  bytesAllocatedPerOperation (Java heap); compilationMillis: how long the JIT's compilations have",
            "  taken that ended meanwhile; p50Micros, p99Micros, p999Micros;",
            "  bytesPerConnection (growth of the process, held loads only), pairs, secondsPerTurn;",
            "  foreignCpuPercent: what other programs used, in percent of one processor (Linux only);",
            "  disturbedPairs: rounds in which that was more than " + ForeignLoad.DISTURBING_PERCENT
                    + " in this server's turn or the",
            "  baseline's; countedPairs: rounds that all but the memory is of: those that were not",
            "  disturbed, if they are half or more, and else all.",
            "  What the platform does not say is null. A peer that cannot bear a load is left out of it; its",
            "  object has load, connections, server, baseline and leftOut, which says why.",
            "",
            "--scale: this server alone, in this process, on a kernel that costs next to nothing, with 1, 1,000,",
            "  10,000 ... sessions in turn. Nanoseconds of echo-in-sequence, echo-at-random: one echo;",
            "  echo-at-random-in-batches: one of 64 that the server finds together; tick: of the server's clock,",
            "  while nothing happens; statistics: one look; broadcast: a message to all, by each; connect: by each",
            "  of those that come. broadcast-packets is a number: the packets for such a message, of all together.",
            "  The ratio is to the same with fewer sessions in the same round.",
            "  JSON, one object per figure and number: figure, sessions, nanosMedian, nanosLow, nanosHigh",
            "  (packetsMedian ... of packets), base: how many sessions the ratio is to; ratioMedian, ratioLow,",
            "  ratioHigh, rounds.",
            "  Last, echo-on-two-ports: an echo's nanoseconds of a worker's time, alone and with a second worker on a",
            "  port of its own; how many times as many echoes two make, how many times as much unrelated work",
            "  (echoesMedian, workMedian), and the ratio of these two: 1 if the ports share nothing.",
        })
final class BenchCommand implements Callable<Integer> {
    private static final int PROGRESS_SECONDS = 2;
    private static final List<String> QUICK_LOADS = List.of("ping-pong-50", "over-send-50", "churn-50");
    private static final Duration QUICK_TIME = Duration.ofMillis(500);
    private static final int QUICK_PAIRS = 3;
    private static final int DEFAULT_PAIRS = 7;
    private static final Duration WARM_UP = Duration.ofSeconds(2);
    private static final Duration QUICK_WARM_UP = Duration.ofSeconds(1);

    @Spec
    private CommandSpec spec;

    @Option(names = "--loads", paramLabel = "L,...",
            description = "which, of those below (default all that the baseline can do)")
    private String loads;

    @Option(names = "--servers", paramLabel = "S,...",
            description = "which, of those below, each with options of its own after a blank (default all); a load is"
                    + " measured with those that can do it")
    private String servers;

    @Option(names = "--baseline", paramLabel = "S",
            description = "what the ratios are relative to (default c, for http netty-nio, for redis handlers-netty)")
    private String baseline;

    @Option(names = "--client", paramLabel = "CLIENT",
            description = "what drives the servers: java (default), or on Linux epoll, a client in C that answers each"
                    + " echo at once and so shows which connections a server lets wait; needs gcc; for ping-pong,"
                    + " over-send and 16k; wrk, for http-1, -50, -500 and http-1m-50, ab, for http-churn-20, and"
                    + " redis-benchmark, for redis, which are to be installed")
    private ClientKind client;

    @Allowed(min = 1, max = 1_000)
    @Option(names = "--pairs", paramLabel = "N", description = "rounds, 1 to 1000 (default 7)")
    private Integer pairs;

    @Allowed(min = 1, max = 600)
    @Option(names = "--seconds", paramLabel = "N", description = "length of a turn, 1 to 600 (default 1)")
    private Integer seconds;

    @Option(names = "--quick",
            description = "three loads, three rounds, half a second a turn: about a minute, and rough")
    private boolean quick;

    @Option(names = "--scale",
            description = "how this server's own costs grow with its sessions, without Wine, in five minutes; takes"
                    + " --pairs and --json alone")
    private boolean scale;

    @Option(names = "--json", description = "one JSON object per load and server")
    private boolean json;

    @Option(names = "--html", paramLabel = "FILE", description = "write a page with plots, which needs nothing else")
    private String html;

    @Override
    public Integer call() throws InterruptedException {
        return scale ? measureScale() : measureServers();
    }

    private int measureScale() throws InterruptedException {
        if (loads != null || servers != null || baseline != null || client != null || seconds != null || quick
                || html != null) {
            throw new CommandFailure("--scale: takes --pairs and --json alone", ExitCode.WRONG_OPTIONS);
        }
        ScaleBench.Plan plan = ScaleBench.usual(pairs != null ? pairs : DEFAULT_PAIRS);
        AtomicReference<String> state = new AtomicReference<>("starting");
        try (var _ = new Progress(Output.err(spec), PROGRESS_SECONDS, second -> second + " s  " + state.get())) {
            ScaleBench bench = new ScaleBench(plan, state::set);
            ScaleReport.print(bench.run(), plan.rounds(), json, spec.commandLine().getOut());
            ScaleReport.print(bench.ports(), plan.rounds(), json, spec.commandLine().getOut());
            return ExitCode.OK;
        } catch (IOException e) {
            throw new CommandFailure("bench: " + e.getMessage());
        }
    }

    private int measureServers() throws InterruptedException {
        Bench.Plan plan = plan();
        Optional<OutputFile> page = OutputFile.checked("--html", html);
        PrintWriter out = spec.commandLine().getOut();
        List<BenchResult> results = new ArrayList<>();
        List<LeftOut> leftOut = new ArrayList<>();
        AtomicReference<String> state = new AtomicReference<>("starting");
        try (Machine machine = new Machine(home());
                var _ = new Progress(Output.err(spec), PROGRESS_SECONDS, second -> second + " s  " + state.get())) {
            Bench bench = new Bench(plan, machine, BenchServer.class.getName(), state::set);
            BenchReport report = json ? new BenchReport.Json(out, plan)
                    : new BenchReport.Text(out, plan, machine.description());
            // The wineserver is unpinned inside: only then may the signal end the process.
            try (var _ = Interrupt.runs(bench::stop)) {
                bench.run(load -> {
                    results.addAll(load);
                    report.results(load);
                }, peer -> {
                    leftOut.add(peer);
                    report.leftOut(peer);
                });
            }
            if (bench.isStopped()) {
                spec.commandLine().getErr().println("interrupted: the servers have ended");
                return ExitCode.INTERRUPTED;
            }
            page.ifPresent(file -> file.write(BenchPage.of(machine.description(), command(plan), results, leftOut)));
            return ExitCode.OK;
        } catch (IOException e) {
            throw new CommandFailure("bench: " + e.getMessage());
        }
    }

    private Bench.Plan plan() {
        List<Load> wanted = wantedLoads();
        List<ServerSpec> baselines = baselines(wanted);
        List<ServerSpec> all = allServers(baselines, wanted);
        Bench.Plan plan = new Bench.Plan(wanted, all, client(),
                pairs != null ? pairs : quick ? QUICK_PAIRS : DEFAULT_PAIRS,
                seconds != null ? Duration.ofSeconds(seconds) : quick ? QUICK_TIME : Duration.ofSeconds(1),
                quick ? QUICK_WARM_UP : WARM_UP, !quick, !quick);
        for (ServerSpec server : all) {
            String option = baselines.contains(server) ? "--baseline: " : "--servers: ";
            if (server.jar() != null) {
                checkJar(option, server);
            } else if (server.kind() == ServerKind.IOCP4J) {
                check(option, server, plan.longestIdle());
            }
        }
        return plan;
    }

    private ClientKind client() {
        if (client == ClientKind.EPOLL && !System.getProperty("os.name").equals("Linux")) {
            throw OptionErrors.notAllowed("--client", client, "java: only Linux has epoll");
        }
        return client == null ? ClientKind.JAVA : client;
    }

    /** Without {@code --loads} those that the client and the baseline can do. */
    private List<Load> wantedLoads() {
        List<String> names = Load.all().stream().map(Load::name).toList();
        String wanted = loads != null ? loads : String.join(",", quick ? QUICK_LOADS : names);
        List<Load> all = each("--loads", wanted, Load::of, String.join(", ", names));
        if (loads == null) {
            return all.stream().filter(client()::drives)
                    .filter(load -> baseline == null || baseline().kind().offers(load.service())).toList();
        }
        all.stream().filter(load -> !client().drives(load)).findFirst().ifPresent(load -> {
            throw OptionErrors.notAllowed("--client", client, "java for " + load.name());
        });
        return all;
    }

    private ServerSpec baseline() {
        return of("--baseline", baseline, ServerSpec::parse, servers());
    }

    /** One for each load's service. */
    private List<ServerSpec> baselines(List<Load> wanted) {
        if (baseline == null) {
            return wanted.stream().map(load -> switch (load.service()) {
                case ECHO -> ServerKind.C;
                case HTTP, HTTPS -> ServerKind.NETTY_NIO;
                case REDIS -> ServerKind.HANDLERS_NETTY;
            }).distinct().map(kind -> ServerSpec.parse(kind.toString())).toList();
        }
        wanted.stream().filter(load -> !baseline().kind().offers(load.service())).findFirst().ifPresent(load -> {
            throw OptionErrors.notAllowed("--baseline", baseline, "a server that can do " + load.name());
        });
        return List.of(baseline());
    }

    /** The baselines first. */
    private List<ServerSpec> allServers(List<ServerSpec> baselines, List<Load> wanted) {
        List<ServerSpec> all = new ArrayList<>(baselines);
        List<ServerSpec> others = servers == null ? defaultServers()
                : each("--servers", servers, ServerSpec::parse, servers());
        for (ServerSpec server : others) {
            if (wanted.stream().anyMatch(load -> server.kind().offers(load.service()))) {
                all.add(server);
            } else if (servers != null) {
                throw OptionErrors.notAllowed("--servers", server.name(), "servers that can do one of the loads");
            }
        }
        return distinct(all.stream().distinct().toList());
    }

    /** With jars told apart by their paths, where two have the same name. */
    static List<ServerSpec> distinct(List<ServerSpec> all) {
        List<Path> jars = all.stream().map(ServerSpec::jar).filter(Objects::nonNull).distinct().toList();
        return jars.stream().map(Path::getFileName).distinct().count() == jars.size() ? all
                : all.stream().map(ServerSpec::withWholePath).toList();
    }

    private static List<ServerSpec> defaultServers() {
        return Arrays.stream(ServerKind.values()).map(kind -> ServerSpec.parse(kind.toString())).toList();
    }

    private static String servers() {
        return "a server's name, and options where it takes some: iocp4j@FILE.jar (without a comma), "
                + Arrays.stream(ServerKind.values()).map(ServerKind::toString).collect(Collectors.joining(", "));
    }

    private static <T> List<T> each(String option, String list, Function<String, T> parser, String allowed) {
        return Arrays.stream(list.split(",", -1)).map(name -> of(option, name.strip(), parser, allowed)).distinct()
                .toList();
    }

    private static <T> T of(String option, String name, Function<String, T> parser, String allowed) {
        try {
            return parser.apply(name);
        } catch (IllegalArgumentException e) {
            throw OptionErrors.notAllowed(option, name, allowed);
        }
    }

    /** Now, not minutes later when its process starts. */
    private static void check(String option, ServerSpec server, Duration longestIdle) {
        try {
            EchoOptions options = BenchServer.parse(server.options().toArray(String[]::new)).toEchoOptions();
            if (options.protocol() != EchoProtocol.RAW) {
                throw OptionErrors.notAllowed(option + "--protocol", EnumConverter.name(options.protocol()),
                        "raw, as with the other servers");
            }
            InetAddress host = options.server().address().getAddress();
            if (!host.isAnyLocalAddress() && !host.getHostAddress().equals(BenchServer.HOST)) {
                throw OptionErrors.notAllowed(option + "--host", host.getHostAddress(),
                        BenchServer.HOST + ": there the client connects");
            }
            Duration idle = options.server().idleTime();
            if (!idle.isZero() && idle.compareTo(longestIdle) <= 0) {
                throw OptionErrors.notAllowed(option + "--idle-timeout", DurationConverter.format(idle.toMillis()),
                        "0s or more than " + DurationConverter.format(longestIdle.toMillis())
                                + ": so long nothing may move on a connection that a load holds");
            }
        } catch (ParameterException e) {
            throw new CommandFailure(option + OptionErrors.describe(e), ExitCode.WRONG_OPTIONS);
        }
    }

    /** Its options are another build's: that one says what is wrong with them. */
    private static void checkJar(String option, ServerSpec server) {
        String wrong = wrong(server.jar());
        if (wrong != null) {
            throw new CommandFailure(option + "'" + server.withWholePath().name() + "' is not allowed: "
                    + OptionErrors.oneLine(wrong), ExitCode.WRONG_OPTIONS);
        }
    }

    /** Why no server can be started from it; null if there is no reason. */
    private static String wrong(Path jar) {
        if (!Files.isRegularFile(jar)) {
            return Files.exists(jar) ? "it is no ordinary file" : "no such file";
        }
        if (!Machine.canName(jar)) {
            return "its whole path has a character that a Windows class path cannot have: " + jar.toAbsolutePath();
        }
        String main = BenchServer.class.getName();
        try (ZipFile file = new ZipFile(jar.toFile())) {
            return file.getEntry(main.replace('.', '/') + ".class") != null ? null
                    : "it is no application jar of iocp4j, or older than bench: it has no class " + main;
        } catch (IOException e) {
            return "it is no jar: " + e.getMessage();
        }
    }

    /** The project's folder, in which the launcher lies; null without a launcher. */
    private static Path home() {
        String launcher = System.getenv(ServerProcess.LAUNCHER);
        if (launcher == null) {
            // The launcher of Windows has ended by now, and its environment with it: it passes the folder itself.
            String home = System.getProperty("iocp4j.home");
            return home == null ? null : Path.of(home).toAbsolutePath().normalize();
        }
        return Path.of(launcher).toAbsolutePath().getParent();
    }

    /** What makes such a page again. */
    private String command(Bench.Plan plan) {
        StringBuilder command = new StringBuilder("./iocp4j bench");
        if (quick) {
            command.append(" --quick");
        }
        if (loads != null) {
            command.append(" --loads ").append(loads);
        }
        if (servers != null) {
            command.append(" --servers \"").append(plan.servers().stream().map(ServerSpec::name).collect(
                    Collectors.joining(","))).append('"');
        }
        if (baseline != null) {
            command.append(" --baseline \"").append(plan.servers().getFirst().name()).append('"');
        }
        if (client != null) {
            command.append(" --client ").append(client);
        }
        return command.append(" --pairs ").append(plan.pairs()).append(" --html ")
                .append(Path.of(html).getFileName()).toString();
    }
}
