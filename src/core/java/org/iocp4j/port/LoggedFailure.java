package org.iocp4j.port;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an application's code has thrown, as it is logged. Its messages may hold what a peer has sent, so nothing in
 * them can begin a line of its own or control a terminal. Its methods are the application's, too: if they throw or
 * return null, a few words replace their result.
 */
final class LoggedFailure extends Throwable {
    private static final long serialVersionUID = 1;

    /** Causes can go in a circle. */
    private static final int MOST_CAUSES = 8;
    /** A message can be as long as what a peer has sent. */
    private static final int MOST_CHARACTERS = 2_000;
    private static final StackTraceElement[] NO_TRACE = {};

    LoggedFailure(Throwable failure) {
        this(failure, MOST_CAUSES);
    }

    private LoggedFailure(Throwable failure, int causes) {
        super(describe(failure), cause(failure, causes), false, true);
        setTraceOf(failure);
    }

    private static String describe(Throwable failure) {
        try {
            String text = failure.toString();
            return text != null ? escape(text) : failure.getClass().getName() + ", whose toString() is null";
        } catch (Throwable e) {
            return failure.getClass().getName() + ", whose toString() throws " + e.getClass().getName();
        }
    }

    private static String escape(String text) {
        int length = Math.min(text.length(), MOST_CHARACTERS);
        StringBuilder escaped = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                        escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                default -> escaped.append(c);
            }
        }
        return length == text.length() ? escaped.toString()
                : escaped + "... (" + (text.length() - length) + " characters more)";
    }

    private static @Nullable LoggedFailure cause(Throwable failure, int causes) {
        try {
            Throwable cause = failure.getCause();
            return cause == null || causes == 0 ? null : new LoggedFailure(cause, causes - 1);
        } catch (Throwable e) {
            return null;
        }
    }

    private void setTraceOf(Throwable failure) {
        try {
            setStackTrace(failure.getStackTrace());
        } catch (Throwable e) { // it throws, or is null, or has nulls in it
            setStackTrace(NO_TRACE);
        }
    }

    /** That of the failure; this class is not what the reader looks for. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // getMessage is the failure's text; what goes is this class's name
    public String toString() {
        return String.valueOf(getMessage());
    }
}
