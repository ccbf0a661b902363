package org.iocp4j.win32;

/** This JVM does not run on Windows (or on Wine), so there are no completion ports to be had. */
public final class UnsupportedPlatformException extends UnsupportedOperationException {
    private static final long serialVersionUID = 1;

    UnsupportedPlatformException(String message) {
        super(message);
    }
}
