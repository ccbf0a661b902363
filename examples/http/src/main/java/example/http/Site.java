package example.http;

import java.io.IOException;

/** What the server serves. It is called by many threads at the same time, and must not block. */
public interface Site {
    /**
     * The head of a request has come.
     *
     * @return a {@link Response}; or an {@link Upload}, which takes the body first. To a response before the body the
     *         connection ends
     * @throws IOException ends the connection without an answer
     */
    Answer answer(Request request) throws IOException;
}
