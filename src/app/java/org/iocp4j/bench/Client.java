package org.iocp4j.bench;

import java.io.IOException;
import java.time.Duration;

/**
 * One turn of a load on a server: connects, works, leaves. What goes wrong is a {@link BenchClient.Failure}, as long as
 * the run is not stopped. Used by one thread.
 */
interface Client extends AutoCloseable {
    /** Connects what is to be held, each with one exchange, so that it is known to be served. */
    BenchClient.Counted open() throws IOException;

    /** Sends nothing for this long on connections that are held. */
    void idle(Duration time) throws IOException;

    /** Works for this long; then what is under way ends. */
    BenchClient.Counted work(Duration time) throws IOException;

    /** Closes, and waits until the server has closed its side of each connection: then this turn has no work left. */
    void leave() throws IOException;

    /** Closes what an error left open. */
    @Override
    void close() throws IOException;
}
