package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.simulation.Plan;
import org.iocp4j.simulation.Simulation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import picocli.CommandLine;

@Timeout(120)
class SimulateCommandTest {
    private static final String LOG_LEVEL = "org.slf4j.simpleLogger.log.org.iocp4j";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    /** No server, so that no logger is made while the command has the log off in this JVM. */
    private static final Simulation.Factory FAILS_IN_EVERY_TENTH = (seed, plan) -> {
        SimulatedKernel kernel = new SimulatedKernel(seed, plan);
        return new Simulation() {
            @Override
            public SimulatedKernel kernel() {
                return kernel;
            }

            @Override
            public boolean hasStarted() {
                return seed % 2 == 0;
            }

            @Override
            public void run() {
                kernel.run(() -> {
                    kernel.attach().sleep(1);
                    kernel.require(seed % 10 != 0, "ten\ntimes");
                });
            }
        };
    };

    @AfterEach
    void logAgain() {
        System.clearProperty(LOG_LEVEL);
        System.clearProperty("seed");
    }

    @Test
    void aViolationIsToldAndHowToRepeatItAndTheHuntGoesOn() {
        assertThat(simulate("--from", "1", "--seeds", "12", "--plan", "late")).isOne();
        assertThat(out.toString()).matches("(?s)seed 10, plan late: ten times\n"
                + "  +0 +0\\.000000 ms  main +attached\n.*"
                + "  again: \\./iocp4j simulate --from 10 --seeds 1 --plan late\n"
                + "total: 12 seeds from 1 on, plan late, 6 servers started, [1-9]\\d* steps, [\\d.]+ s, \\d+ seeds/s: "
                + "1 violation, the first in seed 10\n");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theRepetitionNamesTheSeedsOwnPlan() {
        assertThat(simulate("--from", "10", "--seeds", "1", "--trace", "0")).isOne();
        assertThat(out.toString()).startsWith("seed 10, plan " + Plan.ALL.of(10) + ": ten times\n  again: ")
                .contains(" --from 10 --seeds 1 --plan " + Plan.ALL.of(10) + "\n").hasLineCount(3);
    }

    @Test
    void twentyAreShownAndAllAreCounted() {
        assertThat(simulate("--seeds", "230", "--trace", "1", "--plan", "calm")).isOne();
        assertThat(out.toString().lines().filter(line -> line.startsWith("seed "))).hasSize(20);
        assertThat(out.toString()).contains("\nfurther violations are counted, not shown\n")
                .endsWith(": 23 violations, the first in seed 10\n");
    }

    @Test
    void jsonIsOneObject() {
        assertThat(simulate("--from", "8", "--seeds", "4", "--json", "--plan", "calm")).isOne();
        assertThat(out.toString())
                .matches("\\{\"from\":8,\"plan\":\"calm\",\"seeds\":4,\"started\":2,\"steps\":[1-9]\\d*,"
                + "\"violations\":1,\"firstFailingSeed\":10,\"seconds\":[\\d.]+,\"seedsPerSecond\":[\\d.]+}\n");
        assertThat(err.toString()).startsWith("seed 10, plan calm: ten times\n");
    }

    @Test
    void withoutViolationItIsExitCode0AndNull() {
        assertThat(simulate("--seeds", "9", "--json")).isZero();
        assertThat(out.toString()).contains("\"seeds\":9,").contains("\"violations\":0,\"firstFailingSeed\":null,");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void wrongOptionsAreOneLine() {
        CommandLine main = Main.commandLine(writer(out), writer(err));
        assertThat(main.execute("simulate", "--plan", "x")).isEqualTo(2);
        assertThat(main.execute("simulate", "--seeds", "0")).isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("--plan: 'x' is not allowed, must be calm, unruly, faults,"
                        + " harsh, late, posts, cancels, shortages or all, see iocp4j simulate --help",
                "--seeds: '0' is not allowed, must be 1 to 1000000000, see iocp4j simulate --help");
    }

    /** A process of its own: whole servers, and not a line of their log. */
    @Test
    void wholeServersInAQuietProcess() throws Exception {
        Process process = start("--seeds", "6", "--plan", "harsh", "--json");
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.inputReader().lines()).singleElement().asString()
                .startsWith("{\"from\":1,\"plan\":\"harsh\",\"seeds\":6,").contains("\"violations\":0,");
        assertThat(process.errorReader().lines()).allMatch(line -> line.contains(" of 6 seeds "));
        assertThat(process.exitValue()).isZero();
    }

    /** Java on Windows can only end a process the hard way. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void theSignalEndsItAfterTheSeedWithASummary() throws Exception {
        Process process = start("--seeds", "1000000");
        assertThat(process.errorReader().readLine())
                .matches(" +\\d+s  [\\d,]+ of 1,000,000 seeds  [\\d,-]+ seeds/s  0 violations");
        process.toHandle().destroy(); // not Process.destroy: that closes the streams
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.inputReader().lines()).singleElement().asString()
                .matches("total: [\\d,]+ of 1,000,000 seeds from 1 on, plan all, .*: 0 violations");
        assertThat(process.exitValue()).isZero();
    }

    private int simulate(String... options) {
        return new CommandLine(new SimulateCommand(program -> FAILS_IN_EVERY_TENTH))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(writer(out)).setErr(writer(err)).execute(options);
    }

    private static Output writer(ByteArrayOutputStream to) {
        return new Output(new LineQueue("output", to, null));
    }

    private static Process start(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:-PrintWarnings",
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                "org.iocp4j.cli.Main", "simulate"));
        command.addAll(List.of(options));
        return new ProcessBuilder(command).start();
    }
}
