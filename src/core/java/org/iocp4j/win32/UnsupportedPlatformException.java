package org.iocp4j.win32;

/**
 * There are no completion ports to be had: this JVM is not a Windows one (Wine counts as Windows), or it denies us
 * native access ({@link NativeAccessDeniedException}). Thrown by {@link WindowsWin32#attach}, and so by whatever is
 * started on the real system. To try again in the same JVM is of no use.
 */
public sealed class UnsupportedPlatformException extends UnsupportedOperationException
        permits NativeAccessDeniedException {
    private static final long serialVersionUID = 1;

    UnsupportedPlatformException(String message) {
        super(message);
    }
}
