package org.iocp4j.port;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The library's log, on SLF4J. The logger behind it is the application's code, and so are the exceptions that it
 * prints: what either throws is counted and goes no further. So a line can be written in the midst of work that has to
 * be finished. It may block as long as the logger does. Any thread.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class Log {
    private static final AtomicLong FAILURES = new AtomicLong();

    private final Logger logger;

    Log(Logger logger) {
        this.logger = logger;
    }

    /** The log of a class: SLF4J's logger with the class's name. */
    public static Log of(Class<?> owner) {
        return new Log(LoggerFactory.getLogger(owner));
    }

    /** How many lines could not be written in this JVM, because the logger or an exception's own methods threw. */
    public static long failures() {
        return FAILURES.get();
    }

    /** A debug line. {@code format} and {@code arguments} are as SLF4J has them. */
    public void debug(String format, @Nullable Object... arguments) {
        try {
            logger.debug(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }

    /** A warning; parameters as for {@link #debug}. */
    public void warn(String format, @Nullable Object... arguments) {
        try {
            logger.warn(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }

    /** An error; parameters as for {@link #debug}. */
    public void error(String format, @Nullable Object... arguments) {
        try {
            logger.error(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }

    /**
     * An error with a stack trace. What was thrown may be anybody's: control characters in its messages are escaped,
     * and its own methods may throw.
     */
    public void thrown(Throwable failure, String format, Object... arguments) {
        try {
            logger.atError().setCause(new LoggedFailure(failure)).log(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }
}
