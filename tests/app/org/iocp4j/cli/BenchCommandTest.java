package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.bench.Bench;
import org.iocp4j.bench.ClientKind;
import org.iocp4j.bench.ForeignLoad;
import org.iocp4j.bench.Load;
import org.iocp4j.bench.Results;
import org.iocp4j.bench.ScaleFigure;
import org.iocp4j.bench.ScaleResult;
import org.iocp4j.bench.ServerSpec;
import org.iocp4j.bench.Spread;
import org.iocp4j.server.ServerOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class BenchCommandTest {
    private static final Bench.Plan PLAN = plan(List.of("ping-pong-1", "held-5000-active-50"), specs("c"));

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** Two servers, each a process, one pair; the C server is left out, since there may be no compiler. */
    @Test
    @Tag("slow")
    @NeedsCompletionPorts
    void measuresThisServerAgainstAnother(@TempDir Path folder) throws IOException {
        Path page = folder.resolve("bench.html");
        int exit = Main.run(out, err, "bench", "--quick", "--pairs", "1", "--loads", "ping-pong-1", "--servers",
                "iocp4j",
                "--baseline", "jdk-async", "--json", "--html", page.toString());
        assertThat(exit).as(text(err)).isZero();
        List<String> lines = text(out).lines().toList();
        assertThat(lines).hasSize(2);
        Map<String, Object> peer = fields(lines.getFirst());
        assertThat(peer).containsEntry("server", "jdk-async").containsEntry("ratioMedian", 1.0);
        Map<String, Object> ours = fields(lines.getLast());
        assertThat(ours).containsEntry("load", "ping-pong-1").containsEntry("connections", 1.0)
                .containsEntry("server", "iocp4j").containsEntry("baseline", "jdk-async")
                .containsEntry("pairs", 1.0).containsEntry("ratioLow", ours.get("ratioHigh"));
        assertThat((Double) ours.get("ratioMedian")).isPositive();
        assertThat((Double) ours.get("operationsPerSecond")).isPositive();
        assertThat((Double) ours.get("bytesAllocatedPerOperation")).isNotNegative();
        assertThat((Double) ours.get("systemCallsPerOperation")).as("a receive, a send, and looks at the port")
                .isBetween(2.0, 10.0);
        assertThat(peer).containsEntry("systemCallsPerOperation", null);
        assertThat(Files.readString(page)).contains("ping-pong-1", "jdk-async", "</html>");
    }

    @Test
    @Tag("slow")
    @NeedsCompletionPorts
    void measuresHttpOnOurTransportAgainstNettysOwn() throws IOException {
        int exit = Main.run(out, err, "bench", "--quick", "--pairs", "1", "--loads", "https-50", "--servers",
                "netty-iocp", "--json");
        assertThat(exit).as(text(err)).isZero();
        List<String> lines = text(out).lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(fields(lines.getFirst())).containsEntry("server", "netty-nio").containsEntry("ratioMedian", 1.0);
        assertThat(fields(lines.getLast())).containsEntry("load", "https-50").containsEntry("server", "netty-iocp")
                .containsEntry("baseline", "netty-nio")
                .hasEntrySatisfying("ratioMedian", ratio -> assertThat((Double) ratio).isPositive())
                .hasEntrySatisfying("p99Micros", micros -> assertThat((Double) micros).isPositive());
    }

    /** Of one build, twice: what is compared here is not how fast they are. */
    @Test
    @Tag("packaged")
    @Tag("slow")
    @NeedsCompletionPorts
    void measuresThisServerAgainstAnotherJars() throws IOException {
        String built = System.getProperty("iocp4j.app.jar");
        assumeTrue(built != null && Files.exists(Path.of(built)), "mvn package makes the application jar");
        // Left there: what a process has just had open cannot always be deleted as soon as it has ended.
        Path folder = Files.createTempDirectory(Path.of(built).getParent(), "bench-test");
        Path before = Files.copy(Path.of(built), folder.resolve("before.jar"));
        int exit = Main.run(out, err, "bench", "--quick", "--pairs", "2", "--loads", "ping-pong-1", "--json",
                "--servers", "iocp4j", "--baseline", "iocp4j@" + before + " --workers 1");
        assertThat(exit).as(text(err)).isZero();
        List<String> lines = text(out).lines().toList();
        assertThat(lines).hasSize(2);
        Map<String, Object> ours = fields(lines.getLast());
        assertThat(ours).containsEntry("server", "iocp4j").containsEntry("baseline", "iocp4j@before.jar --workers 1");
        assertThat((Double) ours.get("ratioMedian")).isPositive();
        assertThat(fields(lines.getFirst())).containsEntry("ratioMedian", 1.0)
                .hasEntrySatisfying("systemCallsPerOperation", calls -> assertThat((Double) calls)
                .isBetween(2.0, 10.0));
    }

    @Test
    @Tag("nightly") // three minutes; ScaleBenchTest has the same with fewer sessions
    @Timeout(600)
    void measuresWhatSessionsCost() throws IOException {
        assertThat(Main.run(out, err, "bench", "--scale", "--pairs", "1", "--json")).as(text(err)).isZero();
        List<String> lines = text(out).lines().toList();
        assertThat(fields(lines.getFirst())).containsEntry("figure", "echo-in-sequence").containsEntry("sessions", 1.0)
                .containsEntry("rounds", 1.0);
        assertThat(fields(lines.getLast())).containsEntry("figure", "echo-on-two-ports").containsEntry("rounds", 1.0)
                .hasEntrySatisfying("ratioMedian", ratio -> assertThat((Double) ratio).isPositive());
        assertThat(fields(lines.get(lines.size() - 2))).containsEntry("figure", "connect")
                .containsEntry("base", 1_000.0).hasEntrySatisfying("sessions", most -> assertThat((Double) most)
                        .isBetween(60_000.0, (double) ServerOptions.MAX_SESSIONS))
                .hasEntrySatisfying("nanosMedian", nanos -> assertThat((Double) nanos).isPositive());
    }

    @Test
    void figuresOfSessionsAreATableOrJson() throws IOException {
        List<ScaleResult> results = List.of(new ScaleResult(ScaleFigure.ECHO_AT_RANDOM, 60_000,
                new Spread(3_097.4, 3_000, 4_000), 1, new Spread(12.145, 11, 13)));
        StringWriter text = new StringWriter();
        ScaleReport.print(results, 7, false, new PrintWriter(text));
        assertThat(text.toString().lines()).hasSize(3).first().asString().contains("median of 7 rounds");
        assertThat(text.toString().lines().toList().getLast().split("[ -]+(?=[0-9])")).containsExactly("echo-at-random",
                "60,000", "3,097", "3,000", "4,000", "12.15", "11.00", "13.00", "1");
        StringWriter json = new StringWriter();
        ScaleReport.print(results, 7, true, new PrintWriter(json));
        assertThat(fields(json.toString())).containsExactly(
                Map.entry("figure", "echo-at-random"), Map.entry("sessions", 60_000.0),
                Map.entry("nanosMedian", 3_097.4), Map.entry("nanosLow", 3_000.0), Map.entry("nanosHigh", 4_000.0),
                Map.entry("base", 1.0), Map.entry("ratioMedian", 12.145), Map.entry("ratioLow", 11.0),
                Map.entry("ratioHigh", 13.0), Map.entry("rounds", 7.0));
    }

    @Test
    void jsonHasEveryFigureOfAServerUnderALoad() throws IOException {
        StringWriter text = new StringWriter();
        new BenchReport.Json(new PrintWriter(text), PLAN).results(List.of(Results.full()));
        assertThat(fields(text.toString())).containsExactly(
                Map.entry("load", "held-5000-active-50"), Map.entry("connections", 5_000.0),
                Map.entry("server", "iocp4j --workers 1"), Map.entry("baseline", "c"),
                Map.entry("client", "java"),
                Map.entry("ratioMedian", 0.75), Map.entry("ratioLow", 0.5), Map.entry("ratioHigh", 1.25),
                Map.entry("operationsPerSecond", 200.0), Map.entry("operations", 1_000.0),
                Map.entry("cpuMicrosPerOperation", 5.0), Map.entry("wineserverCpuMicrosPerOperation", 2.5),
                Map.entry("wineserverRequestsPerOperation", 8.125), Map.entry("systemCallsPerOperation", 3.0),
                Map.entry("bytesAllocatedPerOperation", 1.0), Map.entry("compilationMillis", 40.0),
                Map.entry("p50Micros", 500.0), Map.entry("p99Micros", 990.0), Map.entry("p999Micros", 999.0),
                Map.entry("bytesPerConnection", 512.0), Map.entry("pairs", 3.0), Map.entry("secondsPerTurn", 0.5),
                Map.entry("foreignCpuPercent", 7.4), Map.entry("disturbedPairs", 1.0), Map.entry("countedPairs", 2.0));
    }

    @Test
    void jsonHasAnObjectForEachPeerThatIsLeftOut() throws IOException {
        StringWriter text = new StringWriter();
        new BenchReport.Json(new PrintWriter(text), PLAN).leftOut(Results.leftOut());
        assertThat(fields(text.toString())).containsExactly(
                Map.entry("load", "held-5000-active-50"), Map.entry("connections", 5_000.0),
                Map.entry("server", "netty-nio"), Map.entry("baseline", "c"),
                Map.entry("client", "java"), Map.entry("leftOut", "nothing came <for> 20 s,\nat all"));
    }

    @Test
    void whatThePlatformDoesNotTellIsNull() throws IOException {
        StringWriter text = new StringWriter();
        new BenchReport.Json(new PrintWriter(text), PLAN).results(List.of(Results.bare()));
        assertThat(fields(text.toString())).containsEntry("cpuMicrosPerOperation", 1.0)
                .containsEntry("wineserverRequestsPerOperation", null)
                .containsEntry("bytesAllocatedPerOperation", null)
                .containsEntry("bytesPerConnection", null)
                .containsEntry("foreignCpuPercent", null)
                .containsEntry("disturbedPairs", null)
                .containsEntry("countedPairs", 3.0);
    }

    @Test
    void textHasATableForEachLoad() {
        StringWriter text = new StringWriter();
        BenchReport report = new BenchReport.Text(new PrintWriter(text), PLAN, "this machine");
        report.results(List.of(Results.bare()));
        report.leftOut(Results.leftOut());
        report.results(List.of(Results.full()));
        assertThat(text.toString().lines().map(String::strip)).startsWith("this machine",
                "ratios to c: median of 3 rounds, lowest - highest; 0.5 s a turn", "").hasSize(11)
                .anyMatch(line -> line.matches(
                        "c-best +0\\.75 +0\\.50 - +1\\.25 +200 +1\\.0 +- +- +- +- +500 +990 +999 +- +-"))
                .anyMatch(line -> line.matches("iocp4j --workers 1 .* 512 +1 of 3"))
                .containsOnlyOnce("netty-nio                    left out: nothing came <for> 20 s, at all")
                .anyMatch(line -> line.startsWith("held-5000-active-50 "));
    }

    @Test
    void aLoadIsMeasuredWithTheServersThatOfferItsService() {
        Bench.Plan plan = plan(List.of("ping-pong-1", "http-1"), specs("c", "netty-nio", "iocp4j", "jdk-http"));
        assertThat(plan.servers(Load.of("ping-pong-1"))).isEqualTo(specs("c", "netty-nio", "iocp4j"));
        assertThat(plan.servers(Load.of("http-1"))).isEqualTo(specs("netty-nio", "jdk-http"));
        StringWriter text = new StringWriter();
        new BenchReport.Text(new PrintWriter(text), plan, "this machine");
        assertThat(text.toString()).contains("ratios to c or netty-nio: ");
    }

    private static Bench.Plan plan(List<String> loads, List<ServerSpec> servers) {
        return new Bench.Plan(loads.stream().map(Load::of).toList(), servers, ClientKind.JAVA, 3,
                Duration.ofMillis(500), Duration.ofSeconds(1), true, true);
    }

    @Test
    void textSaysWhetherTheMachineWasIdleButForTheBench() {
        assertThat(lastLine(new ForeignLoad(2.4, 0, 3)))
                .isEqualTo("the machine was idle but for the bench: other programs used 2 % of a processor");
        assertThat(lastLine(new ForeignLoad(13.0, 1, 2))).isEqualTo(
                "other programs used 13 % of a processor: disturbed rounds, with more than 10 %, do not count");
        assertThat(lastLine(new ForeignLoad(37.0, 2, 3)))
                .isEqualTo("other programs used 37 % of a processor: ratios may be off");
        assertThat(lastLine(new ForeignLoad(null, null, 3)))
                .isEqualTo("this platform does not tell what other programs used");
    }

    private static String lastLine(ForeignLoad foreign) {
        StringWriter text = new StringWriter();
        new BenchReport.Text(new PrintWriter(text), PLAN, "this machine").results(List.of(Results.full(foreign)));
        return text.toString().lines().toList().getLast();
    }

    @Test
    void aNameThatIsLongPushesTheFiguresOfAllAside() {
        ServerSpec before = ServerSpec.parse("iocp4j@" + "before".repeat(6) + ".jar --workers 1");
        Bench.Plan plan = plan(List.of("ping-pong-1"), List.of(ServerSpec.parse("c"), before));
        StringWriter text = new StringWriter();
        BenchReport report = new BenchReport.Text(new PrintWriter(text), plan, "this machine");
        report.results(List.of(Results.bare(), Results.of("ping-pong-1", before)));
        assertThat(text.toString().lines().skip(3).limit(3)).extracting(line -> line.charAt(before.name().length()))
                .containsOnly(' ');
        assertThat(text.toString().lines().skip(3).limit(3)).extracting(String::length).hasSameElementsAs(
                List.of(text.toString().lines().toList().get(3).length()));
    }

    @Test
    void wrongOptionsAreOneLine() {
        assertThat(wrong("--loads", "ping")).startsWith("--loads: 'ping' is not allowed, must be ping-pong-1, ");
        assertThat(wrong("--servers", "iocp4j,apache")).startsWith("--servers: 'apache' is not allowed, must be ");
        assertThat(wrong("--baseline", "netty-nio --fast"))
                .startsWith("--baseline: 'netty-nio --fast' is not allowed, must be ");
        assertThat(wrong("--baseline", "c", "--loads", "churn-1,http-1"))
                .startsWith("--baseline: 'c' is not allowed, must be a server that can do http-1");
        assertThat(wrong("--servers", "netty-nio,iocp4j", "--loads", "http-1"))
                .startsWith("--servers: 'iocp4j' is not allowed, must be servers that can do one of the loads");
        assertThat(wrong("--scale", "--loads", "churn-1")).isEqualTo("--scale: takes --pairs and --json alone\n");
        assertThat(wrong("--pairs", "0")).startsWith("--pairs: '0' is not allowed, must be 1 to 1000");
        assertThat(wrong("--servers", "iocp4j --workers 0"))
                .startsWith("--servers: --workers: '0' is not allowed, must be 1 to 1024");
        assertThat(wrong("--baseline", "iocp4j --workers 0")).startsWith("--baseline: --workers: '0' is not allowed");
    }

    @Test
    void aJarWithoutAServerOfOursIsRefusedBeforeAnythingRuns(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("text.jar"), "no jar");
        Path other = folder.resolve("other.jar");
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(other))) {
            jar.putNextEntry(new JarEntry("org/iocp4j/server/IocpServer.class"));
        }
        Path empty = Files.createDirectory(folder.resolve("folder.jar"));
        Path before = folder.resolve("before.jar");
        assertThat(wrong("--servers", "iocp4j@" + before)).isEqualTo(
                "--servers: 'iocp4j@" + before + "' is not allowed: no such file\n");
        assertThat(wrong("--baseline", "iocp4j@" + empty + " --workers 1")).isEqualTo(
                "--baseline: 'iocp4j@" + empty + " --workers 1' is not allowed: it is no ordinary file\n");
        assertThat(wrong("--servers", "iocp4j,iocp4j@" + text)).startsWith(
                "--servers: 'iocp4j@" + text + "' is not allowed: it is no jar: ");
        assertThat(wrong("--servers", "iocp4j@" + other)).isEqualTo("--servers: 'iocp4j@" + other + "' is not allowed:"
                + " it is no application jar of iocp4j, or older than bench:"
                + " it has no class org.iocp4j.cli.BenchServer\n");
    }

    @Test
    void aJarThatTheCommandLineCannotNameIsRefused(@TempDir Path folder) throws IOException {
        assertThat(wrong("--servers", "iocp4j@a,b.jar")).startsWith(
                "--servers: 'iocp4j@a' is not allowed, must be a server's name,")
                .contains(" iocp4j@FILE.jar (without a comma)");
        assertThat(wrong("--servers", "netty-nio@before.jar"))
                .startsWith("--servers: 'netty-nio@before.jar' is not allowed, must be ");
        Path apart = Files.writeString(Files.createDirectory(folder.resolve("a;b")).resolve("before.jar"), "");
        assertThat(wrong("--servers", "iocp4j@" + apart)).startsWith("--servers: 'iocp4j@" + apart + "' is not allowed:"
                + " its whole path has a character that a Windows class path cannot have: ");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aLoadThatTheClientOnEpollCannotDoIsRefused() {
        assertThat(wrong("--client", "epoll", "--loads", "ping-pong-1,churn-50"))
                .isEqualTo("--client: 'epoll' is not allowed, must be java for churn-50\n");
        assertThat(wrong("--client", "c")).isEqualTo("--client: 'c' is not allowed, must be java, epoll, wrk, ab or"
                + " redis-benchmark, see iocp4j bench --help\n");
        assertThat(wrong("--client", "epoll", "--scale")).isEqualTo("--scale: takes --pairs and --json alone\n");
    }

    @Test
    @DisabledOnOs(OS.LINUX)
    void elsewhereThereIsNoClientOnEpoll() {
        assertThat(wrong("--client", "epoll"))
                .isEqualTo("--client: 'epoll' is not allowed, must be java: only Linux has epoll\n");
    }

    @Test
    void textSaysWhichClientItWas() {
        StringWriter text = new StringWriter();
        new BenchReport.Text(new PrintWriter(text), new Bench.Plan(PLAN.loads(), PLAN.servers(), ClientKind.EPOLL, 3,
                Duration.ofMillis(500), Duration.ofSeconds(1), true, true), "this machine");
        assertThat(text.toString()).contains("; 0.5 s a turn; the client is the one in C, on epoll");
    }

    /** Two jars are two servers, with the same figures or others: what names them in a report must tell them apart. */
    @Test
    void jarsOfTheSameNameAreNamedByTheirWholePaths() {
        assertThat(BenchCommand.distinct(specs("iocp4j@a/before.jar", "iocp4j@a/before.jar --workers 1", "c")))
                .extracting(ServerSpec::name)
                .containsExactly("iocp4j@before.jar", "iocp4j@before.jar --workers 1", "c");
        assertThat(BenchCommand.distinct(specs("iocp4j@a/before.jar", "iocp4j@b/before.jar --workers 1", "c")))
                .extracting(ServerSpec::name).containsExactly("iocp4j@" + Path.of("a", "before.jar"),
                        "iocp4j@" + Path.of("b", "before.jar") + " --workers 1", "c");
    }

    private static List<ServerSpec> specs(String... names) {
        return Arrays.stream(names).map(ServerSpec::parse).toList();
    }

    /** Its server would end the connections that it is to hold. */
    @Test
    void anIdleTimeoutThatAHeldLoadCannotBearIsRefused() {
        assertThat(wrong("--servers", "iocp4j --idle-timeout 5s"))
                .matches("--servers: --idle-timeout: '5s' is not allowed,"
                + " must be 0s or more than \\d+s: so long nothing may move on a connection that a load holds\n");
        assertThat(wrong("--seconds", "200")).startsWith("--servers: --idle-timeout: '5m' is not allowed");
        assertThat(wrong("--loads", "churn-1", "--servers", "iocp4j --idle-timeout 5s", "--html", "\0"))
                .as("which holds none").startsWith("--html: ");
    }

    /** The run would fail after its warm-ups. */
    @Test
    void aServerThatTheClientCannotUseIsRefused() {
        assertThat(wrong("--servers", "iocp4j --protocol messages")).isEqualTo(
                "--servers: --protocol: 'messages' is not allowed, must be raw, as with the other servers\n");
        for (String host : List.of("127.0.0.5", "::1")) {
            assertThat(wrong("--baseline", "iocp4j --host " + host)).startsWith("--baseline: --host: '")
                    .endsWith("' is not allowed, must be 127.0.0.1: there the client connects\n");
        }
        assertThat(wrong("--servers", "iocp4j --host ::", "--html", "\0")).startsWith("--html: ");
    }

    @Test
    void anEmptyNameIsRefused() {
        assertThat(wrong("--loads", ",")).startsWith("--loads: '' is not allowed, must be ping-pong-1, ");
        assertThat(wrong("--servers", "iocp4j,")).startsWith("--servers: '' is not allowed, must be ");
    }

    private String wrong(String... options) {
        String[] all = new String[options.length + 1];
        all[0] = "bench";
        System.arraycopy(options, 0, all, 1, options.length);
        err.reset();
        assertThat(Main.run(out, err, all)).isEqualTo(ExitCode.WRONG_OPTIONS);
        assertThat(text(err)).hasLineCount(1);
        return text(err);
    }

    /** Numbers as doubles. */
    private static Map<String, Object> fields(String line) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(line)) {
            assertThat(parser.nextToken()).isEqualTo(JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                fields.put(name, value.isNumeric() ? (Object) parser.getDoubleValue()
                        : value == JsonToken.VALUE_NULL ? null : parser.getText());
            }
        }
        return fields;
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
