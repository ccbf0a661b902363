package org.iocp4j.win32;

import java.lang.foreign.MemorySegment;

/**
 * The right to use what {@code java.lang.foreign} restricts, which a JVM gives to a module by
 * {@code --enable-native-access}. {@link WindowsWin32#attach} asks for it by itself. Another implementation of
 * {@link Win32} does well to ask before it is made: whatever system it stands for, iocp4j reaches memory by its
 * address.
 */
public final class NativeAccess {
    private NativeAccess() {
    }

    /**
     * Makes sure that this module has the right, by using it: {@link Module#isNativeAccessEnabled} is false also where
     * the JVM only warns at the first use. To be called before a class that needs the right is initialised, since the
     * JVM tries that only once. Any thread.
     *
     * @throws NativeAccessDeniedException if this module does not have it
     */
    @SuppressWarnings("restricted") // what it is for
    public static void require() {
        try {
            MemorySegment.NULL.reinterpret(0);
        } catch (IllegalCallerException e) {
            throw new NativeAccessDeniedException(NativeAccess.class.getModule());
        }
    }
}
