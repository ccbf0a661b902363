package org.iocp4j.packaging;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.OS;

/**
 * A project in {@code examples}, copied, and built by Maven from its own pom and what is installed.
 *
 * <p>Maven's local repository is one of these builds' own, beside the Wine test bed: nothing is installed into the
 * user's, and what the projects need of others is fetched once.
 */
record ExampleBuild(Path folder, int exitCode, String log) {
    /**
     * Builds it.
     *
     * @param modules   of iocp4j that it uses, such as {@code core}
     * @param arguments of Maven
     */
    static ExampleBuild of(String example, List<String> modules, String... arguments)
            throws IOException, InterruptedException {
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
            install(repository, core, modules);
            Path log = folder.resolve("maven.txt");
            List<String> command = new ArrayList<>(maven());
            command.addAll(List.of("-B", "-ntp", "-f", folder.resolve("pom.xml").toString(),
                    "-Dmaven.repo.local=" + repository));
            command.addAll(List.of(arguments));
            ProcessBuilder maven = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
            int exitCode = maven.start().waitFor();
            return new ExampleBuild(folder, exitCode, Files.readString(log));
        }
    }

    /** As {@code mvn install} does. */
    private static void install(Path repository, Path core, List<String> modules) throws IOException {
        String version = core.getFileName().toString().replace("iocp4j-core-", "").replace(".jar", "");
        copy(Path.of("pom.xml"), installed(repository, "iocp4j-parent", version, ".pom"));
        for (String module : modules) {
            String artifact = module.equals("server") ? "iocp4j" : "iocp4j-" + module;
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

    /** The command of a Windows JVM: under Wine, where this is not Windows. */
    static String windowsJava() throws IOException, InterruptedException {
        if (OS.WINDOWS.isCurrentOs()) {
            return Path.of(System.getProperty("java.home"), "bin", "java").toString();
        }
        String bed = Path.of("tests/wine").toAbsolutePath().toString();
        assumeTrue(new ProcessBuilder("bash", "-c", "source \"$0\"/environment.sh && bed_ready", bed).start()
                .waitFor() == 0,
                "the Wine test bed is not set up");
        return bed + "/bin/java";
    }
}
