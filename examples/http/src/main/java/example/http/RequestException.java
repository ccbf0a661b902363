package example.http;

/** A request that is answered with an error, after which the connection ends: what follows it is not understood. */
final class RequestException extends Exception {
    private static final long serialVersionUID = 1;

    private final Status status;

    RequestException(Status status) {
        super(status.text, null, false, false); // a client's mistake needs no stack trace
        this.status = status;
    }

    Status status() {
        return status;
    }
}
