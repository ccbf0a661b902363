package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.Settled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./iocp4j serve} on Linux, as users type it. */
@Tag("packaged")
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class LauncherTest extends WineTestBed {
    @TempDir
    private Path folder;

    /** The archive of classes makes a start quick, and nothing else depends on it. */
    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "no archive of classes"})
    void serverStartsWhateverLiesWhereItsArchiveShould(String content) throws Exception {
        String jar = System.getProperty("iocp4j.app.jar");
        assumeTrue(jar != null && Files.exists(Path.of(jar)), "mvn package makes the application jar");
        Path copy = Files.copy(Path.of(jar), folder.resolve("application.jar"));
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
        assertThat(err).content().contains("INFO serving on ").doesNotContain("archive", "[error]");
        assertThat(server.exitValue()).isZero();
    }
}
