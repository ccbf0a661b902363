package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The part of {@code iocp4j.cmd} that is Java, in this machine's JVM: compiled by itself, and twice at once. */
@Timeout(120)
@EnabledOnOs(OS.LINUX) // the stand-in for Maven is a shell script
class PrepareTest {
    private final List<Process> processes = new ArrayList<>();

    @TempDir
    private Path home;

    @BeforeEach
    void makeProject() throws IOException {
        Path sources = Files.createDirectories(home.resolve("src/launcher"));
        Files.copy(WineTestBed.BASE.resolve("src/launcher/Prepare.java"), sources.resolve("Prepare.java"));
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        Path maven = Files.writeString(home.resolve("mvn.cmd"), """
                #!/bin/sh
                echo built >>builds.txt
                while [ -e wait ]; do sleep 0.1; done
                mkdir -p target/iocp4j-app
                echo 'no jar' >target/iocp4j-app/iocp4j-app-0.jar
                """);
        assertThat(maven.toFile().setExecutable(true)).isTrue();
    }

    @AfterEach
    void endWhatIsLeft() {
        processes.forEach(Process::destroyForcibly);
    }

    private Process prepare(String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("IOCP4J_LAUNCHER", home.resolve("iocp4j.cmd").toString());
        builder.environment().put("PATH", home + File.pathSeparator + System.getenv("PATH"));
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    @Test
    void twoAtOnceBuildOnceAndBothHaveTheJar() throws Exception {
        String source = home.resolve("src/launcher/Prepare.java").toString();
        Process compile = prepare("-cp", home.resolve("src").toString(), source, "compile");
        assertThat(compile.waitFor()).as(() -> compile.errorReader().lines().toList().toString()).isZero();
        Path built = home.resolve("target/launcher");
        assertThat(built.resolve("Prepare.java")).hasSameBinaryContentAs(Path.of(source));

        Path wait = Files.createFile(home.resolve("wait"));
        Process first = prepare("-cp", built.toString(), "Prepare");
        assertThat(first.errorReader().readLine()).isEqualTo("iocp4j: building the application ...");
        Process second = prepare("-cp", built.toString(), "Prepare");
        assertThat(second.errorReader().readLine()).startsWith("iocp4j: another build is running in ");
        Files.delete(wait);
        String names = first.inputReader().readLine();
        assertThat(names).matches("iocp4j-[0-9a-f]{12}\\.jar -"); // of what is no jar, no archive can be made
        assertThat(second.inputReader().readLine()).isEqualTo(names);
        assertThat(first.waitFor()).isZero();
        assertThat(second.waitFor()).isZero();
        assertThat(built.resolve(names.split(" ")[0])).hasContent("no jar");
        assertThat(home.resolve("builds.txt")).content().hasLineCount(1);
    }
}
