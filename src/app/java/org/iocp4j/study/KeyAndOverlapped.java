package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;

/** The cause, packet by packet: the key stays with the socket, the OVERLAPPED goes with the operation. */
final class KeyAndOverlapped implements Experiment {
    private static final int SOCKETS = 2;
    private static final int GENERATIONS = 3;
    private static final long LISTENER_KEY = 0;

    @Override
    public String name() {
        return "key-and-overlapped";
    }

    @Override
    public String question() {
        return "Each operation carries, in its OVERLAPPED, the session that posted it, and each packet a completion"
                + " key. Do"
                + " the two still agree when a socket is used a second and a third time?";
    }

    @Override
    public Finding run(Lab lab) throws IOException, TimeoutException {
        Finding.Builder finding = Finding.builder();
        if (!lab.requiresReuse(finding)) {
            return finding.notPossible();
        }
        return new Trial(lab, finding).run();
    }

    private static final class Trial {
        private final Lab lab;
        private final Finding.Builder finding;
        private final LabPort port;
        private final LabListener listener;
        private final List<LabSocket> sockets = new ArrayList<>();
        private final Map<LabSocket, Long> firstKeys = new HashMap<>();
        private final Table table = new Table("Every packet, in the order it was dequeued", "socket", "generation",
                "operation", "posted by session", "key", "session in OVERLAPPED", "match");
        private final Timeline timeline = new Timeline("Two sockets, three connections each");
        private long sessions;
        /** Packets on second and later connections: all, with a key that is not their session, with the first key. */
        private int later;
        private int wrongKeys;
        private int firstKeyAgain;
        private int all;
        private int rightOverlapped;

        Trial(Lab lab, Finding.Builder finding) throws IOException {
            this.lab = lab;
            this.finding = finding;
            port = lab.port();
            listener = lab.listen(port, LISTENER_KEY);
            for (int i = 0; i < SOCKETS; i++) {
                sockets.add(lab.socket());
            }
        }

        Finding run() throws IOException, TimeoutException {
            finding.evidence("listener %d, key %d; sockets %d and %d", listener.handle(), LISTENER_KEY,
                    sockets.get(0).handle(), sockets.get(1).handle());
            for (int generation = 1; generation <= GENERATIONS; generation++) {
                for (LabSocket socket : sockets) {
                    connection(socket, ++sessions);
                }
            }
            finding.evidence(
                    "the session in the OVERLAPPED was the one that had posted the operation in %d of %d packets",
                    rightOverlapped, all);
            finding.evidence(
                    "on reused sockets the key was the session's in %d of %d packets; it was the socket's first key"
                    + " in %d of them", later - wrongKeys, later, firstKeyAgain);
            boolean seen = rightOverlapped == all && wrongKeys == later && firstKeyAgain == later;
            return finding.table(table).picture(timeline.ended()).verdict(seen ? Verdict.SEEN : Verdict.NOT_SEEN);
        }

        /** One connection's life: accept, associate, one byte in, one out, the client's FIN, disconnect. */
        private void connection(LabSocket socket, long session) throws IOException, TimeoutException {
            listener.accept(socket, session);
            Peer peer = lab.peer(listener.address());
            timeline.begin(lane(socket), session, socket.generation());
            seen(socket, Kind.ACCEPT, session);
            listener.accepted(socket);
            associate(socket, session);

            socket.receive(session);
            peer.send((byte) session);
            seen(socket, Kind.RECEIVE, session);
            byte received = socket.operation(Kind.RECEIVE).data(1)[0];
            if (received != (byte) session) {
                throw new IOException("session " + session + " received a byte that its client has not sent");
            }
            socket.send(session, received);
            seen(socket, Kind.SEND, session);
            peer.receive(1);

            socket.receive(session);
            peer.closeByFin();
            seen(socket, Kind.RECEIVE, session); // 0 bytes: the client's FIN
            socket.disconnect(session);
            seen(socket, Kind.DISCONNECT, session);
            timeline.end(lane(socket));
        }

        /** As a server does that has the session for a key: anew for each connection. */
        private void associate(LabSocket socket, long session) {
            int error = socket.associate(port, session);
            if (error == 0) {
                firstKeys.putIfAbsent(socket, session);
            }
            finding.evidence("socket %d, generation %d: CreateIoCompletionPort with key %d %s", socket.handle(),
                    socket.generation(), session, error == 0 ? "succeeds" : "returns NULL, " + ErrorName.of(error));
        }

        private void seen(LabSocket socket, Kind kind, long session) throws IOException, TimeoutException {
            Packet packet = port.await(socket.operation(kind));
            if (packet.status() < 0) {
                throw new IOException(kind + ": " + packet.outcome() + ", " + socket + ", session " + session);
            }
            boolean accept = kind == Kind.ACCEPT;
            boolean match = packet.key() == packet.session();
            count(packet, session, socket, match);
            table.row(packet.socket(), packet.generation(), operation(packet), session, packet.key(), packet.session(),
                    accept ? "- (the listener's key)" : match ? "yes" : "NO");
            timeline.packet(lane(socket), packet, packet.session(), accept ? null : (Boolean) match);
        }

        private void count(Packet packet, long session, LabSocket socket, boolean match) {
            all++;
            rightOverlapped += packet.session() == session ? 1 : 0;
            if (packet.generation() > 1 && packet.kind() != Kind.ACCEPT) {
                later++;
                wrongKeys += match ? 0 : 1;
                firstKeyAgain += firstKeys.getOrDefault(socket, -1L) == packet.key() ? 1 : 0;
            }
        }

        private static String operation(Packet packet) {
            return packet.kind() == Kind.RECEIVE && packet.bytes() == 0 ? packet.kind() + ", 0 bytes"
                    : packet.kind().toString();
        }

        private static String lane(LabSocket socket) {
            return "socket " + socket.handle();
        }
    }
}
