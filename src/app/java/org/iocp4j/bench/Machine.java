package org.iocp4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Where the servers run: on Windows as ordinary processes; on Linux under Wine, they and the wineserver on one
 * processor and the client on another, since the figures of one set-up differ by a factor of 7 if the wineserver moves
 * between processors.
 */
public final class Machine implements AutoCloseable {
    private static final boolean WINDOWS = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    private static final Pattern ALLOWED = Pattern.compile("(?m)^Cpus_allowed_list:\\s*(\\S+)$");
    private static final Pattern READS = Pattern.compile("(?m)^syscr: (\\d+)$");
    private static final Pattern OPEN_FILES = Pattern.compile("(?m)^Max open files\\s+(\\d+)");
    private static final long PAGE_BYTES = 4096;
    private static final Pattern FOR_CLASS_PATH = Pattern.compile(";");
    /** What a file's name may have on Linux, and not under Wine. */
    private static final Pattern FOR_WINDOWS = Pattern.compile("[;:\"*?<>|\\\\]");

    private final Path home;
    private final boolean wine;
    /** Processors: the servers', the client's. Null if there are fewer than two, or there is no Wine. */
    private final int[] pins;
    /** Those that we may use ourselves, as a list for taskset. */
    private final String allProcessors;
    private ProcessHandle wineserver;
    /** Where the wineserver may run, before it was pinned and afterwards. */
    private String wineserverProcessors;

    /**
     * @param home the project's folder, or null: then there are no C servers, and no servers at all under Wine
     * @throws IOException if Wine cannot be started
     */
    public Machine(Path home) throws IOException {
        this(home, !WINDOWS);
    }

    /** @param wine whether a Java server needs it; if not, it runs in a JVM like ours */
    Machine(Path home, boolean wine) throws IOException {
        this.home = home;
        this.wine = wine;
        if (!wine) {
            pins = null;
            allProcessors = null;
            return;
        }
        if (home == null) {
            throw new IOException("IOCP4J_LAUNCHER does not name the launcher, which starts a Windows JVM here: type"
                    + " ./iocp4j bench");
        }
        allProcessors = allowed(ProcessHandle.current().pid());
        List<Integer> processors = processors(allProcessors);
        pins = processors.size() < 2 ? null : new int[] {processors.get(0), processors.get(1)};
        useWineserver("server");
        if (pins != null) {
            pin(ProcessHandle.current().pid(), String.valueOf(pins[1]));
        }
    }

    /** The processors that a process may use, as Linux lists them. */
    private static String allowed(long process) throws IOException {
        Matcher matcher = ALLOWED.matcher(Files.readString(Path.of("/proc", String.valueOf(process), "status")));
        return matcher.find() ? matcher.group(1) : "0";
    }

    /** Of a list such as {@code 0-3,6}. */
    static List<Integer> processors(String list) {
        return Arrays.stream(list.split(","))
                .map(range -> range.split("-"))
                .flatMap(ends ->
                        IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]))
                        .boxed())
                .toList();
    }

    /** For the head of a report. */
    public String description() {
        String processor = Runtime.getRuntime().availableProcessors() + " processors, " + System.getProperty("os.arch");
        if (!wine) {
            return System.getProperty("os.name") + ", " + processor + ", not pinned";
        }
        return System.getProperty("os.name") + ", servers under Wine, " + (pins == null ? "not pinned: one processor"
                : "they and the wineserver on processor " + pins[0] + ", the client on " + pins[1]);
    }

    /** Restarts the wineserver between two series, if no other program uses it; it grows with every socket. */
    void refresh() throws IOException {
        if (wine) {
            unpin();
            useWineserver("restart");
        }
    }

    private void useWineserver(String how) throws IOException {
        List<String> command = new ArrayList<>(pins == null ? List.of() : on(allProcessors));
        command.addAll(List.of(home.resolve("tests/bench/wine.sh").toString(), how));
        String id = Command.run(command);
        wineserver = ProcessHandle.of(Long.parseLong(id))
                .orElseThrow(() -> new IOException("the wineserver has ended: process " + id));
        wineserverProcessors = allowed(wineserver.pid());
        if (pins != null) {
            pin(wineserver.pid(), String.valueOf(pins[0]));
        }
    }

    private void unpin() throws IOException {
        if (pins != null && wineserver.isAlive()) {
            pin(wineserver.pid(), wineserverProcessors);
        }
    }

    private static void pin(long process, String to) throws IOException {
        Command.run(List.of("taskset", "--all-tasks", "--cpu-list", "--pid", to, String.valueOf(process)));
    }

    /**
     * The command that starts a Java server.
     *
     * @param jar       its class path; null for ours
     * @param arguments its main class and what that takes
     */
    List<String> java(Path jar, List<String> arguments) {
        List<String> command = new ArrayList<>(pinned());
        String classPath = jar != null ? jar.toAbsolutePath().toString() : System.getProperty("java.class.path");
        if (!wine) {
            command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:-PrintWarnings")); // Wine has one processor group, of which the JVM would complain
        } else {
            command.add(home.resolve("tests/wine/bin/java").toString());
            classPath = jar != null ? classPath : classPath.replace(':', ';');
        }
        if (pins != null) {
            command.add("-XX:ActiveProcessorCount=1"); // Wine 8.0 tells a pinned JVM of all processors [wine]
        }
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", classPath));
        command.addAll(arguments);
        return command;
    }

    /**
     * Whether this jar can be in the class path of a Java server: characters special to Windows cannot be quoted there.
     */
    public static boolean canName(Path jar) {
        return !(WINDOWS ? FOR_CLASS_PATH : FOR_WINDOWS).matcher(jar.toAbsolutePath().toString()).find();
    }

    /** The command that starts a Windows program. */
    List<String> program(Path program, List<String> arguments) {
        List<String> command = new ArrayList<>(pinned());
        if (wine) {
            command.addAll(List.of(home.resolve("tests/bench/wine.sh").toString(), "run"));
        }
        command.add(program.toString());
        command.addAll(arguments);
        return command;
    }

    private List<String> pinned() {
        return pins == null ? List.of() : on(String.valueOf(pins[0]));
    }

    private static List<String> on(String processors) {
        return List.of("taskset", "--cpu-list", processors);
    }

    /** The C server, compiled from its source if that has not been done. */
    Path cServer() throws IOException {
        if (home == null) {
            throw new IOException(
                    "the C server's source is found through the launcher: type iocp4j bench, or leave c and"
                    + " c-best out of --servers");
        }
        return CCompiler.server(home.resolve("tests/bench/echo.c"), home.resolve("target/bench"), WINDOWS);
    }

    /** The client on epoll, compiled from its source if that has not been done. */
    Path epollClient() throws IOException {
        if (home == null) {
            throw new IOException("the source of the client on epoll is found through the launcher: type"
                    + " ./iocp4j bench, or leave --client out");
        }
        return CCompiler.client(home.resolve("tests/bench/client.c"), home.resolve("target/bench"));
    }

    /** Null where the platform does not tell. */
    static Long cpuNanos(ProcessHandle process) {
        return process.info().totalCpuDuration().map(Duration::toNanos).orElse(null);
    }

    Long wineserverCpuNanos() {
        return wineserver == null ? null : cpuNanos(wineserver);
    }

    /** Its reads since its start; null where there is none, or Linux does not tell. */
    Long wineserverRequests() {
        if (wineserver == null) {
            return null;
        }
        try {
            Matcher matcher = READS.matcher(Files.readString(Path.of("/proc", wineserver.pid() + "", "io")));
            return matcher.find() ? Long.valueOf(matcher.group(1)) : null;
        } catch (IOException e) {
            return null; // another user's, or a kernel without these counts
        }
    }

    /**
     * What the servers may have come short of, to be read; empty if nothing is known of that. Under Wine the wineserver
     * has the files of all sockets open, and may have so many [wine].
     */
    String shortage() {
        if (wineserver == null) {
            return "";
        }
        Path process = Path.of("/proc", wineserver.pid() + "");
        try (Stream<Path> files = Files.list(process.resolve("fd"))) {
            return shortage(files.count(), fileLimit(Files.readString(process.resolve("limits"))));
        } catch (IOException e) {
            return "";
        }
    }

    static String shortage(long open, Long limit) {
        return limit == null || open < limit * 9 / 10 ? "" : String.format(Locale.ROOT,
                "the wineserver has %,d files open, of the %,d that it may; a connection takes two", open, limit);
    }

    /** How many files a process may have open, by the text of its /proc/PID/limits; null if there is no limit. */
    public static Long fileLimit(String limits) {
        Matcher matcher = OPEN_FILES.matcher(limits);
        return matcher.find() ? Long.valueOf(matcher.group(1)) : null;
    }

    /** Busy time of all processors and of our processes; null where the platform does not tell, as on Windows. */
    MachineTime time() {
        if (WINDOWS) {
            return null;
        }
        try {
            String stat = Files.readString(Path.of("/proc/stat"));
            return MachineTime.of(stat, ownCpuNanos(), System.nanoTime());
        } catch (IOException e) {
            return null;
        }
    }

    /** Of this process, those it has started, and the wineserver. */
    private long ownCpuNanos() {
        ProcessHandle self = ProcessHandle.current();
        return Stream.of(Stream.of(self), self.descendants(), Stream.ofNullable(wineserver)).flatMap(part -> part)
                .distinct().map(Machine::cpuNanos).filter(Objects::nonNull).mapToLong(Long::longValue).sum();
    }

    /** How much of a process is in memory; null where the platform does not tell. */
    static Long residentBytes(ProcessHandle process) {
        if (WINDOWS) {
            return null;
        }
        try {
            String[] pages = Files.readString(Path.of("/proc", process.pid() + "", "statm")).split(" ");
            return Long.parseLong(pages[1]) * PAGE_BYTES;
        } catch (IOException e) {
            return null;
        }
    }

    /** Lets the wineserver run where it ran before. */
    @Override
    public void close() throws IOException {
        if (wine) {
            unpin();
        }
    }
}
