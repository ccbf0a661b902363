package org.iocp4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code serve --json} in a process of its own: on Windows in a JVM like ours, on Linux by the launcher, which runs a
 * Windows JVM. It logs to our stderr. It ends by itself after its {@code --seconds}, even if we are gone.
 */
final class ServerProcess implements AutoCloseable {
    /** The environment variable with the launcher's path; the launcher sets it. */
    static final String LAUNCHER = "IOCP4J_LAUNCHER";
    /** Read by the launcher, and on Windows by us in its place. */
    private static final String LAUNCHER_JVM_OPTIONS = "IOCP4J_JAVA_OPTS";
    private static final boolean WINDOWS = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    private static final JsonFactory JSON = new JsonFactory();
    private static final String READY = "ready ";
    /** Its own drain takes at most 15 s with serve's defaults. */
    private static final int LONGEST_END_SECONDS = 30;
    /** On Windows a server ends with us if the user typed Ctrl-C, which reaches every process of the console. */
    private static final int UNASKED_END_SECONDS = 5;

    private final Process process;
    private final CompletableFuture<String> address = new CompletableFuture<>();
    private final CompletableFuture<ServeFigures> totals = new CompletableFuture<>();
    private volatile ServeFigures latest;

    private ServerProcess(Process process) {
        this.process = process;
        Thread.ofPlatform().name("server-output").daemon().start(this::read);
    }

    /** Starts it on a free port. @param options more of serve's */
    static ServerProcess start(List<String> options) {
        return start(List.of(), options);
    }

    /** As {@link #start(List)}, in a JVM with options of its own. */
    static ServerProcess start(List<String> jvmOptions, List<String> options) {
        String given = System.getenv().getOrDefault(LAUNCHER_JVM_OPTIONS, "");
        String all = (given + " " + String.join(" ", jvmOptions)).strip();
        List<String> command = new ArrayList<>(WINDOWS ? java(all) : List.of(launcher()));
        command.addAll(List.of("serve", "--port", "0", "--json"));
        command.addAll(options);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(Redirect.INHERIT);
        builder.environment().put(LAUNCHER_JVM_OPTIONS, all);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            return new ServerProcess(process);
        } catch (IOException e) {
            throw new CommandFailure("cannot start the server: " + e.getMessage());
        }
    }

    private static String launcher() {
        String launcher = System.getenv(LAUNCHER);
        if (launcher == null) {
            throw new CommandFailure(LAUNCHER + " does not name the launcher, which starts a Windows JVM here: type"
                    + " ./iocp4j and the command");
        }
        return launcher;
    }

    /** Ours, with no shell between: cmd.exe would read a folder's name, such as one with an ampersand, as a command. */
    private static List<String> java(String jvmOptions) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // The JVM's own warnings: standard output is the program's. Wine has one processor group, of which the
                // JVM would complain.
                "-Xlog:disable", "-Xlog:all=warning:stderr", "-XX:-PrintWarnings",
                "--enable-native-access=ALL-UNNAMED"));
        if (!jvmOptions.isEmpty()) {
            command.addAll(List.of(jvmOptions.split("\\s+")));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        return command;
    }

    /** Whether {@link #interrupt} reaches the server: Windows has no signals, there its {@code --seconds} ends it. */
    static boolean canInterrupt() {
        return !WINDOWS;
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(READY)) {
                    address.complete(line.substring(READY.length()));
                } else if (line.startsWith("{")) {
                    Map<String, Object> fields = parse(line);
                    latest = RecordFields.read(ServeFigures.class, fields);
                    if (fields.containsKey("totals")) {
                        totals.complete(latest);
                    }
                }
            }
        } catch (IOException | IllegalArgumentException e) { // or another version's figures
            address.completeExceptionally(e);
            totals.completeExceptionally(e);
        }
        IOException ended = new IOException("the server has ended");
        address.completeExceptionally(ended);
        totals.completeExceptionally(ended);
    }

    /** The numbers of a line, and its flags that are true. */
    static Map<String, Object> parse(String line) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(line)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_NUMBER_INT) {
                    fields.put(parser.currentName(), parser.getLongValue());
                } else if (token == JsonToken.VALUE_NUMBER_FLOAT) {
                    fields.put(parser.currentName(), parser.getDoubleValue());
                } else if (token == JsonToken.VALUE_TRUE) {
                    fields.put(parser.currentName(), true);
                }
            }
        }
        return fields;
    }

    /** HOST:PORT, as soon as it accepts. Without a limit: the launcher may have to set a whole test bed up first. */
    String awaitReady() throws InterruptedException {
        try {
            return address.get();
        } catch (ExecutionException e) {
            throw new CommandFailure("the server did not start (see above), exit code " + exitCode());
        }
    }

    /** The figures of the last line it printed; null before the first. */
    ServeFigures latest() {
        return latest;
    }

    /** Its id; the launcher becomes the JVM, so on Linux that is the JVM's too. */
    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it, where that is possible, and returns its totals. */
    ServeFigures end(int longestSeconds) throws InterruptedException {
        interrupt();
        try {
            ServeFigures counted = totals.get(longestSeconds + LONGEST_END_SECONDS, TimeUnit.SECONDS);
            int code = exitCode();
            if (code != ExitCode.OK) {
                throw new CommandFailure("the server ended with exit code " + code);
            }
            return counted;
        } catch (ExecutionException e) {
            throw new CommandFailure("the server ended without totals (see above), exit code " + exitCode());
        } catch (TimeoutException e) {
            throw new CommandFailure("the server did not end when asked to");
        }
    }

    private int exitCode() throws InterruptedException {
        return process.waitFor(LONGEST_END_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    /** Ctrl-C to the server, where there is such a thing. Not Process.destroy: Wine does not pass SIGTERM on [wine]. */
    void interrupt() {
        if (!canInterrupt() || !process.isAlive()) {
            return;
        }
        try {
            // The shell's own kill: the program is not on every system.
            new ProcessBuilder("sh", "-c", "kill -INT \"$0\"", String.valueOf(process.pid()))
                    .redirectErrorStream(true).redirectOutput(Redirect.DISCARD).start();
        } catch (IOException e) {
            throw new CommandFailure("kill: " + e.getMessage());
        }
    }

    /** Returns when the process is gone: in order if it could be asked to end, and else by force. */
    @Override
    public void close() {
        interrupt();
        boolean gone = false;
        try {
            gone = process.waitFor(canInterrupt() ? LONGEST_END_SECONDS : UNASKED_END_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!gone) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
