package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Applications of frameworks on Netty, in {@code examples}: each is built by Maven from its own pom and what is
 * installed, and checks itself on NIO and on completion ports.
 *
 * <p>Maven's local repository is one of this test's own, beside the Wine test bed: nothing is installed into the
 * user's, and what the frameworks bring is fetched once.
 */
@Tag("packaged")
@Tag("slow")
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisabledIf("thereIsNoCompiler")
class NettyApplicationsTest {
    private final Map<String, Path> built = new HashMap<>();

    /** So the Windows JDK of the test bed: this test runs in Linux' JVM, and starts that one. */
    static boolean thereIsNoCompiler() {
        return ToolProvider.getSystemJavaCompiler() == null;
    }

    @ParameterizedTest
    @CsvSource({
        "netty-grpc, example.Check, nio",
        "netty-grpc, example.Check, iocp",
        "netty-grpc-interop, io.grpc.testing.integration.Interop, nio",
        "netty-grpc-interop, io.grpc.testing.integration.Interop, iocp",
        "netty-spring, example.Check, nio",
        "netty-spring, example.Check, iocp",
        "netty-vertx, example.Check, nio",
        "netty-vertx, example.Check, iocp"})
    void everyCasePasses(String example, String main, String transport) throws Exception {
        Path folder = build(example);
        String path = "target/" + example + "-1.jar;target/lib/*";
        if (transport.equals("iocp") && Files.exists(folder.resolve("target/iocp4j"))) {
            path += ";target/iocp4j/*";
        }
        Path out = folder.resolve("target/" + transport + ".txt");
        Process process = new ProcessBuilder(java(), "--enable-native-access=ALL-UNNAMED", "-cp", path, main,
                "--transport", transport).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(out.toFile()).start();
        try {
            assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("ended: %s", Files.readString(out)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as(Files.readString(out)).isZero();
    }

    /** A Windows JVM: under Wine, where this is not Windows. */
    private static String java() throws Exception {
        if (OS.WINDOWS.isCurrentOs()) {
            return Path.of(System.getProperty("java.home"), "bin", "java").toString();
        }
        String bed = Path.of("tests/wine").toAbsolutePath().toString();
        assumeTrue(new ProcessBuilder("bash", "-c", "source \"$0\"/environment.sh && bed_ready", bed).start()
                .waitFor() == 0,
                "the Wine test bed is not set up");
        return bed + "/bin/java";
    }

    private Path build(String example) throws Exception {
        Path known = built.get(example);
        if (known != null) {
            return known;
        }
        Path core = Jars.library("iocp4j-core");
        Path folder = Jars.newFolder(core).resolve(example);
        Path source = Path.of("examples", example);
        copy(source.resolve("pom.xml"), folder.resolve("pom.xml"));
        try (Stream<Path> files = Files.walk(source.resolve("src"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                copy(file, folder.resolve(source.relativize(file)));
            }
        }
        Path repository = Files.createDirectories(cache().resolve("maven"));
        try (FileChannel lock = FileChannel.open(repository.resolve("lock"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            lock.lock();
            install(repository, core);
            Path log = folder.resolve("maven.txt");
            List<String> command = new ArrayList<>(maven());
            command.addAll(List.of("-B", "-ntp", "-f", folder.resolve("pom.xml").toString(),
                    "-Dmaven.repo.local=" + repository, "package"));
            ProcessBuilder maven = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
            assertThat(maven.start().waitFor()).as("Maven: %s", Files.readString(log)).isZero();
        }
        built.put(example, folder);
        return folder;
    }

    /** As {@code mvn install} does. */
    private static void install(Path repository, Path core) throws IOException {
        String version = core.getFileName().toString().replace("iocp4j-core-", "").replace(".jar", "");
        copy(Path.of("pom.xml"), installed(repository, "iocp4j-parent", version, ".pom"));
        for (String module : List.of("core", "netty", "reactor", "vertx")) {
            String artifact = "iocp4j-" + module;
            copy(Path.of("src", module, "pom.xml"), installed(repository, artifact, version, ".pom"));
            copy(Jars.library(artifact), installed(repository, artifact, version, ".jar"));
        }
    }

    private static Path installed(Path repository, String artifact, String version, String ending) {
        return repository.resolve("org/iocp4j").resolve(artifact).resolve(version)
                .resolve(artifact + "-" + version + ending);
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path cache() {
        return Path.of(Optional.ofNullable(System.getenv("XDG_CACHE_HOME")).filter(name -> !name.isEmpty())
                .orElse(System.getProperty("user.home") + "/.cache"), "iocp4j");
    }

    /** The command in PATH, or else the wrapper, which fetches Maven. */
    private static List<String> maven() {
        if (OS.WINDOWS.isCurrentOs()) {
            return List.of("cmd", "/c", "mvnw.cmd");
        }
        return List.of(Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "mvn")).filter(Files::isExecutable).map(Path::toString).findFirst()
                .orElse("./mvnw"));
    }
}
