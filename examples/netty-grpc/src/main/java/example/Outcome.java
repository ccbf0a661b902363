package example;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What a soak saw: how often what went well, each kind of error, and what the log should not have. */
final class Outcome {
    private final Map<String, LongAdder> done = new ConcurrentSkipListMap<>();
    private final Map<String, LongAdder> errors = new ConcurrentSkipListMap<>();
    private final AtomicInteger complaints = new AtomicInteger();

    /** From now on standard error, where the log goes, is read for leaks and operations that did not come home. */
    void watchLog() {
        PrintStream console = System.err;
        System.setErr(new PrintStream(new OutputStream() {
            private final StringBuilder line = new StringBuilder();

            @Override
            public synchronized void write(int letter) {
                console.write(letter);
                if (letter != '\n') {
                    line.append((char) letter);
                    return;
                }
                if (line.indexOf("LEAK:") >= 0 || line.indexOf("still the kernel's") >= 0) {
                    complaints.incrementAndGet();
                }
                line.setLength(0);
            }
        }, true, StandardCharsets.UTF_8));
    }

    void done(String what) {
        done.computeIfAbsent(what, name -> new LongAdder()).increment();
    }

    /** @param kind without what differs from time to time */
    void error(String kind) {
        errors.computeIfAbsent(kind, name -> new LongAdder()).increment();
    }

    /** The classes of an exception and its causes. */
    static String kind(Throwable error) {
        StringBuilder kind = new StringBuilder(error.getClass().getSimpleName());
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            kind.append(" < ").append(cause.getClass().getSimpleName());
        }
        return kind.toString();
    }

    /**
     * Prints it, and ends the program: 0 if there were no complaints, and no kind of error but those that stand in the
     * output of an earlier soak, such as one on NIO, if one is named by {@code --known}.
     */
    void end(String... arguments) throws Exception {
        done.forEach((what, count) -> System.out.printf("done  %9d %s%n", count.sum(), what));
        errors.forEach((kind, count) -> System.out.printf("error %9d %s%n", count.sum(), kind));
        int at = List.of(arguments).indexOf("--known");
        int unknown = 0;
        if (at >= 0) {
            List<String> known = Files.readAllLines(Path.of(arguments[at + 1])).stream()
                    .filter(line -> line.startsWith("error ")).map(line -> line.substring(16)).toList();
            List<String> news = errors.keySet().stream().filter(kind -> !known.contains(kind)).toList();
            news.forEach(kind -> System.out.println("not known before: " + kind));
            unknown = news.size();
        }
        System.out.printf("%d complaints in the log, %d unknown kinds of errors%n", complaints.get(), unknown);
        System.exit(complaints.get() + unknown == 0 ? 0 : 1);
    }

    /** What follows {@code --minutes}; else 10. */
    static double minutes(String... arguments) {
        int at = List.of(arguments).indexOf("--minutes");
        return at < 0 ? 10 : Double.parseDouble(arguments[at + 1]);
    }
}
