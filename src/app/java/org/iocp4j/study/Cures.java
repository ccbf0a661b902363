package org.iocp4j.study;

import static org.iocp4j.win32.generated.WinTypes.STATUS_INVALID_INFO_CLASS;
import static org.iocp4j.win32.generated.WinTypes.STATUS_NOT_IMPLEMENTED;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;

/**
 * Ways to know whose a packet is in spite of the key that stays: which are there, what do they cost, what do they bear?
 */
final class Cures implements Experiment {
    private static final int GENERATIONS = 2;
    private static final int PIPELINED = 8;

    @Override
    public String name() {
        return "cures";
    }

    @Override
    public String question() {
        return "Which ways are there to find a packet's session although a socket that is used again keeps its key,"
                + " what does"
                + " each cost, and does it hold for a server that does more than echo: pipelined sends, a disconnect"
                + " with a"
                + " receive pending, half-close, cancelled operations, late packets?";
    }

    @Override
    public Finding run(Lab lab) throws IOException, TimeoutException {
        Finding.Builder finding = Finding.builder();
        if (!lab.requiresReuse(finding)) {
            return finding.notPossible();
        }
        return new Trial(lab, finding).run();
    }

    /** What a server that does more than echo does; each runs a first session and one more, in the same slot. */
    private interface Scenario {
        void run(CureServer server) throws IOException, TimeoutException;
    }

    private static final class Trial {
        private static final long K1 = 1;
        private static final long K2 = 2;

        private final Lab lab;
        private final Finding.Builder finding;
        private final LabPort port;
        private final LabListener listener;
        private final Map<String, Scenario> scenarios = new LinkedHashMap<>();
        private final Map<String, Timeline> timelines = new LinkedHashMap<>();
        private final Map<Cure, Verdict> verdicts = new EnumMap<>(Cure.class);

        Trial(Lab lab, Finding.Builder finding) throws IOException {
            this.lab = lab;
            this.finding = finding;
            port = lab.port();
            listener = lab.listen(port, 0);
            scenarios.put("pipelined sends", this::pipelinedSends);
            scenarios.put("server disconnects, receive pending", this::disconnectWithReceivePending);
            scenarios.put("half-close", this::halfClose);
            scenarios.put("cancel in flight", this::cancelInFlight);
            scenarios.put("late packets", this::latePackets);
            scenarios.keySet().forEach(name ->
                    timelines.put(name, new Timeline(name + ": one slot, two sessions, by each cure")));
        }

        Finding run() throws IOException, TimeoutException {
            Verdict reKey = reKey();
            Table complex =
                    new Table("Was each packet's session found? In two sessions, one after the other in the same slot",
                    columns());
            Table costs = new Table("The cures", "cure", "how", "works here?", "calls per recycle",
                    "packets per recycle",
                    "which calls", "survives late packets?", "since");
            for (Cure cure : Cure.values()) {
                if (cure == Cure.RE_KEY && reKey != Verdict.WORKS) {
                    verdicts.put(cure, reKey);
                    complex.row(withName(cure, scenarios.keySet().stream().map(name -> "-").toList()));
                    costs.row(cure, cure.how(), reKey, "-", "-", "-", "-", cure.since());
                    continue;
                }
                tryOut(cure, complex, costs);
            }
            verdicts.remove(Cure.NONE);
            finding.evidence(
                    "Rule: a cure works if in all of these each packet of the live session named it, and none of a"
                    + " session that is over named the live one.");
            finding.evidence(
                    "For a server that does more than echo: %s. In each a packet tells late from live by a number that"
                    + " no other session has: the session's serial, or the socket's generation.", verdicts.entrySet()
                    .stream()
                    .map(entry -> entry.getKey() + " " + entry.getValue()).collect(Collectors.joining(", ")));
            Map<String, Verdict> named = new LinkedHashMap<>();
            verdicts.forEach((cure, verdict) -> named.put(cure.toString(), verdict));
            timelines.values().forEach(timeline -> finding.picture(timeline.ended()));
            return finding.table(costs).table(complex).cures(named);
        }

        private String[] columns() {
            List<String> columns = new ArrayList<>(List.of("cure"));
            columns.addAll(scenarios.keySet());
            return columns.toArray(String[]::new);
        }

        private static Object[] withName(Cure cure, List<String> cells) {
            List<Object> row = new ArrayList<>(List.of(cure));
            row.addAll(cells);
            return row.toArray();
        }

        private void tryOut(Cure cure, Table complex, Table costs) throws IOException, TimeoutException {
            List<String> cells = new ArrayList<>();
            boolean works = true;
            boolean bearsLate = false;
            for (Map.Entry<String, Scenario> scenario : scenarios.entrySet()) {
                lab.progress("%s: %s", cure, scenario.getKey());
                Timeline timeline = timelines.get(scenario.getKey());
                CureServer server = new CureServer(lab, cure, port, listener, timeline);
                scenario.getValue().run(server);
                timeline.restart();
                works &= server.isRight();
                bearsLate = server.isRight(); // of the last
                cells.add(server.found());
            }
            complex.row(withName(cure, cells));
            Verdict verdict = works ? Verdict.WORKS : Verdict.FAILS;
            verdicts.put(cure, verdict);
            Map<String, Long> calls = callsToRecycle(cure);
            costs.row(cure, cure.how(), verdict, calls.values().stream().mapToLong(Long::longValue).sum(),
                    cure.reuses() ? 1 : 0, String.join(" + ", calls.keySet()), bearsLate ? "yes" : "NO", cure.since());
        }

        /**
         * An ordinary session that the client ends, and the next: what that takes besides AcceptEx, its context and
         * packets.
         */
        private Map<String, Long> callsToRecycle(Cure cure) throws IOException, TimeoutException {
            CureServer server = new CureServer(lab, cure, port, listener, new Timeline("not shown"));
            Peer peer = server.connect();
            server.forgetCalls();
            closedByClient(server, peer);
            server.connect().closeByFin();
            return server.recycleCalls();
        }

        // ---- what a server does ----

        private void pipelinedSends(CureServer server) throws IOException, TimeoutException {
            for (int generation = 0; generation < GENERATIONS; generation++) {
                Peer peer = server.connect();
                LabOperation receive = server.receive();
                List<LabOperation> sends = new ArrayList<>();
                for (byte i = 0; i < PIPELINED; i++) {
                    sends.add(server.send(i));
                }
                byte[] received = peer.receive(PIPELINED);
                for (byte i = 0; i < PIPELINED; i++) {
                    require(received[i] == i, "byte " + i + " of pipelined sends is " + received[i]);
                    server.handle(sends.get(i));
                }
                peer.send((byte) generation);
                require(server.handle(receive).bytes() == 1, "a byte was received");
                closedByClient(server, peer);
            }
        }

        private void disconnectWithReceivePending(CureServer server) throws IOException, TimeoutException {
            for (int generation = 0; generation < GENERATIONS; generation++) {
                Peer peer = server.connect();
                echo(server, peer, (byte) generation);
                LabOperation receive = server.receive();
                server.socket().cancel(receive);
                server.disconnect();
                server.handle(receive);
                server.end(peer);
            }
        }

        private void halfClose(CureServer server) throws IOException, TimeoutException {
            for (int generation = 0; generation < GENERATIONS; generation++) {
                Peer peer = server.connect();
                LabOperation receive = server.receive();
                peer.finishSending();
                require(server.handle(receive).bytes() == 0, "the client's FIN was received");
                for (byte i = 0; i < PIPELINED; i++) {
                    LabOperation send = server.send(i);
                    require(peer.receive(1)[0] == i, "a client that has closed one way still receives");
                    server.handle(send);
                }
                server.disconnect();
                server.end(peer);
            }
        }

        /** A receive, and a send that the peer does not read, both cancelled; then the client resets. */
        private void cancelInFlight(CureServer server) throws IOException, TimeoutException {
            for (int generation = 0; generation < GENERATIONS; generation++) {
                Peer peer = server.connect();
                LabOperation receive = server.receive();
                LabOperation send = server.sendTooMuch();
                server.socket().cancel(receive);
                server.socket().cancel(send);
                server.handle(send);
                server.handle(receive);
                server.disconnect();
                peer.closeByReset();
                server.end(peer);
            }
        }

        /** A packet is dequeued, but not handled before its socket is in use again. */
        private void latePackets(CureServer server) throws IOException, TimeoutException {
            Peer peer = server.connect();
            LabSocket first = server.socket();
            LabOperation receive = server.receive();
            first.cancel(receive);
            peer.closeByFin();
            server.disconnect();
            server.end(peer);
            Peer next = server.connect();
            server.handle(receive);
            echo(server, next, (byte) 1);
            closedByClient(server, next);
        }

        private static void echo(CureServer server, Peer peer, byte value) throws IOException, TimeoutException {
            LabOperation receive = server.receive();
            peer.send(value);
            server.handle(receive);
            LabOperation send = server.send(receive.data(1)[0]);
            require(peer.receive(1)[0] == value, "the echo is what was sent");
            server.handle(send);
        }

        private static void closedByClient(CureServer server, Peer peer) throws IOException, TimeoutException {
            LabOperation receive = server.receive();
            peer.closeByFin();
            require(server.handle(receive).bytes() == 0, "the client's FIN was received");
            server.disconnect();
            server.end(peer);
        }

        private static void require(boolean condition, String otherwise) throws IOException {
            if (!condition) {
                throw new IOException("not so: " + otherwise);
            }
        }

        // ---- class 61 by itself ----

        /** Whether there is such a call here, and what it does with I/O pending and without. */
        private Verdict reKey() throws IOException, TimeoutException {
            String documentation =
                    "NtSetInformationFile(FileReplaceCompletionInformation = 61): replaces port and key, from"
                    + " Windows 8.1; nothing may be pending [rep]";
            LabSocket socket = lab.socket();
            listener.connect(socket, 1);
            int error = socket.associate(port, K1);
            require(error == 0, "CreateIoCompletionPort: " + ErrorName.of(error));
            LabOperation receive = socket.operation(Kind.RECEIVE);
            socket.receive(1);
            int pending = socket.reKey(port, K2);
            socket.cancel(receive);
            port.await(receive);
            int idle = socket.reKey(port, K2);
            socket.send(1, (byte) 1);
            long key = port.await(socket.operation(Kind.SEND)).key();
            finding.evidence(
                    "socket %d, key %d, NtSetInformationFile(61, key %d): with a WSARecv pending %s; with nothing"
                    + " pending %s; then a WSASend's packet carries key %d", socket.handle(), K1, K2, status(pending),
                    status(idle), key);
            boolean absent = idle == STATUS_INVALID_INFO_CLASS() || idle == STATUS_NOT_IMPLEMENTED();
            if (absent) {
                finding.because("re-key: NtSetInformationFile(61) returns " + status(idle), documentation);
            }
            return absent ? Verdict.NOT_POSSIBLE : idle >= 0 && key == K2 ? Verdict.WORKS : Verdict.FAILS;
        }

        private static String status(int status) {
            return status < 0 ? ErrorName.ofStatus(status) : "STATUS_SUCCESS (0)";
        }
    }
}
