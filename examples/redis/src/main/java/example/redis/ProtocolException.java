package example.redis;

/** What a client has sent is no command; the connection ends. */
final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1;

    ProtocolException(String message) {
        super("Protocol error: " + message, null, false, false); // a client's mistake needs no stack trace
    }
}
