package org.iocp4j.study;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.iocp4j.port.IoThread;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.study.SessionReadings.Identity;
import org.iocp4j.study.SessionReadings.Outcome;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/** A session ends while operations of its are still out: whom do their packets name when they come? */
final class LatePackets implements Experiment {
    @Override
    public String name() {
        return "late-packets";
    }

    @Override
    public String question() {
        return "A session is torn down while the kernel still has operations of its, and its place or its socket goes"
                + " to"
                + " another session before their packets are handled. Which way of finding a packet's session survives"
                + " that?";
    }

    @Override
    public Finding run(Lab lab) throws IOException, TimeoutException {
        Finding.Builder finding = Finding.builder();
        if (!lab.requiresReuse(finding)) {
            return finding.notPossible();
        }
        Trial trial = new Trial(lab, finding);
        trial.closedWhileReceiving();
        trial.closedWhileSending();
        trial.reusedWithPacketUnhandled(true);
        trial.reusedWithPacketUnhandled(false);
        trial.reusedWithoutCancel();
        return trial.conclude();
    }

    private static final class Trial {
        private static final int PLACE = 0;
        private static final int OTHER_PLACE = 1;
        private static final int PLACES = 2;
        private static final int SLOT = 0;
        /** Long enough for what comes at once. */
        private static final int SHORT_MILLIS = 200;
        /** For what should come, but need not. */
        private static final int LAST_MILLIS = 3_000;

        private final Lab lab;
        private final Finding.Builder finding;
        private final LabPort port;
        private final LabListener listener;
        private final Table table =
                new Table("Late packets of session 1, and whom they name: by the completion key (the"
                + " socket's first session); by a pointer in the OVERLAPPED; by a slot key (the socket's present"
                + " session); by"
                + " an id with a serial number in the OVERLAPPED", "what happened", "its packet", "key", "pointer",
                "slot key", "id");
        private final Timeline timeline = new Timeline("A socket used again before its first session's"
                + " packet is handled: whom the packet names, told in four ways");
        private final Map<Identity, Integer> wrong = new EnumMap<>(Identity.class);
        private int late;
        private int byIdRecognised;

        Trial(Lab lab, Finding.Builder finding) throws IOException {
            this.lab = lab;
            this.finding = finding;
            port = lab.port();
            listener = lab.listen(port, 0);
        }

        /** closesocket with a receive out; a new session, on a new socket, gets the place at once. */
        void closedWhileReceiving() throws IOException, TimeoutException {
            SessionReadings sessions = new SessionReadings(PLACES, 1);
            LabSocket socket = lab.socket();
            long first = sessions.begin(PLACE, SLOT);
            connect(socket, first, PLACE);
            socket.receive(first);
            socket.close();
            sessions.end(first);
            boolean out = socket.operation(Kind.RECEIVE).isPending();

            LabSocket next = lab.socket();
            long second = sessions.begin(PLACE, SLOT);
            connect(next, second, PLACE);
            finding.evidence(
                    "closed while receiving: socket %d closed, its WSARecv %s; the new session's socket is %d%s",
                    socket.handle(), stateOf(out), next.handle(),
                    next.handle() == socket.handle() ? ": the same number again" : "");
            read("closed while receiving, place given away", port.await(socket.operation(Kind.RECEIVE)), sessions);
        }

        /**
         * The same with a send that the peer does not read; cancelled first, for closesocket alone would leave it out.
         */
        void closedWhileSending() throws IOException, TimeoutException {
            SessionReadings sessions = new SessionReadings(PLACES, 1);
            LabSocket socket = lab.socket();
            long first = sessions.begin(PLACE, SLOT);
            connect(socket, first, PLACE);
            socket.sendTooMuch(first);
            LabOperation send = socket.operation(Kind.SEND);
            if (port.await(send, SHORT_MILLIS) != null) {
                finding.evidence("closed while sending: not shown, the system took all %d bytes at once",
                        (long) IoThread.GATHER * lab.bulk().byteSize());
                sessions.end(first);
                return;
            }
            int cancelled = socket.cancel(send);
            socket.close();
            sessions.end(first);
            boolean out = send.isPending();

            LabSocket next = lab.socket();
            connect(next, sessions.begin(PLACE, SLOT), PLACE);
            finding.evidence("closed while sending: CancelIoEx returns %s; socket %d closed, its WSASend %s",
                    cancelled == 0 ? "TRUE" : ErrorName.of(cancelled), socket.handle(), stateOf(out));
            read("closed while sending, place given away", port.await(send), sessions);
        }

        /**
         * A receive is cancelled and its packet dequeued, but the thread that has it is slow: DisconnectEx is over and
         * the socket in use again before it handles the packet.
         */
        void reusedWithPacketUnhandled(boolean samePlace) throws IOException, TimeoutException {
            SessionReadings sessions = new SessionReadings(PLACES, 1);
            LabSocket socket = lab.socket();
            long first = sessions.begin(PLACE, SLOT);
            Peer peer = connect(socket, first, PLACE);
            LabOperation receive = socket.operation(Kind.RECEIVE);
            socket.receive(first);
            socket.cancel(receive);
            peer.closeByFin();
            disconnect(socket, first);
            sessions.end(first);

            long second = sessions.begin(samePlace ? PLACE : OTHER_PLACE, SLOT);
            listener.connect(socket, second);
            Packet packet = port.await(receive);
            String what = "socket used again, " + (samePlace ? "place given away" : "place still free");
            finding.evidence(
                    "%s: socket %d is in generation %d when a packet of generation %d is handled: key 0x%X (the"
                    + " first session's place and the slot), session %d in the OVERLAPPED", what, socket.handle(),
                    socket.generation(), packet.generation(), packet.key(), SessionReadings.number(packet.session()));
            Map<Identity, Outcome> readings = read(what, packet, sessions);
            if (samePlace) {
                draw(packet, SessionReadings.number(first), SessionReadings.number(second), readings);
            }
        }

        /**
         * A receive is neither cancelled nor waited for: does DisconnectEx end it, or does it live on in the next
         * session? Under Wine it lives on; CancelIoEx ends it most often, and closesocket where that does not find it
         * [wine].
         */
        void reusedWithoutCancel() throws IOException, TimeoutException {
            SessionReadings sessions = new SessionReadings(PLACES, 1);
            LabSocket socket = lab.socket();
            long first = sessions.begin(PLACE, SLOT);
            Peer peer = connect(socket, first, PLACE);
            LabOperation receive = socket.operation(Kind.RECEIVE);
            socket.receive(first);
            socket.disconnect(first);
            if (port.await(socket.operation(Kind.DISCONNECT), SHORT_MILLIS) == null) {
                peer.closeByFin(); // the disconnect waits for it
                port.await(socket.operation(Kind.DISCONNECT));
            }
            sessions.end(first);

            Peer next = listener.connect(socket, sessions.begin(PLACE, SLOT));
            boolean out = receive.isPending();
            byte sent = 77;
            next.send(sent);
            Ended ended = end(socket, receive);
            Packet packet = ended.packet();
            if (packet == null) {
                finding.evidence("receive not cancelled: its packet never came, %s", ended.by());
                return;
            }
            boolean stolen = packet.status() >= 0 && packet.bytes() == 1 && receive.data(1)[0] == sent;
            finding.evidence(
                    "receive not cancelled: when the socket is in use again, the first session's WSARecv %s; it ends"
                    + " %s, with %s, %d bytes%s", stateOf(out), ended.by(), packet.outcome(), packet.bytes(),
                    stolen ? ": the byte of the second session's client" : "");
            read("socket used again, receive not cancelled", packet, sessions);
        }

        private record Ended(Packet packet, String by) {
        }

        /** Tries in turn what should end a receive, until its packet comes; that is null if nothing did. */
        private Ended end(LabSocket socket, LabOperation receive) throws Win32Exception {
            Packet packet = port.await(receive, SHORT_MILLIS);
            if (packet != null) {
                return new Ended(packet, "of itself");
            }
            int error = socket.cancel(receive);
            packet = port.await(receive, SHORT_MILLIS);
            if (packet != null) {
                return new Ended(packet, "by CancelIoEx");
            }
            socket.close();
            return new Ended(port.await(receive, LAST_MILLIS), "by closesocket only (CancelIoEx before it: "
                    + (error == 0 ? "TRUE" : ErrorName.of(error)) + ")");
        }

        Finding conclude() {
            finding.evidence("of %d late packets, an id with a serial number recognised %d; named wrongly: %d by the"
                    + " completion key, %d by a pointer in the OVERLAPPED, %d by a slot key", late, byIdRecognised,
                    wrong.getOrDefault(Identity.KEY, 0), wrong.getOrDefault(Identity.POINTER, 0),
                    wrong.getOrDefault(Identity.SLOT_KEY, 0));
            finding.evidence(
                    "An operation's memory is the kernel's until its packet is dequeued, whatever becomes of its"
                    + " session: here each new session had operations of its own. Better than to recognise late"
                    + " packets is to"
                    + " have none: count what is out, and delete a session when its count is 0.");
            boolean seen = late > 0 && byIdRecognised == late && wrong.getOrDefault(Identity.KEY, 0) > 0
                    && wrong.getOrDefault(Identity.POINTER, 0) > 0 && wrong.getOrDefault(Identity.SLOT_KEY, 0) > 0;
            return finding.table(table).picture(timeline.ended()).verdict(seen ? Verdict.SEEN : Verdict.NOT_SEEN);
        }

        // ---- its parts ----

        /** A new socket's first connection, and its association. */
        private Peer connect(LabSocket socket, long session, int place) throws IOException, TimeoutException {
            Peer peer = listener.connect(socket, session);
            int error = socket.associate(port, SessionReadings.key(place, SLOT));
            if (error != 0) {
                throw new IOException("CreateIoCompletionPort: " + ErrorName.of(error) + ", " + socket);
            }
            return peer;
        }

        private void disconnect(LabSocket socket, long session) throws IOException, TimeoutException {
            socket.disconnect(session);
            Packet packet = port.await(socket.operation(Kind.DISCONNECT));
            if (packet.status() < 0) {
                throw new IOException("DisconnectEx: " + packet.outcome() + ", " + socket);
            }
        }

        private Map<Identity, Outcome> read(String what, Packet packet, SessionReadings sessions) {
            Map<Identity, Outcome> readings = sessions.read(packet.key(), packet.session());
            late++;
            byIdRecognised += readings.get(Identity.ID) == Outcome.LATE ? 1 : 0;
            readings.forEach((identity, outcome) -> {
                if (outcome.isWrong()) {
                    wrong.merge(identity, 1, Integer::sum);
                }
            });
            table.row(what, packet.kind() + ", " + packet.outcome(),
                    readings.get(Identity.KEY), readings.get(Identity.POINTER), readings.get(Identity.SLOT_KEY),
                    readings.get(Identity.ID));
            return readings;
        }

        /** The same story once more for each way to tell whose the packet is. */
        private void draw(Packet packet, long first, long second, Map<Identity, Outcome> readings) {
            readings.forEach((identity, outcome) -> {
                String lane = "by " + identity;
                timeline.begin(lane, first, packet.generation());
                timeline.end(lane);
                timeline.begin(lane, second, packet.generation() + 1);
                timeline.packet(lane, packet, first, !outcome.isWrong());
                timeline.restart();
            });
        }

        private static String stateOf(boolean out) {
            return out ? "is still the kernel's" : "is home";
        }
    }
}
