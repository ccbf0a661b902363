package org.iocp4j.win32;

/** This JVM lets iocp4j call no native code; the message names the option that does. */
public final class NativeAccessDeniedException extends UnsupportedPlatformException {
    private static final long serialVersionUID = 1;

    NativeAccessDeniedException(String message) {
        super(message);
    }
}
