package org.iocp4j.port;

/**
 * Completions threw, or a system that is not Windows did in a call; what else was at hand was dispatched all the same. The
 * cause is the first.
 */
public final class CompletionFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int failures;

    CompletionFailedException(Throwable first, int failures) {
        super(failures + " failed, this one first", first); // not first.toString(): it may throw
        this.failures = failures;
    }

    /** How many threw, each of which has been logged. */
    public int failures() {
        return failures;
    }
}
