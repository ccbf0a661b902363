package example.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;

/**
 * An answer to a request.
 *
 * @param fields further header fields, each with its line's end; mostly empty
 */
public record Response(Status status, String contentType, String fields, Content content) implements Answer {
    /** A text with status 200. */
    public static Response text(String text) {
        return text(Status.OK, "", text);
    }

    /** A text that says what is wrong. */
    public static Response error(Status status) {
        return text(status, "", status.text + "\n");
    }

    /** @param allowed methods, such as {@code GET, HEAD} */
    public static Response notAllowed(String allowed) {
        return text(Status.METHOD_NOT_ALLOWED, "Allow: " + allowed + "\r\n", Status.METHOD_NOT_ALLOWED.text + "\n");
    }

    private static Response text(Status status, String fields, String text) {
        return new Response(status, "text/plain; charset=utf-8", fields,
                Content.of(ByteBuffer.wrap(text.getBytes(UTF_8))));
    }
}
