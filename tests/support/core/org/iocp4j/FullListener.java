package org.iocp4j;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/**
 * A listener on loopback that accepts nobody and whose backlog is full: a connect to it stays pending under Wine and on
 * Linux. (On Windows a full backlog refuses [doc].)
 */
public final class FullListener implements AutoCloseable {
    private static final int SHORT_MILLIS = 200;
    /** So many connects in a row get no answer: on a busy machine one may be slow that the backlog has room for. */
    private static final int UNANSWERED = 3;
    private static final int MOST = 20;

    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    private final List<Socket> queued = new ArrayList<>();
    private final List<Socket> accepted = new ArrayList<>();

    /** @throws IOException if connects are refused, or do not come to stay pending */
    public FullListener() throws IOException {
        try {
            for (int unanswered = 0; unanswered < UNANSWERED;) {
                unanswered = isAnswered() ? 0 : unanswered + 1;
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private boolean isAnswered() throws IOException {
        if (queued.size() == MOST) {
            throw new IOException("a backlog of 1 takes " + MOST + " connections");
        }
        Socket socket = new Socket();
        queued.add(socket);
        try {
            socket.connect(address(), SHORT_MILLIS);
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    /** Makes room: the pending connects reach the listener when their system tries again. */
    public void accept() throws IOException {
        for (int i = queued.size(); i > UNANSWERED; i--) {
            accepted.add(listener.accept());
        }
    }

    @Override
    public void close() throws IOException {
        for (Socket socket : queued) {
            socket.close();
        }
        for (Socket socket : accepted) {
            socket.close();
        }
        listener.close();
    }
}
