package org.iocp4j.study;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeoutException;

/** A client of the sockets under study, driven step by step. Each call waits until it is done, but never for ever. */
public interface Peer {
    /** How the peer learns that the other side has ended the connection. */
    enum End {
        FIN, RST,
        /** It does not, in the time that it was given. */
        NOTHING
    }

    /** Returns when the connection stands; the server need not have accepted it. */
    void connect(InetSocketAddress address) throws IOException, TimeoutException;

    /** The bytes are on their way. */
    void send(byte... bytes) throws IOException;

    /** The next {@code count} bytes. */
    byte[] receive(int count) throws IOException, TimeoutException;

    /** Where it is connected from. */
    InetSocketAddress localAddress();

    /** Waits for the other side's end; what comes before it is thrown away. */
    End awaitEnd(int millis) throws IOException;

    /** A FIN; it goes on reading. */
    void finishSending() throws IOException;

    /** An orderly end; nothing must lie unread, or it is a reset all the same. */
    void closeByFin() throws IOException;

    /** An RST. */
    void closeByReset() throws IOException;
}
