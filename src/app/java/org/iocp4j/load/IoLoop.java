package org.iocp4j.load;

import java.io.IOException;

/** What a {@link LoadThread} waits on: the transports of its connections. All but {@link #wakeup} on that thread. */
interface IoLoop extends AutoCloseable {
    /** A transport for one connect of this connection. */
    Transport newTransport(Connection connection) throws IOException;

    /**
     * Waits until something has happened, and tells the connections.
     *
     * @param millis the longest wait; 0 = none
     */
    void await(long millis) throws IOException;

    /** Ends the wait in {@link #await}, now or the next time. Any thread, after {@link #close} too. */
    void wakeup();

    /** The connections are closed: releases what they had. */
    @Override
    void close() throws IOException;
}
