package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.iocp4j.server.Settled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** How {@code demo} and {@code soak} start their server on Windows: in a Windows JVM under Wine. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class ServerProcessTest extends WineTestBed {
    private static final Path CLASSES = BASE.resolve("target/iocp4j-app/classes");

    @TempDir
    private Path folder;

    /** What runs in the Windows JVM. */
    static final class Starter {
        public static void main(String[] arguments) throws Exception {
            try (ServerProcess server = ServerProcess.start(List.of("-Xmx64m"), List.of("--seconds", "1"))) {
                System.out.println("ready " + server.awaitReady());
                System.out.println("runs " + ProcessHandle.of(server.pid()).orElseThrow().info().command().orElse("?"));
                System.out.println("sessions " + server.end(1).echo().server().connections().sessions());
            }
        }
    }

    @Test
    void serverStartsWithoutAShellFromAFolderThatAShellWouldMisread() throws Exception {
        Path home = Files.createDirectory(folder.resolve("work dir & co"));
        copy(CLASSES, home.resolve("classes"));
        List<String> classPath = new ArrayList<>(
                Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator)));
        assertThat(classPath.removeIf(entry -> Path.of(entry).normalize().equals(CLASSES))).isTrue();
        classPath.add(home.resolve("classes").toString());
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(windowsJava(classPath, Starter.class)).directory(home.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile());
        // As the launcher sets it.
        builder.environment().put("IOCP4J_LAUNCHER", "Z:" + home.resolve("iocp4j.cmd").toString().replace('/', '\\'));
        Process starter = started(builder);
        assertThat(starter.waitFor(2 * Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(starter.exitValue()).as(() -> read(err)).isZero();
        assertThat(Files.readAllLines(out)).hasSize(3).satisfies(lines -> {
            assertThat(lines.get(0)).startsWith("ready 127.0.0.1:");
            assertThat(lines.get(1)).startsWith("runs ").endsWith("java.exe");
            assertThat(lines.get(2)).isEqualTo("sessions 0");
        });
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path file : all.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
