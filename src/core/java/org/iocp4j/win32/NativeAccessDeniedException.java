package org.iocp4j.win32;

/**
 * This JVM lets iocp4j call no native code. The message names the option that does: {@code --enable-native-access} with
 * the module to name. Thrown by {@link NativeAccess#require}, and so by {@link WindowsWin32#attach} and by the
 * simulated kernel.
 */
public final class NativeAccessDeniedException extends UnsupportedPlatformException {
    private static final long serialVersionUID = 1;

    NativeAccessDeniedException(String message) {
        super(message);
    }
}
