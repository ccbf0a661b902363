package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Runs with servers that fail, each a process of this JVM's kind. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a JVM under Wine cannot always start another: error 1359, once in 200 times")
class BenchTest {
    private static final Load LOAD = new Load("one", Load.Kind.ECHO, 1, 1, 64, 1);
    private static final ServerSpec BASELINE = server(ServerKind.JDK_SELECTOR);
    private static final ServerSpec OTHER = server(ServerKind.JDK_ASYNC);

    private final List<String> progress = new ArrayList<>();
    private final List<BenchResult> results = new ArrayList<>();
    private final List<LeftOut> leftOut = new ArrayList<>();
    private Bench bench;

    @Test
    void aPeerThatDiesIsLeftOutAndTheOthersBeginAnew() throws IOException {
        ServerSpec peer = server(ServerKind.NETTY, FaultyServer.DIES);
        run(BASELINE, peer, OTHER);
        assertLeftOut(peer, "netty: the server has ended: out of sockets");
        assertThat(results).extracting(BenchResult::server).containsExactly(BASELINE, OTHER);
        assertThat(progress).filteredOn(line -> line.contains(": starting ")).containsExactly(
                "one: starting jdk-selector", "one: starting netty", "one: starting jdk-async",
                "one: starting jdk-selector", "one: starting jdk-async");
    }

    @Test
    void soIsOneThatCannotStart() throws IOException {
        ServerSpec peer = server(ServerKind.NETTY, FaultyServer.STARTS_NOT);
        run(BASELINE, peer);
        assertLeftOut(peer, "netty: the server has ended: out of sockets");
        assertThat(results).extracting(BenchResult::server).containsExactly(BASELINE);
    }

    @Test
    @Tag("slow")
    void soIsOneThatNeitherAnswersNorEnds() throws IOException {
        List<ProcessHandle> before = ProcessHandle.current().children().toList();
        ServerSpec peer = server(ServerKind.NETTY, FaultyServer.HANGS);
        run(BASELINE, peer);
        assertLeftOut(peer, "netty: no answer for 30 s");
        assertThat(results).extracting(BenchResult::server).containsExactly(BASELINE);
        assertThat(ProcessHandle.current().children().toList()).isSubsetOf(before);
    }

    @Test
    void theBaselineAndThisProjectsOwnAreNotLeftOut() {
        assertThatIOException().isThrownBy(() -> run(server(ServerKind.NETTY, FaultyServer.DIES)))
                .withMessage("netty: the server has ended: out of sockets");
        assertThatIOException().isThrownBy(() -> run(BASELINE, server(ServerKind.IOCP4J, FaultyServer.DIES)))
                .withMessage("iocp4j: the server has ended: out of sockets");
        assertThat(leftOut).isEmpty();
    }

    @Test
    void stoppingStartsNoOtherServer() throws IOException {
        run(line -> {
            progress.add(line);
            bench.stop();
        }, BASELINE, OTHER);
        assertThat(progress).containsExactly("one: starting jdk-selector");
        assertThat(results).isEmpty();
    }

    /** It reaches all processes, and ends the peer before the run hears of it. */
    @Test
    void aPeerThatCtrlCEndsIsNotLeftOut() throws IOException {
        run(line -> {
            if (line.equals("one: warming up, netty")) {
                ProcessHandle.current().children().forEach(child -> child.onExit().thenRun(bench::stop));
            }
        }, BASELINE, server(ServerKind.NETTY, FaultyServer.DIES));
        assertThat(leftOut).isEmpty();
        assertThat(results).isEmpty();
    }

    private void assertLeftOut(ServerSpec peer, String reason) {
        assertThat(leftOut).containsExactly(new LeftOut(LOAD, peer, reason));
    }

    private void run(ServerSpec... servers) throws IOException {
        run(progress::add, servers);
    }

    private void run(Consumer<String> hears, ServerSpec... servers) throws IOException {
        Bench.Plan plan = new Bench.Plan(List.of(LOAD), List.of(servers), 1,
                Duration.ofMillis(20), Duration.ofMillis(20), false);
        try (Machine machine = new Machine(null, false)) {
            bench = new Bench(plan, machine, FaultyServer.class.getName(), hears);
            bench.run(results::add, leftOut::add);
        }
    }

    private static ServerSpec server(ServerKind kind, String... fault) {
        return new ServerSpec(kind.toString(), kind, List.of(fault));
    }
}
