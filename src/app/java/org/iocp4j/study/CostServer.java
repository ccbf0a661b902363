package org.iocp4j.study;

import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/**
 * An echo server with one connection at a time, whose sockets end in one way; client and server take turns on one
 * thread.
 */
final class CostServer {
    private static final long SESSION = 1;
    private static final byte SENT = 42;

    private final Lab lab;
    private final DisconnectMethod method;
    private final LabPort port;
    private final LabListener listener;
    private LabSocket socket;
    private boolean associated;
    private int failures;

    CostServer(Lab lab, DisconnectMethod method) throws Win32Exception {
        this.lab = lab;
        this.method = method;
        port = lab.port();
        listener = lab.listen(port, 0);
        if (!method.reuses()) {
            listener.lingerReset();
        }
        socket = lab.socket();
    }

    /**
     * A connection from accept to the socket's being ready again; the client closes first. How long the echoes took.
     */
    long connection(int echoes) throws IOException, TimeoutException {
        Peer peer = listener.connect(socket, SESSION);
        if (!associated) {
            int error = socket.associate(port, SESSION);
            if (error != 0) {
                throw new IOException("CreateIoCompletionPort: " + ErrorName.of(error) + ", " + socket);
            }
            associated = true;
        }
        socket.receive(SESSION);
        long start = lab.win32().nanoTime();
        for (int i = 0; i < echoes; i++) {
            peer.send(SENT);
            port.await(socket.operation(Kind.RECEIVE));
            socket.send(SESSION, SENT);
            socket.receive(SESSION);
            peer.receive(1);
            port.await(socket.operation(Kind.SEND));
        }
        long nanos = lab.win32().nanoTime() - start;
        peer.closeByFin();
        port.await(socket.operation(Kind.RECEIVE));
        end();
        return nanos;
    }

    private void end() throws IOException, TimeoutException {
        if (!method.reuses() || !disconnects()) {
            socket.close();
            socket = lab.replace(socket);
            associated = false;
        }
    }

    /** False if the socket cannot be used again. */
    private boolean disconnects() throws TimeoutException, Win32Exception {
        boolean transmits = method == DisconnectMethod.TRANSMIT_FILE;
        try {
            if (transmits) {
                socket.transmitNothing(SESSION);
            } else {
                socket.disconnect(SESSION);
            }
        } catch (Win32Exception e) {
            failures++;
            return false;
        }
        boolean works = port.await(socket.operation(transmits ? Kind.TRANSMIT : Kind.DISCONNECT)).status() >= 0;
        failures += works ? 0 : 1;
        return works;
    }

    /** Disconnects that failed, so that the socket was replaced. */
    int failures() {
        return failures;
    }
}
