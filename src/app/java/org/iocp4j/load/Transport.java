package org.iocp4j.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One TCP connection of a {@link Connection}, which it tells what happens: {@link Connection#connected},
 * {@link Connection#connectFailed}, {@link Connection#received}, {@link Connection#writable} and
 * {@link Connection#lost}. None of these is called inside a method of this interface, and none after {@link #close}.
 * All on the {@link LoadThread}.
 */
interface Transport {
    /**
     * Starts to connect to the server. Called once, before everything else.
     *
     * @return true if it is connected; if not, {@code connected} or {@code connectFailed} follows
     */
    boolean connect() throws IOException;

    /**
     * Hands bytes to the system, from the buffer's position on.
     *
     * @return how many it has taken; if these are not all, {@code writable} follows
     */
    int send(ByteBuffer bytes) throws IOException;

    /** Closes the connection, or ends the connect. @param reset by an RST, and not by a FIN */
    void close(boolean reset);
}
