package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.iocp4j.server.Settled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./iocp4j serve} on Linux, as users type it. */
@Tag("packaged")
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class LauncherTest extends WineTestBed {
    @TempDir
    private Path folder;

    /** The AOT cache makes a start quick, and nothing else depends on it. */
    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "no AOT cache"})
    void serverStartsWhateverLiesWhereItsAotCacheShould(String content) throws Exception {
        Path copy = Files.copy(applicationJar(), folder.resolve("application.jar"));
        if (content != null) {
            Files.writeString(folder.resolve("application-" + windowsJdk().getFileName() + ".aot"), content);
        }
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder serve = new ProcessBuilder(System.getProperty("iocp4j.launcher"), "serve", "--port", "0",
                "--seconds", "1").redirectOutput(out.toFile()).redirectError(err.toFile());
        serve.environment().put("IOCP4J_APP_JAR", copy.toString());
        Process server = started(serve);
        assertThat(server.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(out).content().startsWith("ready 127.0.0.1:");
        assertThat(err).content().contains("INFO serving on ").doesNotContain("AOT cache", "[error]");
        assertThat(server.exitValue()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"--engine iocp,true", "--engine=IOCP,true", "--engine nio,false", "--engine iocp --help,false"})
    void loadRunsWhereItsEngineDoes(String options, boolean windows) throws Exception {
        List<String> command = new ArrayList<>(List.of(System.getProperty("iocp4j.launcher"), "load", "--host",
                "no-such-host.invalid"));
        command.addAll(List.of(options.split(" ")));
        ProcessBuilder load = new ProcessBuilder(command);
        load.environment().put("IOCP4J_APP_JAR", applicationJar().toString());
        load.environment().put("IOCP4J_JAVA_OPTS", "-XshowSettings:properties");
        Process client = started(load);
        assertThat(client.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(client.errorReader().lines().anyMatch(line -> line.matches(" *os.name = Windows.*")))
                .isEqualTo(windows);
    }

    @Test
    void interruptWhileItBuildsIsOneLineAndExitCode130() throws Exception {
        Path launcher = Files.copy(WineTestBed.BASE.resolve("iocp4j"), folder.resolve("iocp4j"));
        Files.createDirectory(folder.resolve("src"));
        Files.writeString(folder.resolve("pom.xml"), "<project/>");
        Path started = folder.resolve("started");
        Path maven = Files.writeString(Files.createDirectory(folder.resolve("bin")).resolve("mvn"),
                "#!/bin/sh\n: >'" + started + "'\nsleep 1\n");
        assertThat(maven.toFile().setExecutable(true)).isTrue();
        ProcessBuilder serve = new ProcessBuilder("env", "--default-signal=INT", "-u", "IOCP4J_APP_JAR",
                "JAVA_HOME=" + System.getProperty("java.home"),
                "PATH=" + maven.getParent() + ":" + System.getenv("PATH"),
                launcher.toString(), "serve");
        Process server = started(serve);
        Settled.await().until(() -> Files.exists(started));
        interrupt(server);
        assertThat(server.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.errorReader().lines()).containsExactly("iocp4j: building the application ...",
                "iocp4j: interrupted before the command began");
        assertThat(server.inputReader().lines()).isEmpty();
        assertThat(server.exitValue()).isEqualTo(ExitCode.INTERRUPTED);
    }

    @Test
    void whereThereIsNoMavenTheWrapperIsIt() throws Exception {
        Path launcher = Files.copy(WineTestBed.BASE.resolve("iocp4j"), folder.resolve("iocp4j"));
        Files.createDirectory(folder.resolve("src"));
        Files.writeString(folder.resolve("pom.xml"), "<project/>");
        Path wrapper = Files.writeString(folder.resolve("mvnw"), "#!/bin/sh\necho \"wrapper $*\"\nexit 1\n");
        assertThat(wrapper.toFile().setExecutable(true)).isTrue();
        ProcessBuilder help = new ProcessBuilder("env", "-u", "IOCP4J_APP_JAR",
                "JAVA_HOME=" + System.getProperty("java.home"), "PATH=" + commands("unzip"), launcher.toString(),
                "help");
        Process built = started(help);
        assertThat(built.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(built.errorReader().lines()).containsExactly("iocp4j: building the application ...",
                "wrapper -B -q -P-checks -Dmaven.test.skip=true -pl src/app -am package", "iocp4j: the build failed");
        assertThat(built.exitValue()).isOne();
        Process without = started(new ProcessBuilder("env", "-u", "IOCP4J_APP_JAR",
                "JAVA_HOME=" + System.getProperty("java.home"), "PATH=" + commands(), launcher.toString(), "help"));
        assertThat(without.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(without.errorReader().lines()).hasSize(2).first().asString().contains("Maven is missing", "unzip");
        assertThat(without.exitValue()).isOne();
    }

    /** A folder with what the launcher itself uses, and no more: no Maven, above all. */
    private String commands(String... more) throws IOException {
        Path bin = Files.createTempDirectory(folder, "bin");
        List<String> names = List.of("bash", "dirname", "readlink", "sed", "locale", "find", "sort", "xargs",
                "sha256sum",
                "flock", "mkdir", "cat");
        for (String name : names) {
            Files.createSymbolicLink(bin.resolve(name), Path.of("/usr/bin", name));
        }
        for (String name : more) {
            assertThat(Files.writeString(bin.resolve(name), "#!/bin/sh\n").toFile().setExecutable(true)).isTrue();
        }
        return bin.toString();
    }

    /**
     * In this machine's JVM and in the Windows JVM. The name is in bytes: this JVM's locale may be the C locale, too.
     */
    @ParameterizedTest
    @ValueSource(strings = {
        "study --simulated second-association --html",
        "serve --port 0 --seconds 1 --ready-file"
    })
    void aNameThatIsNotAsciiIsWrittenInTheCLocale(String command) throws Exception {
        ProcessBuilder shell = new ProcessBuilder("bash", "-c",
                "cd \"$0\" && \"$1\" " + command
                + " $'\\303\\274ber.txt' && [[ $(ls) == $'\\303\\274ber.txt' && -s $(ls) ]]",
                folder.toString(), System.getProperty("iocp4j.launcher"));
        shell.environment().put("IOCP4J_APP_JAR", applicationJar().toString());
        shell.environment().put("LC_ALL", "C");
        Process process = started(shell.redirectErrorStream(true));
        String output = process.inputReader().lines().collect(Collectors.joining("\n"));
        assertThat(process.waitFor()).as(output).isZero();
    }

    private static Path applicationJar() {
        String jar = System.getProperty("iocp4j.app.jar");
        assumeTrue(jar != null && Files.exists(Path.of(jar)), "mvn package makes the application jar");
        return Path.of(jar);
    }
}
