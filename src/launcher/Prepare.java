import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * What {@code iocp4j.cmd} leaves to Java. Sees to the application jar that belongs to the sources and to the archive of
 * its classes, and prints their names in {@code target/launcher}: {@code JAR ARCHIVE}, or {@code JAR -} where there is
 * no archive. Each state of the sources has a jar of its own, since Windows lets nobody replace a jar that a JVM is
 * running from.
 *
 * <p>With the argument {@code compile}, run from its source, it makes its own class, which starts in a fraction of the
 * time.
 */
public final class Prepare {
    /** JEP 514's archive, made in one step. */
    private static final int FIRST_WITH_ARCHIVE = 25;
    /** For a server that runs for a second, and for what the JVM does with the classes it loaded. */
    private static final int LONGEST_ARCHIVE_SECONDS = 60;
    private static final int DIGITS = 12;

    private final Path home;
    private final Path folder;

    private Prepare(Path home) throws IOException {
        this.home = home;
        folder = Files.createDirectories(home.resolve("target").resolve("launcher"));
    }

    /** The environment names the launcher, since arguments would have to be quoted for cmd.exe. */
    public static void main(String[] arguments) {
        try {
            Prepare prepare = new Prepare(Path.of(System.getenv("IOCP4J_LAUNCHER")).toAbsolutePath().getParent());
            if (arguments.length == 1 && arguments[0].equals("compile")) {
                prepare.compile();
            } else {
                Path jar = prepare.jar();
                System.out.println(jar.getFileName() + " " + prepare.archive(jar));
            }
        } catch (Failure e) {
            say(e.getMessage());
            System.exit(1);
        } catch (IOException | UncheckedIOException | InterruptedException e) {
            say("cannot prepare the start: " + e);
            System.exit(1);
        }
    }

    private void compile() throws IOException, InterruptedException {
        Path source = home.resolve("src").resolve("launcher").resolve("Prepare.java");
        try (FileChannel lock = lock()) {
            Path fresh = Files.createTempDirectory(folder, "class");
            Path copy = Files.copy(source, fresh.resolve(source.getFileName()));
            // For the oldest JDK that may run it later.
            if (ToolProvider.getSystemJavaCompiler().run(null, System.err, System.err, "--release", "22",
                    "-XDstringConcat=inline", "-d", fresh.toString(), copy.toString()) != 0) {
                throw new Failure("cannot compile " + source);
            }
            List<Path> files = new ArrayList<>(files(fresh));
            // The copy of the source comes last: it tells iocp4j.cmd that the classes are there, and whose they are.
            files.remove(copy);
            files.add(copy);
            for (Path file : files) {
                Files.move(file, folder.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
            }
            Files.delete(fresh);
        }
    }

    private Path jar() throws IOException, InterruptedException {
        Path jar = locate();
        if (Files.exists(jar)) {
            return jar;
        }
        String maven = maven();
        try (FileChannel lock = lock()) {
            // Another build may have been waited for, and the sources be different since.
            jar = locate();
            if (!Files.exists(jar)) {
                build(maven, jar);
            }
        }
        return jar;
    }

    private void build(String maven, Path jar) throws IOException, InterruptedException {
        long start = System.nanoTime();
        say("building the application ...");
        Path log = folder.resolve("build.log");
        if (run(log, Long.MAX_VALUE, List.of(maven, "-B", "-q", "-P-checks", "-Dmaven.test.skip=true",
                "-pl", "src/app", "-am", "package")) != 0) {
            System.err.write(Files.readAllBytes(log));
            throw new Failure("the build failed");
        }
        Path part = Files.copy(built(), Path.of(jar + ".part"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(part, jar, StandardCopyOption.ATOMIC_MOVE);
        say("building the application: done in " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) + " s");
    }

    private Path locate() throws IOException {
        MessageDigest digest = sha256();
        List<Path> sources = new ArrayList<>(files(home.resolve("src")));
        for (String example : List.of("http", "redis")) { // whose handlers are in the application
            Path its = home.resolve("examples").resolve(example).resolve("src");
            if (Files.exists(its)) {
                sources.addAll(files(its));
            }
        }
        sources.add(home.resolve("pom.xml"));
        for (Path source : sources) {
            byte[] content = Files.readAllBytes(source);
            digest.update((home.relativize(source) + " " + content.length + "\n").getBytes(StandardCharsets.UTF_8));
            digest.update(content);
        }
        return folder.resolve("iocp4j-" + digits(digest) + ".jar");
    }

    private Path built() throws IOException {
        for (Path file : files(home.resolve("target").resolve("iocp4j-app"), 1)) {
            String name = file.getFileName().toString();
            if (name.startsWith("iocp4j-app-") && name.endsWith(".jar")) {
                return file;
            }
        }
        throw new Failure("the build made no application jar in " + home.resolve("target").resolve("iocp4j-app"));
    }

    /** The one in PATH, or the wrapper, which fetches it. */
    private String maven() {
        for (String entry : System.getenv("PATH").split(File.pathSeparator)) {
            File maven = new File(entry.replace("\"", ""), "mvn.cmd");
            if (maven.isFile()) {
                return maven.getAbsolutePath();
            }
        }
        return home.resolve("mvnw.cmd").toString();
    }

    /**
     * An archive holds classes loaded and linked before, so that a start need not read each (an AOT cache). One for
     * each jar and JVM; where it cannot be made an empty one is left, for else each start would try again.
     */
    private String archive(Path jar) throws IOException, InterruptedException {
        if (Runtime.version().feature() < FIRST_WITH_ARCHIVE) {
            return "-";
        }
        MessageDigest jvm = sha256();
        jvm.update((System.getProperty("java.home") + System.getProperty("java.vm.version"))
                .getBytes(StandardCharsets.UTF_8));
        Path archive = Path.of(jar.toString().replaceAll("\\.jar$", "-" + digits(jvm) + ".aot"));
        if (!Files.exists(archive)) {
            try (FileChannel lock = lock()) {
                if (!Files.exists(archive)) {
                    makeArchive(jar, archive);
                }
            }
        }
        return Files.size(archive) == 0 ? "-" : archive.getFileName().toString();
    }

    private void makeArchive(Path jar, Path archive) throws IOException, InterruptedException {
        say("making an archive of the classes, for quick starts ...");
        Path part = Path.of(archive + ".part");
        Path log = folder.resolve("archive.log");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        int exit = run(log, LONGEST_ARCHIVE_SECONDS, List.of(java, "-XX:AOTCacheOutput=" + part, "-jar", jar.toString(),
                "serve", "--port", "0", "--seconds", "1"));
        if (exit != 0 || !Files.exists(part)) {
            say("making an archive of the classes: failed, see " + log + "; starts take longer without it");
            Files.write(part, new byte[0]);
        }
        Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE);
    }

    /** One at work in this folder at a time; released when the channel is closed. */
    private FileChannel lock() throws IOException {
        FileChannel lock = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        if (lock.tryLock() == null) {
            say("another build is running in " + home + "; waiting for it ...");
            lock.lock();
        }
        return lock;
    }

    /** Its exit code, or -1 if it had to be ended. What it writes goes to the log. */
    private int run(Path log, long longestSeconds, List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).directory(home.toFile())
                .redirectErrorStream(true).redirectOutput(Redirect.to(log.toFile())).start();
        process.getOutputStream().close();
        if (!process.waitFor(longestSeconds, TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            return -1;
        }
        return process.exitValue();
    }

    private static List<Path> files(Path folder) throws IOException {
        return files(folder, Integer.MAX_VALUE);
    }

    private static List<Path> files(Path folder, int depth) throws IOException {
        try (Stream<Path> all = Files.walk(folder, depth)) {
            Path[] files = all.filter(Files::isRegularFile).toArray(Path[]::new);
            Arrays.sort(files);
            return Collections.unmodifiableList(Arrays.asList(files));
        }
    }

    private static String digits(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    private static void say(String line) {
        System.err.println("iocp4j: " + line);
    }

    /** Told to the user in one line. */
    private static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;

        Failure(String line) {
            super(line);
        }
    }
}
