package org.iocp4j.study;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.Win32Exception;

/** One connection, and its end: by whom first, and how. */
final class Ending {
    /** Who closes first. */
    enum Closer {
        CLIENT, SERVER,
        /** Neither waits for the other. */
        BOTH;

        /** In a sentence. */
        String who() {
            return this == BOTH ? "both at once" : "the " + this;
        }

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** What the server does; the client closes by FIN. */
    enum Method {
        CLOSESOCKET("closesocket", false, OFF),
        RESET("closesocket", false, ON_0),
        DISCONNECT_EX("DisconnectEx", true, OFF),
        DISCONNECT_EX_RESET("DisconnectEx", true, ON_0),
        TRANSMIT_FILE("TransmitFile", true, OFF),
        TRANSMIT_FILE_RESET("TransmitFile", true, ON_0),
        GRACEFUL("graceful", false, OFF);

        private final String text;
        private final boolean reuses;
        private final int linger;

        Method(String text, boolean reuses, int linger) {
            this.text = text;
            this.reuses = reuses;
            this.linger = linger;
        }

        /** Whether its socket can be used again. */
        boolean reuses() {
            return reuses;
        }

        boolean transmits() {
            return this == TRANSMIT_FILE || this == TRANSMIT_FILE_RESET;
        }

        /** With linger {on, 0}. */
        boolean resets() {
            return linger == ON_0;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** SO_LINGER: l_onoff 0. */
    private static final int OFF = 0;
    /** l_onoff 1, l_linger 0. */
    private static final int ON_0 = 1;
    private static final int SECONDS_SHIFT = 16;
    /** A disconnect that takes longer waits for its peer, which then closes. */
    static final int PACKET_MILLIS = 200;
    /** And then so long. */
    static final int LAST_MILLIS = 3_000;
    static final int END_MILLIS = 300;
    private static final long SESSION = 1;

    private final Lab lab;
    private final LabPort port;
    private final LabListener listener;
    private final Method method;
    private final LabSocket socket;
    private final Peer peer;
    private final int clientPort;
    private final String lingerInForce;
    private Peer.End seenByPeer = Peer.End.NOTHING;
    private boolean over;
    private boolean usedAgain;
    private long postedAt;
    private long nanos;

    /** Connects, and sets the linger. */
    Ending(Lab lab, LabPort port, LabListener listener, Method method) throws IOException, TimeoutException {
        this.lab = lab;
        this.port = port;
        this.listener = listener;
        this.method = method;
        socket = lab.socket();
        peer = listener.connect(socket, SESSION);
        clientPort = peer.localAddress().getPort();
        if (socket.associate(port, SESSION) != 0) {
            throw new IOException("CreateIoCompletionPort failed, " + socket);
        }
        socket.linger(method.linger);
        int inForce = socket.linger();
        lingerInForce = (inForce & 0xFFFF) == 0 ? "off" : "on, " + (inForce >>> SECONDS_SHIFT) + " s";
    }

    /** Ends it; if it can, the socket is used again, while the old connection may still be in TIME_WAIT. */
    void run(Closer closer, boolean reuse) throws IOException, TimeoutException {
        switch (closer) {
            case CLIENT -> {
                socket.receive(SESSION);
                peer.closeByFin();
                port.await(socket.operation(Kind.RECEIVE));
                start();
                finish();
            }
            case SERVER -> {
                start();
                awaitPacket(PACKET_MILLIS);
                seenByPeer = peer.awaitEnd(END_MILLIS);
                if (reuse && over) {
                    useAgain(); // at once: the client has not closed yet
                }
                if (seenByPeer == Peer.End.NOTHING && usedAgain) {
                    // under Wine TransmitFile's FIN goes out with the next accept
                    seenByPeer = peer.awaitEnd(END_MILLIS);
                }
                peer.closeByFin();
                finish();
            }
            case BOTH -> {
                start();
                peer.closeByFin();
                finish();
            }
            default -> throw new IllegalStateException();
        }
        if (reuse && over && !usedAgain) {
            useAgain();
        }
    }

    private void start() throws Win32Exception {
        postedAt = lab.win32().nanoTime();
        switch (method) {
            case CLOSESOCKET, RESET -> {
                socket.close();
                isOver();
            }
            case DISCONNECT_EX, DISCONNECT_EX_RESET -> socket.disconnect(SESSION);
            case TRANSMIT_FILE, TRANSMIT_FILE_RESET -> socket.transmitNothing(SESSION);
            case GRACEFUL -> socket.shutdownSend();
            default -> throw new IllegalStateException();
        }
    }

    private void isOver() {
        over = true;
        nanos = lab.win32().nanoTime() - postedAt;
    }

    private void awaitPacket(int millis) throws IOException {
        if (over || !method.reuses()) {
            return;
        }
        Packet packet = port.await(socket.operation(method.transmits() ? Kind.TRANSMIT : Kind.DISCONNECT), millis);
        if (packet != null && packet.status() < 0) {
            throw new IOException(method + ": " + packet.outcome() + ", " + socket);
        }
        if (packet != null) {
            isOver();
        }
    }

    /** The client has closed; so what is to end ends now, or not within a bound. */
    private void finish() throws IOException, TimeoutException {
        if (method == Method.GRACEFUL) {
            socket.receive(SESSION);
            port.await(socket.operation(Kind.RECEIVE)); // the client's FIN
            socket.close();
            isOver();
        }
        awaitPacket(LAST_MILLIS);
    }

    private void useAgain() throws IOException, TimeoutException {
        listener.connect(socket, SESSION + 1).closeByReset();
        usedAgain = true;
    }

    /** How long the end takes, the client having closed before, or closing only when it has to. */
    long nanosToEnd(Closer closer) throws IOException, TimeoutException {
        if (closer == Closer.CLIENT) {
            run(closer, false);
        } else {
            start();
            awaitPacket(PACKET_MILLIS);
            peer.closeByFin();
            finish();
        }
        if (!socket.isClosed()) {
            socket.close();
        }
        return over ? nanos : TimeUnit.MILLISECONDS.toNanos(PACKET_MILLIS + LAST_MILLIS);
    }

    /** {@code off}, or {@code on, 0 s}: as getsockopt says. */
    String lingerInForce() {
        return lingerInForce;
    }

    Peer.End seenByPeer() {
        return seenByPeer;
    }

    /** The disconnect's packet came, or the socket is closed. */
    boolean isEnded() {
        return over;
    }

    boolean isUsedAgain() {
        return usedAgain;
    }

    String serverState(TcpStates states) {
        return states.of(listener.address().getPort(), clientPort);
    }

    String clientState(TcpStates states) {
        return states.of(clientPort, listener.address().getPort());
    }
}
