package org.iocp4j.win32;

/** This JVM does not run on Windows (or on Wine), or may not call it, so there are no completion ports to be had. */
public sealed class UnsupportedPlatformException extends UnsupportedOperationException
        permits NativeAccessDeniedException {
    private static final long serialVersionUID = 1;

    UnsupportedPlatformException(String message) {
        super(message);
    }
}
