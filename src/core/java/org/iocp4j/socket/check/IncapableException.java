package org.iocp4j.socket.check;

/**
 * The platform cannot do what a check asked of it: its message has the error by which it refused, or what it did
 * instead. Only this is an answer about the platform; anything else that stops a check may be different the next time.
 */
final class IncapableException extends Exception {
    private static final long serialVersionUID = 1;

    IncapableException(String message) {
        super(message);
    }
}
