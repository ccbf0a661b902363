package example.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** The statuses that this server answers with (RFC 9110, 15). */
public enum Status {
    OK(200, "OK"),
    BAD_REQUEST(400, "Bad Request"),
    NOT_FOUND(404, "Not Found"),
    METHOD_NOT_ALLOWED(405, "Method Not Allowed"),
    CONTENT_TOO_LARGE(413, "Content Too Large"),
    EXPECTATION_FAILED(417, "Expectation Failed"),
    HEADERS_TOO_LARGE(431, "Request Header Fields Too Large"),
    NOT_IMPLEMENTED(501, "Not Implemented"),
    VERSION_NOT_SUPPORTED(505, "HTTP Version Not Supported");

    /** With its line's end. */
    final byte[] line;
    /** Such as {@code 404 Not Found}. */
    final String text;

    Status(int code, String reason) {
        text = code + " " + reason;
        line = ("HTTP/1.1 " + text + "\r\n").getBytes(US_ASCII);
    }
}
