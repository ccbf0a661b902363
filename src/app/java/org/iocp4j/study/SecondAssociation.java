package org.iocp4j.study;

import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;

import java.io.IOException;
import java.util.concurrent.TimeoutException;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/** The way out that is none: to associate the socket once more, with another key. */
final class SecondAssociation implements Experiment {
    private static final long LISTENER_KEY = 0;
    /** Keys that name the session, as the naive server's do: of the first one and of the second. */
    private static final long K1 = 101;
    private static final long K2 = 102;
    /** Longer than any packet takes to the port that it should come on. */
    private static final int FIRST_PORT_MILLIS = 3_000;

    @Override
    public String name() {
        return "second-association";
    }

    @Override
    public String question() {
        return "Can a socket that is associated with a completion port be associated again, to give it another key or"
                + " another"
                + " port: at once, when it is disconnected, or when it is used again?";
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
        private final LabPort otherPort;
        private final LabListener listener;
        private final LabSocket socket;
        private final Table table = new Table("CreateIoCompletionPort on one socket, in this order", "when", "port",
                "key",
                "returns", "error");
        private final Timeline timeline =
                new Timeline("One socket, two sessions, and each attempt to associate it once more");
        /** Second associations: tried, and failed with 87. */
        private int second;
        private int refused;
        /** All packets came on the first port with the first key. */
        private boolean stays = true;
        private String where = "";

        Trial(Lab lab, Finding.Builder finding) throws Win32Exception {
            this.lab = lab;
            this.finding = finding;
            port = lab.port();
            otherPort = lab.port();
            listener = lab.listen(port, LISTENER_KEY);
            socket = lab.socket();
        }

        Finding run() throws IOException, TimeoutException {
            Peer peer = connect(K1);
            if (associate("first use", socket, port, K1) != 0) {
                throw new IOException("the first association failed");
            }
            again("connected, same key", port, K1);
            again("connected, other key", port, K2);
            again("connected, other port, same key", otherPort, K1);
            again("connected, other port, other key", otherPort, K2);
            row("through a duplicated handle", port, K2, socket.associateDuplicate(port, K2));
            row("through a duplicated handle", otherPort, K2, socket.associateDuplicate(otherPort, K2));
            showKey(K1, peer);

            disconnect(K1, peer);
            again("disconnected, other key", port, K2);
            again("disconnected, other port, other key", otherPort, K2);
            Peer next = connect(K2);
            again("in use again, other key", port, K2);
            again("in use again, other port, other key", otherPort, K2);
            showKey(K2, next);

            LabSocket fresh = lab.socket();
            associate("for comparison: a new socket", fresh, port, K2);
            return conclude();
        }

        private Peer connect(long session) throws IOException, TimeoutException {
            Peer peer = listener.connect(socket, session);
            timeline.begin(lane(socket), session, socket.generation());
            return peer;
        }

        /** A second association; it should fail. */
        private void again(String when, LabPort with, long key) {
            row(when, with, key, socket.associate(with, key));
        }

        private void row(String when, LabPort with, long key, int error) {
            show(when, socket, with, key, error);
            second++;
            refused += error == ERROR_INVALID_PARAMETER() ? 1 : 0;
        }

        private int associate(String when, LabSocket which, LabPort with, long key) {
            int error = which.associate(with, key);
            show(when, which, with, key, error);
            return error;
        }

        private void show(String when, LabSocket which, LabPort with, long key, int error) {
            table.row(when, with == port ? "same" : "other", key, error == 0 ? "the port" : "NULL",
                    error == 0 ? "-" : ErrorName.of(error));
            timeline.association(lane(which), when + ", key " + key + ": " + (error == 0 ? "the port"
                    : "NULL, " + ErrorName.of(error)), error == 0);
        }

        /** One byte to the peer: which key its packet carries now, and on which port it comes. */
        private void showKey(long session, Peer peer) throws IOException, TimeoutException {
            socket.send(session, (byte) session);
            Packet packet = packet(Kind.SEND);
            peer.receive(1);
            finding.evidence(
                    "socket %d, generation %d, session %d: after that a WSASend's packet comes on %s with key %d",
                    socket.handle(), packet.generation(), packet.session(), where, packet.key());
        }

        /** A packet from whichever port it comes on; it should be the first one, with the first key. */
        private Packet packet(Kind kind) throws IOException, TimeoutException {
            LabOperation operation = socket.operation(kind);
            Packet packet = port.await(operation, FIRST_PORT_MILLIS);
            boolean first = packet != null;
            if (!first) {
                packet = otherPort.await(operation);
            }
            where = first ? "the first port" : "the other port";
            stays &= first && packet.key() == K1;
            timeline.packet(lane(socket), packet, packet.session(), packet.key() == packet.session());
            return packet;
        }

        private static String lane(LabSocket which) {
            return "socket " + which.handle();
        }

        private void disconnect(long session, Peer peer) throws IOException, TimeoutException {
            socket.receive(session);
            peer.closeByFin();
            packet(Kind.RECEIVE);
            socket.disconnect(session);
            Packet packet = packet(Kind.DISCONNECT);
            if (packet.status() < 0) {
                throw new IOException("DisconnectEx: " + packet.outcome() + ", " + socket);
            }
            timeline.end(lane(socket));
            finding.evidence("socket %d: DisconnectEx's packet comes on %s with key %d", socket.handle(), where,
                    packet.key());
        }

        private Finding conclude() {
            finding.evidence("%d of %d second associations failed with %s", refused, second,
                    ErrorName.of(ERROR_INVALID_PARAMETER()));
            finding.evidence(
                    "A duplicate is another handle to the same socket: Windows' documentation advises against sharing"
                    + " one that is associated (CreateIoCompletionPort).");
            return finding.table(table).picture(timeline.ended())
                    .verdict(refused == second && stays ? Verdict.SEEN : Verdict.NOT_SEEN);
        }
    }
}
