package org.iocp4j.cli;

/**
 * A run that failed in a way that was to be expected: its message is all that the user sees, on one line of stderr.
 * Whatever else a command throws is a fault of ours and shown with its stack trace.
 */
public final class CommandFailure extends RuntimeException {
    private final int exitCode;

    /** A failure with {@link ExitCode#FAILED}. */
    public CommandFailure(String message) {
        this(message, ExitCode.FAILED);
    }

    /** A failure with another exit code, such as {@link ExitCode#WRONG_OPTIONS}. */
    public CommandFailure(String message, int exitCode) {
        super(message);
        this.exitCode = exitCode;
    }

    public int exitCode() {
        return exitCode;
    }
}
