package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The jars that {@code mvn package} makes, and Java processes that run them. */
final class Jars {
    /** How a process ended. */
    record Ended(int exitCode, String out, String err) {
    }

    private Jars() {
    }

    /** @param artifact such as {@code iocp4j-core} */
    static Path library(String artifact) {
        return jar(application().resolveSibling("../" + artifact + "/"
                + application().getFileName().toString().replace("iocp4j-app", artifact)).normalize());
    }

    static Path application() {
        String name = System.getProperty("iocp4j.app.jar");
        assumeTrue(name != null, "-Diocp4j.app.jar names no jar: src/app/pom.xml does");
        return jar(Path.of(name).normalize());
    }

    private static Path jar(Path jar) {
        assumeTrue(Files.exists(jar), jar + " is not there: mvn package makes it");
        return jar;
    }

    /** The jar of a library that the tests have on their class path. */
    static Path of(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** For this machine's Java. */
    static String path(Path... parts) {
        return Stream.of(parts).map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /** The names of the files in a jar. */
    static Set<String> entries(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream().filter(entry -> !entry.isDirectory()).map(entry -> entry.getName())
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** The names of the classes that the jar was made from, as they would be in it. */
    static Set<String> compiledClasses(Path jar) throws IOException {
        Path classes = jar.resolveSibling("classes");
        try (var files = Files.walk(classes)) {
            return files.map(file -> classes.relativize(file).toString().replace(File.separatorChar, '/'))
                    .filter(name -> name.endsWith(".class"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /**
     * A new folder beside the jars. It is left there: what a process has just had open cannot always be deleted as soon
     * as the process has ended, so a folder that the test itself deletes would fail it now and then.
     */
    static Path newFolder(Path jar) throws IOException {
        return Files.createTempDirectory(jar.getParent(), "packaging-test");
    }

    /**
     * Runs this JVM's java and waits for its end. Its output goes to files: under Wine a pipe cannot be read to its
     * end.
     */
    static Ended java(Path folder, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:-PrintWarnings"));
        command.addAll(arguments);
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ended: %s", command).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
