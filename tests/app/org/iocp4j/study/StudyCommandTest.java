package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.iocp4j.cli.ExitCode;
import org.iocp4j.cli.Main;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StudyCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @Test
    void statesTheQuestionAndEndsWithTheVerdict() {
        assertThat(study("key-and-overlapped", "--simulated")).isZero();
        assertThat(out()).startsWith("platform: simulated kernel, seed 1 (simulated from Windows' documentation")
                .contains("\n== key-and-overlapped ==\nEach operation carries")
                .endsWith("verdict: key-and-overlapped: seen\n");
        assertThat(err()).isEmpty();
    }

    @Test
    void runsThoseNamedInTheOrderOfTheStory() {
        assertThat(study("late-packets", "second-association", "late-packets", "--simulated", "--seed", "5", "--json"))
                .isZero();
        assertThat(out().lines().map(line -> line.substring(0, line.indexOf(',')))).containsExactly(
                "{\"experiment\":\"second-association\"", "{\"experiment\":\"late-packets\"");
        assertThat(out()).contains("\"system\":\"simulated kernel, seed 5\"");
    }

    @Test
    void anUnknownExperimentIsOneLineWithThoseThereAre() {
        assertThat(study("wrong-sesion", "--simulated")).isEqualTo(ExitCode.WRONG_OPTIONS);
        assertThat(err()).isEqualTo("EXPERIMENT: 'wrong-sesion' is not allowed, must be " + Study.experiments().stream()
                .map(Experiment::name).collect(Collectors.joining(", ")) + "\n");
        assertThat(out()).isEmpty();
    }

    @Test
    void helpNamesAllExperiments() {
        assertThat(study("--help")).isZero();
        String help = out().replaceAll("\\s+", " ");
        assertThat(Study.experiments()).allSatisfy(experiment -> assertThat(help).contains(experiment.name()));
    }

    @Test
    void aSeedIsOnlyForTheSimulation() {
        assertThat(study("--seed", "4")).isEqualTo(ExitCode.WRONG_OPTIONS);
        assertThat(err()).isEqualTo("--seed: '4' is not allowed, must be given with --simulated\n");
    }

    @Test
    void expectedVerdictsAreExitCode0() throws IOException {
        assertThat(study("second-association", "--simulated", "--expect",
                file("second-association seen", "wrong-session seen")))
                .isZero();
        assertThat(err()).isEmpty();
    }

    @Test
    void aDifferenceIsNamedAndExitCode1() throws IOException {
        assertThat(study("second-association", "--simulated", "--expect", file("second-association not seen"))).isOne();
        assertThat(err()).isEqualTo("--expect: second-association: expected 'not seen', was 'seen'\n");
    }

    @Test
    void aFileThatExpectsNothingSensibleIsExitCode2() throws IOException {
        assertThat(study("--simulated", "--expect", file("second-association maybe")))
                .isEqualTo(ExitCode.WRONG_OPTIONS);
        assertThat(err()).hasLineCount(1).startsWith("--expect: ").contains("line 1: 'second-association maybe'");
        err.reset();
        assertThat(study("--simulated", "--expect", folder.resolve("none").toString()))
                .isEqualTo(ExitCode.WRONG_OPTIONS);
        assertThat(err()).hasLineCount(1).endsWith("is not allowed, must be a file that can be read\n");
        assertThat(out()).isEmpty();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereThanOnWindowsIsOneLine() {
        assertThat(study("key-and-overlapped")).isOne();
        assertThat(err()).startsWith("iocp4j needs Windows' completion ports").endsWith("; or add --simulated\n")
                .hasLineCount(1);
        assertThat(out()).isEmpty();
    }

    private String file(String... lines) throws IOException {
        return Files.write(folder.resolve("expected.txt"), List.of(lines)).toString();
    }

    private int study(String... arguments) {
        return Main.run(out, err, Stream.concat(Stream.of("study"), Stream.of(arguments)).toArray(String[]::new));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return StudyChecks.withoutProgress(err.toString(StandardCharsets.UTF_8));
    }
}
