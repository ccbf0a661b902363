package org.iocp4j.win32;

import java.lang.foreign.MemorySegment;

/** The right to use what {@code java.lang.foreign} restricts, which a JVM gives by {@code --enable-native-access}. */
public final class NativeAccess {
    private NativeAccess() {
    }

    /**
     * Uses it, and so knows: {@link Module#isNativeAccessEnabled} says false too where the JVM only warns at the first
     * use. To be asked before a class that needs the right is initialised, since that is tried only once.
     *
     * @throws NativeAccessDeniedException if this module does not have it
     */
    @SuppressWarnings("restricted") // what it is for
    public static void require() {
        try {
            MemorySegment.NULL.reinterpret(0);
        } catch (IllegalCallerException e) {
            Module ours = NativeAccess.class.getModule();
            throw new NativeAccessDeniedException("iocp4j needs native access, which this JVM denies to "
                    + (ours.isNamed() ? "the module " + ours.getName() : "what is on the class path")
                    + ": start it with --enable-native-access=" + (ours.isNamed() ? ours.getName() : "ALL-UNNAMED"));
        }
    }
}
