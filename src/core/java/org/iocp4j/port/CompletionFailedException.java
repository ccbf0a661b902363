package org.iocp4j.port;

/**
 * Thrown by {@link CompletionPort#dequeue} when completion handlers or deferred tasks have thrown, or a {@code Win32}
 * that is not Windows has. The rest of the batch was handled all the same. The cause is the first of them.
 */
public final class CompletionFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int failures;

    CompletionFailedException(Throwable first, int failures) {
        super(failures + " failed, this one first", first); // not first.toString(): it may throw
        this.failures = failures;
    }

    /** How many threw. Each was logged, up to a few a second. */
    public int failures() {
        return failures;
    }
}
