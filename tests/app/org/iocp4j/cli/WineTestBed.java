package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes as users have them on Linux: the server in a Windows JVM under Wine, what goes with it in this machine's.
 * Each test class says itself that it is for Linux: JUnit's annotation is not inherited.
 */
abstract class WineTestBed {
    static final Path BASE = Path.of(System.getProperty("user.dir"));
    private static final Path BED = BASE.resolve("tests/wine");

    private final List<Process> processes = new ArrayList<>();

    @TempDir
    private Path folder;

    @BeforeEach
    void onlyWhereTheTestBedIsSetUp() throws Exception {
        Process ready = new ProcessBuilder("bash", "-c", "source \"$0\"/environment.sh && bed_ready", BED.toString())
                .redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start();
        assumeTrue(ready.waitFor() == 0, "the Wine test bed is not set up");
    }

    @AfterEach
    void endWhatIsLeft() {
        processes.forEach(Process::destroyForcibly);
    }

    /** A command in the Windows JVM, with the classes under test. */
    Process startWindows(String... arguments) throws IOException {
        return started(windowsCommand(arguments).redirectError(Redirect.DISCARD));
    }

    static ProcessBuilder windowsCommand(String... arguments) {
        List<String> command = new ArrayList<>(windowsJava());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /**
     * A command in this JVM's kind; a stand-in for the launcher starts its server with the classes under test. SIGINT
     * reaches it even if this JVM was started with the signal ignored, as a shell starts what it puts in the
     * background.
     */
    Process startHost(String... arguments) throws IOException {
        return started(hostCommand(arguments).redirectError(Redirect.DISCARD));
    }

    /** What {@link #startHost} starts. */
    ProcessBuilder hostCommand(String... arguments) throws IOException {
        Path launcher = Files.writeString(folder.resolve("launcher"), "#!/bin/sh\nexec " + windowsJava().stream()
                .map(word -> word.equals("-cp") ? "$IOCP4J_JAVA_OPTS -cp" : "'" + word + "'")
                .collect(Collectors.joining(" ")) + " \"$@\"\n");
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
        List<String> command = new ArrayList<>(List.of("env", "--default-signal=INT", "IOCP4J_LAUNCHER=" + launcher,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    /** The command that runs the classes under test in the Windows JVM. */
    static List<String> windowsJava() {
        return windowsJava(Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator)), Main.class);
    }

    static List<String> windowsJava(List<String> classPath, Class<?> main) {
        return List.of(BED.resolve("bin/java").toString(), "--enable-native-access=ALL-UNNAMED", "-cp",
                String.join(";", classPath), main.getName());
    }

    /** Starts a process that ends with the test. */
    Process started(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** A Windows program, started in a folder with the test bed's environment and none of this build's. */
    static ProcessBuilder windowsProgram(Path folder, String... command) {
        List<String> all = new ArrayList<>(List.of("bash", "-c", "source \"$0\"/environment.sh && bed_locate &&"
                + " bed_environment \"$bed_prefix\" && bed_start_server \"$bed_wineserver/wineserver\" &&"
                + " exec wine \"$@\"", BED.toString()));
        all.addAll(List.of(command));
        ProcessBuilder builder = new ProcessBuilder(all).directory(folder.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("IOCP4J_") || name.equals("JAVA_HOME"));
        // Wine has one processor group, of which the JVM would complain.
        builder.environment().put("JDK_JAVA_OPTIONS", "-XX:-PrintWarnings");
        return builder;
    }

    /** The folder of the test bed's JDK. */
    static Path windowsJdk() throws IOException {
        Process locate = new ProcessBuilder("bash", "-c",
                "source \"$0\"/environment.sh && bed_locate && echo \"$bed_java\"",
                BED.toString()).redirectError(Redirect.DISCARD).start();
        return Path.of(locate.inputReader().readLine());
    }

    static void interrupt(Process process) throws Exception {
        assertThat(new ProcessBuilder("sh", "-c", "kill -INT " + process.pid()).start().waitFor()).isZero();
    }
}
