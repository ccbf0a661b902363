package org.iocp4j.socket.check;

/**
 * The platform cannot do what a check asked of it: the error by which it refused, or what it did instead. Only this
 * says something of the platform; whatever else stops a check is the trouble of the moment.
 */
final class IncapableException extends Exception {
    private static final long serialVersionUID = 1;

    IncapableException(String message) {
        super(message);
    }
}
