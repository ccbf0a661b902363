package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import org.iocp4j.port.FreeList.Order;
import org.iocp4j.study.NaiveServer.Counts;
import org.iocp4j.study.NaiveServer.Pools;

/** The symptom: packets for quite the wrong session, with no pattern to be seen; and the pattern. */
final class WrongSession implements Experiment {
    private static final int ACCEPTS = 4;
    private static final int CROWD = 8;
    /** As the original's: far more places for sessions than sockets. */
    private static final int PLACES = 1_000;
    private static final int TIMELINE_SESSIONS = 24;

    /** @param atOnce clients connected at a time */
    private record Case(String name, Pools pools, int atOnce) {
    }

    private static final List<Case> CASES = List.of(
            new Case("sessions LIFO, sockets LIFO, 1 client", new Pools(Order.LIFO, Order.LIFO), 1),
            new Case("sessions LIFO, sockets LIFO, 8 clients", new Pools(Order.LIFO, Order.LIFO), CROWD),
            new Case("sessions LIFO, sockets FIFO, 8 clients", new Pools(Order.LIFO, Order.FIFO), CROWD),
            new Case("sessions FIFO, sockets LIFO, 1 client", new Pools(Order.FIFO, Order.LIFO), 1),
            new Case("sessions FIFO, sockets FIFO, 8 clients", new Pools(Order.FIFO, Order.FIFO), CROWD));

    private final int connections;

    WrongSession() {
        this(1_000);
    }

    /** @param connections of all cases together */
    WrongSession(int connections) {
        this.connections = connections;
    }

    @Override
    public String name() {
        return "wrong-session";
    }

    @Override
    public String question() {
        return "A server makes the session the completion key of its socket, and uses sockets again after"
                + " DisconnectEx. Whom"
                + " do its packets name: the session they belong to, a stranger's, or one that is deleted?";
    }

    @Override
    public Finding run(Lab lab) throws IOException, TimeoutException {
        Finding.Builder finding = Finding.builder();
        if (!lab.requiresReuse(finding)) {
            return finding.notPossible();
        }
        Table table =
                new Table("Whom the packets' keys named, by how free sessions and sockets are taken again and how many"
                + " clients are connected at a time (an AcceptEx packet has the listener's key and names nobody)",
                "pools",
                "connections", "packets", "AcceptEx", "right, new socket", "right by chance", "live stranger",
                "deleted session", "wrong on reused sockets");
        Counts total = new Counts();
        long dequeued = 0;
        int started = 0;
        for (int i = 0; i < CASES.size(); i++) {
            Case one = CASES.get(i);
            int share = connections * (i + 1) / CASES.size() - started;
            Timeline timeline = new Timeline(one.name());
            NaiveServer server = new NaiveServer(lab, one.pools(), PLACES, one.atOnce() + ACCEPTS + 1, timeline,
                    TIMELINE_SESSIONS);
            new Crowd(lab, server, one.atOnce(), started).run(share);
            started += share;
            dequeued += server.dequeued();
            total.add(server.counts());
            row(table, one, share, server);
            associations(finding, one, server);
            finding.picture(timeline.ended());
        }
        return conclude(finding.table(table), total, dequeued);
    }

    private static void row(Table table, Case one, int connections, NaiveServer server) {
        Counts c = server.counts();
        table.row(one.name(), connections, server.dequeued(), c.listener, c.rightAtFirst, c.rightByChance, c.wrongLive,
                c.deleted, c.onReused() == 0 ? "-"
                : String.format(Locale.ROOT, "%d %%", Math.round(100.0 * c.wrong() / c.onReused())));
    }

    private static void associations(Finding.Builder finding, Case one, NaiveServer server) {
        finding.evidence(
                "%s: CreateIoCompletionPort with the new session for a key: %d times the port, %d times NULL%s",
                one.name(), server.associations(), server.refusedAssociations(),
                server.refusal().isEmpty() ? "" : ", " + server.refusal());
    }

    private static Finding conclude(Finding.Builder finding, Counts total, long dequeued) {
        if (total.all() != dequeued) {
            throw new IllegalStateException(total.all() + " packets counted, " + dequeued + " dequeued");
        }
        finding.evidence("%d packets dequeued = %d AcceptEx + %d named the right session + %d a live stranger"
                + " + %d a deleted session", dequeued, total.listener, total.right(), total.wrongLive, total.deleted);
        if (total.wrong() > 0) {
            finding.evidence(
                    "The pattern: a socket's key is the place of its first session. A place taken last-in-first-out"
                    + " is soon taken again, with one client at a time always the same one: so the old key is right by"
                    + " chance,"
                    + " now and then or always, and hides the bug. Taken first-in-first-out a place does not come"
                    + " round again"
                    + " so soon, and every packet on a reused socket is wrong.");
        }
        return finding.verdict(total.wrong() > 0 ? Verdict.SEEN : Verdict.NOT_SEEN);
    }

    /**
     * Clients that come, have one byte echoed, and stay until another one is to come; whose turn it is to go is drawn.
     */
    private static final class Crowd {
        private final Lab lab;
        private final NaiveServer server;
        private final int atOnce;
        private final int before;
        /** Fixed, so that each run has the same clients going. */
        private final Random random = new Random(9);
        private final List<Peer> peers = new ArrayList<>();
        private int connected;
        private int closed;

        Crowd(Lab lab, NaiveServer server, int atOnce, int before) {
            this.lab = lab;
            this.server = server;
            this.atOnce = atOnce;
            this.before = before;
        }

        void run(int connections) throws IOException, TimeoutException {
            server.start(ACCEPTS);
            while (connected < connections) {
                if (peers.size() == atOnce) {
                    goOne();
                }
                comeOne();
                lab.progress("%d connections", before + connected);
            }
            while (!peers.isEmpty()) {
                goOne();
            }
        }

        private void comeOne() throws IOException, TimeoutException {
            Peer peer = lab.peer(server.address());
            byte sent = (byte) connected++;
            peer.send(sent);
            server.serveUntil(() -> server.echoes() == connected);
            byte received = peer.receive(1)[0];
            if (received != sent) {
                throw new IOException("the peer sent " + sent + " and got " + received);
            }
            peers.add(peer);
        }

        private void goOne() throws IOException, TimeoutException {
            peers.remove(random.nextInt(peers.size())).closeByFin();
            closed++;
            server.serveUntil(() -> server.ended() == closed);
        }
    }
}
