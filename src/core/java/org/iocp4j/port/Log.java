package org.iocp4j.port;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The library's log. The logger behind it is the application's code, and so are the exceptions that it prints: what either
 * throws is counted and goes no further. So a line may be written in the midst of work that has to be finished. Any thread.
 */
public final class Log {
    private static final AtomicLong FAILURES = new AtomicLong();

    private final Logger logger;

    Log(Logger logger) {
        this.logger = logger;
    }

    /** The log of a class. */
    public static Log of(Class<?> owner) {
        return new Log(LoggerFactory.getLogger(owner));
    }

    /** Lines that could not be written, in this JVM. */
    public static long failures() {
        return FAILURES.get();
    }

    public void debug(String format, Object... arguments) {
        try {
            logger.debug(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }

    public void warn(String format, Object... arguments) {
        try {
            logger.warn(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }

    public void error(String format, Object... arguments) {
        try {
            logger.error(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }

    /** An error with the stack trace of what was thrown, which may be anybody's. */
    public void thrown(Throwable failure, String format, Object... arguments) {
        try {
            logger.atError().setCause(new LoggedFailure(failure)).log(format, arguments);
        } catch (Throwable e) {
            FAILURES.incrementAndGet();
        }
    }
}
