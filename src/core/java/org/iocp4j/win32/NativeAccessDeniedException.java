package org.iocp4j.win32;

/**
 * This JVM lets iocp4j call no native code. The message names the option that does: {@code --enable-native-access} with
 * the module to name. Thrown by {@link NativeAccess#require}, and so by {@link WindowsWin32#attach} and by the
 * simulated kernel.
 */
public final class NativeAccessDeniedException extends UnsupportedPlatformException {
    private static final long serialVersionUID = 1;

    /** @param denied the module that does not have the right; an unnamed one is the class path */
    public NativeAccessDeniedException(Module denied) {
        super("iocp4j needs native access, which this JVM denies to "
                + (denied.isNamed() ? "the module " + denied.getName() : "what is on the class path")
                + ": start it with --enable-native-access=" + (denied.isNamed() ? denied.getName() : "ALL-UNNAMED"));
    }
}
