package org.iocp4j.cli;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ctrl-C (SIGINT, SIGTERM) as an orderly end. While one is open, the signal runs its action, which makes the command
 * return soon; the command then prints its totals, and the process ends with the command's exit code, not with 130.
 * Before and after, the signal ends the process immediately, with a line that says so.
 * <pre>{@code try (var _ = Interrupt.runs(client::stop)) { client.run(); }}</pre>
 * No output can hold up the end: from the signal on, nothing waits for one longer than {@link LineQueue#LONGEST_STALL}.
 */
public final class Interrupt implements AutoCloseable {
    /** A command that has not ended by then is cut off. All drains are bounded well below. */
    private static final long LONGEST_END_SECONDS = 60;
    private static final CompletableFuture<Integer> EXIT = new CompletableFuture<>();

    /** The open one's action, or null. Guarded by the class. */
    private static Runnable stop;

    private Interrupt() {
    }

    /** For main() alone: from now on the signal does what is said above. */
    static void handle(LineQueue out, LineQueue err) {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> signalled(out, err), "interrupt"));
        } catch (IllegalStateException e) {
            // The signal came first: the JVM is ending already.
        }
    }

    /**
     * From now on, and until it is closed, the signal runs {@code stop}, on a thread of its own. One is open at a time.
     */
    public static Interrupt runs(Runnable stop) {
        synchronized (Interrupt.class) {
            Interrupt.stop = stop;
        }
        return new Interrupt();
    }

    /** After this the signal ends the process immediately; one that came before still waits for the command. */
    @Override
    public void close() {
        synchronized (Interrupt.class) {
            stop = null;
        }
    }

    /** Ends the process, whether or not a signal waits for the code. */
    static void exit(int code) {
        EXIT.complete(code);
        System.exit(code);
    }

    /** A shutdown hook, so exit() runs it, too. */
    private static void signalled(LineQueue out, LineQueue err) {
        if (EXIT.isDone()) {
            return;
        }
        out.hurry();
        err.hurry();
        Runnable action;
        synchronized (Interrupt.class) {
            action = stop;
            if (action == null) { // inside: no command may begin its work any more
                say(err, "interrupted before it could end in order");
                halt(out, err, ExitCode.INTERRUPTED);
            }
        }
        int code = ExitCode.INTERRUPTED;
        try {
            action.run();
            code = EXIT.get(LONGEST_END_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            say(err, "interrupted: the command did not end within " + LONGEST_END_SECONDS + "s");
        } catch (Throwable e) { // whatever the action throws, the process ends
            say(err, "interrupted: " + OptionErrors.oneLine(e.toString()));
        }
        halt(out, err, code);
    }

    private static void say(LineQueue err, String line) {
        err.offer((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Not exit: that would wait for this hook. */
    private static void halt(LineQueue out, LineQueue err, int code) {
        out.finish();
        err.finish(); // the last: it tells of the other, too
        Runtime.getRuntime().halt(code);
    }
}
