package org.iocp4j.port;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A limit on log lines of one kind that peers can cause: a few a second, and then how many were left out. A logger may
 * be slow or block, and a peer that can make a server write lines can fill its disk. Any thread.
 *
 * <pre>{@code String more = limit.next();
 * if (more != null) {
 *     LOG.warn("{}: a wrong length{}", peer, more);
 * }}</pre>
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class LogLimit {
    /** The most lines of one kind in a second. */
    public static final int LINES_A_SECOND = 5;
    private static final long SECOND = 1_000_000_000L;

    private final LongSupplier nanoClock;
    private long secondStart;
    private int lines;
    private long leftOut;

    /** A limit of its own, for one kind of line. */
    public LogLimit() {
        this(System::nanoTime);
    }

    /** @param nanoClock as {@link System#nanoTime} */
    LogLimit(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /**
     * Asks for one more line.
     *
     * @return null if the line is to be left out; otherwise what to append to it: mostly nothing, or how many were left
     *         out
     */
    public synchronized @Nullable String next() {
        long now = nanoClock.getAsLong();
        if (lines == 0 || now - secondStart >= SECOND) {
            secondStart = now;
            lines = 0;
        }
        if (lines == LINES_A_SECOND) {
            leftOut++;
            return null;
        }
        lines++;
        if (lines == LINES_A_SECOND) {
            return " (more of them within this second are not logged)";
        }
        if (leftOut == 0) {
            return "";
        }
        String more = " (" + leftOut + " more since the last such line)";
        leftOut = 0;
        return more;
    }
}
