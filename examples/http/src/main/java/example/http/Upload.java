package example.http;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Takes the body of one request, and answers then. Its calls come one after another. */
public non-sealed interface Upload extends Answer {
    /**
     * A part of the body has come.
     *
     * @param part what it holds must be read now: the buffer is the server's
     * @throws IOException ends the connection without an answer
     */
    void part(ByteBuffer part) throws IOException;

    /**
     * All of the body has come; without a body this is called at once.
     *
     * @throws IOException ends the connection without an answer
     */
    Response end() throws IOException;
}
