package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/**
 * A server with one slot for a socket and one session at a time, which finds the session of a packet by one cure. What
 * a packet's operation was posted for is known besides, and says whether the cure was right.
 */
final class CureServer {
    /** What the packet of a session that is over names: nobody. */
    private static final long NOBODY = 0;
    private static final long SLOT = 7;
    /** A disconnect that takes longer waits for its peer. */
    private static final int PEER_MILLIS = 200;

    private final Lab lab;
    private final Cure cure;
    private final LabPort port;
    private final LabListener listener;
    private final Timeline timeline;
    private final List<LabOperation> posted = new ArrayList<>();
    private final Map<String, Long> recycleCalls = new TreeMap<>();
    private LabSocket socket;
    private boolean associated;
    /** The live one, or nobody. */
    private long session = NOBODY;
    private long serial;
    private int right;
    private int late;
    private int wrong;
    private String firstWrong = "";

    /** @param timeline gets a lane of its own, with the cure's name */
    CureServer(Lab lab, Cure cure, LabPort port, LabListener listener, Timeline timeline) throws Win32Exception {
        this.lab = lab;
        this.cure = cure;
        this.port = port;
        this.listener = listener;
        this.timeline = timeline;
        socket = lab.socket();
    }

    LabSocket socket() {
        return socket;
    }

    /** A new session: its client, accepted into the slot's socket. */
    Peer connect() throws IOException, TimeoutException {
        long next = ++serial;
        lab.calls().count();
        try {
            if (associated && cure == Cure.RE_KEY) {
                requireReKeyed(next);
            }
        } finally {
            lab.calls().pause();
        }
        Peer peer = listener.connect(socket, next);
        if (!associated) {
            lab.calls().count();
            int error = socket.associate(port, cure == Cure.OVERLAPPED ? 0 : cure == Cure.SLOT_KEY ? SLOT : next);
            lab.calls().pause();
            if (error != 0) {
                throw new IOException("CreateIoCompletionPort: " + ErrorName.of(error) + ", " + socket);
            }
            associated = true;
        }
        lab.calls().take().forEach((call, times) -> recycleCalls.merge(call, times, Long::sum));
        session = next;
        timeline.begin(cure.toString(), session, socket.generation());
        return peer;
    }

    private void requireReKeyed(long key) throws IOException {
        int status = socket.reKey(port, key);
        if (status < 0) {
            throw new IOException("NtSetInformationFile: " + ErrorName.ofStatus(status) + ", " + socket);
        }
    }

    LabOperation receive() throws Win32Exception {
        LabOperation operation = post(Kind.RECEIVE);
        socket.receive(operation, session);
        return operation;
    }

    LabOperation send(byte value) throws Win32Exception {
        LabOperation operation = post(Kind.SEND);
        socket.send(operation, session, value);
        return operation;
    }

    LabOperation sendTooMuch() throws Win32Exception {
        socket.sendTooMuch(session);
        LabOperation operation = socket.operation(Kind.SEND);
        posted.add(operation);
        return operation;
    }

    private LabOperation post(Kind kind) {
        LabOperation operation = lab.operation(socket, kind);
        posted.add(operation);
        return operation;
    }

    /** Waits for the packet, finds its session, and judges that. */
    Packet handle(LabOperation operation) throws IOException, TimeoutException {
        Packet packet = port.await(operation);
        long owner = packet.session();
        long named = sessionOf(packet);
        boolean isOver = owner != session;
        boolean isWrong = isOver ? named == session && session != NOBODY : named != owner;
        timeline.packet(cure.toString(), packet, owner, !isWrong);
        if (isWrong) {
            if (wrong++ == 0) {
                firstWrong = packet.kind() + " of session " + owner + " named session " + named;
            }
        } else if (isOver) {
            late++;
        } else {
            right++;
        }
        return packet;
    }

    /** What the server would believe: the session, one that is over, or nobody. */
    private long sessionOf(Packet packet) {
        return switch (cure) {
            case OVERLAPPED -> packet.session();
            case SLOT_KEY -> packet.key() == SLOT && packet.generation() == socket.generation() ? session : NOBODY;
            case NONE, RE_KEY, FRESH_SOCKET -> packet.key();
        };
    }

    /** Starts the end of the session; what is out has to be cancelled before, and may be handled after. */
    void disconnect() throws Win32Exception {
        lab.calls().count();
        if (cure.reuses()) {
            socket.disconnect(session);
        } else {
            socket.close();
        }
        lab.calls().pause();
    }

    /** The session is over, and the slot ready for the next; the peer closes, if the disconnect waits for that. */
    void end(Peer peer) throws IOException, TimeoutException {
        if (cure.reuses()) {
            LabOperation operation = socket.operation(Kind.DISCONNECT);
            Packet packet = port.await(operation, PEER_MILLIS);
            if (packet == null) {
                peer.closeByFin();
                packet = port.await(operation);
            }
            if (packet.status() < 0) {
                throw new IOException("DisconnectEx: " + packet.outcome() + ", " + socket);
            }
        }
        if (cure == Cure.RE_KEY) {
            awaitHome(); // nothing may be out then: the packets are dequeued, whoever handles them
        }
        session = NOBODY;
        timeline.end(cure.toString());
        lab.calls().count();
        if (!cure.reuses()) {
            socket = lab.socket();
            associated = false;
        }
        lab.calls().pause();
    }

    private void awaitHome() throws Win32Exception, TimeoutException {
        long deadline = lab.deadline(Lab.BOUND_MILLIS);
        while (posted.stream().anyMatch(LabOperation::isPending)) {
            int left = lab.millisUntil(deadline);
            if (left <= 0) {
                throw new TimeoutException("operations of " + socket + " are out after " + Lab.BOUND_MILLIS + " ms");
            }
            port.dequeue(left);
        }
    }

    /**
     * All packets were found right: those of the live session as its, those of one that is over not as the live one's.
     */
    boolean isRight() {
        return wrong == 0;
    }

    /** {@code yes: 18 packets, 1 of them late}, or {@code NO: 9 of 18: WSARecv of session 2 named session 1}. */
    String found() {
        int all = right + late + wrong;
        return isRight() ? "yes: " + all + " packets" + (late == 0 ? "" : ", " + late + " late")
                : "NO: " + wrong + " of " + all + ": " + firstWrong;
    }

    /**
     * The calls that it took from a session's last packet to the next session's accept; the first session's were the
     * first.
     */
    Map<String, Long> recycleCalls() {
        return recycleCalls;
    }

    void forgetCalls() {
        lab.calls().take();
        recycleCalls.clear();
    }
}
