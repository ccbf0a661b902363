package example.redis;

/** A command that cannot be run; its message is the reply, and begins with the error's code. */
final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    CommandException(String message) {
        super(message, null, false, false); // a client's mistake needs no stack trace
    }
}
