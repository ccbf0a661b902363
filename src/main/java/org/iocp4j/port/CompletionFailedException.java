package org.iocp4j.port;

/** A completion threw; the other packets of its batch were dispatched all the same. */
public final class CompletionFailedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CompletionFailedException(Throwable cause) {
        super(cause);
    }
}
