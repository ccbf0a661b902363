package org.iocp4j.server;

/**
 * What a handler has thrown, as it is logged. Its messages may hold what a peer has sent, so nothing in them can begin a line
 * of its own or steer a terminal.
 */
final class LoggedFailure extends Throwable {
    /** Causes can go in a circle. */
    private static final int MOST_CAUSES = 8;

    LoggedFailure(Throwable failure) {
        this(failure, MOST_CAUSES);
    }

    private LoggedFailure(Throwable failure, int causes) {
        super(escape(failure.toString()),
                failure.getCause() == null || causes == 0 ? null : new LoggedFailure(failure.getCause(), causes - 1),
                false, true);
        setStackTrace(failure.getStackTrace());
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length());
        for (char c : text.toCharArray()) {
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                        escaped.append(String.format("\\u%04x", (int) c));
                default -> escaped.append(c);
            }
        }
        return escaped.toString();
    }

    /** That of the failure; this class is not what the reader looks for. */
    @Override
    public String toString() {
        return getMessage();
    }
}
