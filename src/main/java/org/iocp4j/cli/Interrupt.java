package org.iocp4j.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ctrl-C (SIGINT, SIGTERM) as an orderly end. While one is open, the signal runs its action, which makes the command
 * return soon; the command then prints its totals, and the process ends with the command's exit code, not with 130.
 * <pre>{@code try (var _ = Interrupt.runs(client::stop)) { client.run(); }}</pre>
 */
public final class Interrupt implements AutoCloseable {
    /** A command that has not ended by then is cut off. All drains are bounded well below. */
    private static final long LONGEST_END_SECONDS = 60;
    private static final CompletableFuture<Integer> EXIT = new CompletableFuture<>();

    private final Thread hook;

    private Interrupt(Runnable stop) {
        hook = new Thread(() -> end(stop), "interrupt");
    }

    /** From now on, and until it is closed, the signal runs {@code stop}, on a thread of its own. */
    public static Interrupt runs(Runnable stop) {
        Interrupt interrupt = new Interrupt(stop);
        try {
            Runtime.getRuntime().addShutdownHook(interrupt.hook);
        } catch (IllegalStateException e) {
            // The signal was quicker: the process is ending as it would have without us.
        }
        return interrupt;
    }

    /** After this the signal ends the process at once; one that has come already still waits for the command. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // Shutting down: the hook runs and waits for exit().
        }
    }

    /** Ends the process, whether or not a hook waits for the code. */
    static void exit(int code) {
        EXIT.complete(code);
        System.exit(code);
    }

    private static void end(Runnable stop) {
        int code = ExitCode.INTERRUPTED;
        try {
            stop.run();
            code = EXIT.get(LONGEST_END_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException | InterruptedException e) {
            System.err.println("interrupted: the command did not end within " + LONGEST_END_SECONDS + "s");
        }
        System.out.flush();
        System.err.flush();
        // Not exit: that would wait for this hook.
        Runtime.getRuntime().halt(code);
    }
}
