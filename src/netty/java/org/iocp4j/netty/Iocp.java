package org.iocp4j.netty;

import io.netty.util.Version;
import org.iocp4j.win32.WindowsWin32;
import org.jspecify.annotations.Nullable;

/** Whether this JVM can use the transport: it needs Windows, Netty 4.2, and the right to native access. Any thread. */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class Iocp {
    @SuppressWarnings("StaticAssignmentOfThrowable") // it is what users ask for, as of Netty's other transports
    private static final @Nullable Throwable CAUSE = findCause();

    private Iocp() {
    }

    private static @Nullable Throwable findCause() {
        try {
            Class.forName("io.netty.channel.IoHandler", false, Iocp.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return new UnsupportedOperationException("iocp4j-netty needs Netty 4.2, and an older one is on the class"
                    + " path: " + Version.identify().values(), e);
        }
        try {
            WindowsWin32.attach().close();
            return null;
        } catch (Throwable e) {
            return e;
        }
    }

    /** Whether the transport can be used. Off Windows this is false, and no library is loaded. */
    public static boolean isAvailable() {
        return CAUSE == null;
    }

    /**
     * Throws unless the transport can be used.
     *
     * @throws UnsupportedOperationException with the cause, whose message says what to do
     */
    public static void ensureAvailability() {
        if (CAUSE != null) {
            throw new UnsupportedOperationException("completion ports are not available: " + CAUSE.getMessage(), CAUSE);
        }
    }

    /** Why the transport cannot be used; null if it can. */
    public static @Nullable Throwable unavailabilityCause() {
        return CAUSE;
    }
}
