package org.iocp4j.study;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.iocp4j.port.FreeList;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/**
 * An echo server as most examples have it: the completion key of a socket is its session, and a packet's key says whose
 * packet it is. Its sockets are disconnected and used again, and that breaks it.
 *
 * <p>In C++ the key is the session's address, and a wrong one reads freed memory. Here sessions are places in an array,
 * the key is a place, and a deleted session is a place that is free: so what the key says is only counted, and the
 * session that the OVERLAPPED names gets the packet. Otherwise the first wrong packet would be the end of the run.
 */
final class NaiveServer {
    /**
     * How free things are taken again.
     *
     * @param sessions places for sessions
     * @param sockets  sockets
     */
    record Pools(FreeList.Order sessions, FreeList.Order sockets) {
    }

    /** Whom packets named by their key. */
    static final class Counts {
        /** AcceptEx packets: their key is the listener's, and says nothing of sessions. */
        long listener;
        /** The session that posted the operation, on a socket's first connection. */
        long rightAtFirst;
        /** The same on a later one: its session happens to have the place that the socket's first one had. */
        long rightByChance;
        /** Another session, of another client, that is alive. */
        long wrongLive;
        /** A session that is deleted. */
        long deleted;

        long all() {
            return listener + right() + wrong();
        }

        long right() {
            return rightAtFirst + rightByChance;
        }

        long wrong() {
            return wrongLive + deleted;
        }

        /** Packets on second and later connections. */
        long onReused() {
            return rightByChance + wrong();
        }

        void add(Counts other) {
            listener += other.listener;
            rightAtFirst += other.rightAtFirst;
            rightByChance += other.rightByChance;
            wrongLive += other.wrongLive;
            deleted += other.deleted;
        }
    }

    /** A place for a session; deleted, when nobody has it. */
    private static final class Place {
        private final int number;
        private boolean live;
        private long serial;

        Place(int number) {
            this.number = number;
        }

        /** What goes into the OVERLAPPED: which place, and which of its sessions. */
        long id() {
            return PlaceId.of(number, serial);
        }
    }

    private final LabPort port;
    private final LabListener listener;
    private final Place[] places;
    private final FreeList<Place> freePlaces;
    private final FreeList<LabSocket> freeSockets;
    private final Timeline timeline;
    private final int timelineSessions;
    private final Counts counts = new Counts();
    private long sessions;
    private long echoes;
    private long ended;
    private long associations;
    private long refusedAssociations;
    private String refusal = "";

    /**
     * @param sessions         the most at a time
     * @param sockets          made now; enough for all that are accepted into or connected at a time
     * @param timeline         gets the packets of the first {@code timelineSessions} sessions
     */
    NaiveServer(Lab lab, Pools pools, int sessions, int sockets, Timeline timeline, int timelineSessions)
            throws Win32Exception {
        this.timeline = timeline;
        this.timelineSessions = timelineSessions;
        port = lab.port();
        long listenerKey = 0;
        listener = lab.listen(port, listenerKey);
        places = new Place[sessions];
        freePlaces = new FreeList<>(sessions, pools.sessions());
        for (int i = 0; i < sessions; i++) {
            places[i] = new Place(i);
            freePlaces.give(places[i]);
        }
        freeSockets = new FreeList<>(sockets, pools.sockets());
        for (int i = 0; i < sockets; i++) {
            freeSockets.give(lab.socket());
        }
    }

    InetSocketAddress address() {
        return listener.address();
    }

    /** Keeps this many accepts posted from now on. */
    void start(int accepts) throws Win32Exception {
        for (int i = 0; i < accepts; i++) {
            postAccept();
        }
    }

    private void postAccept() throws Win32Exception {
        listener.accept(freeSockets.take(), 0); // it has no session yet
    }

    /** Takes packets until something has come about. */
    void serveUntil(BooleanSupplier condition) throws IOException, TimeoutException {
        while (!condition.getAsBoolean()) {
            handle(port.next());
        }
    }

    private void handle(Packet packet) throws IOException {
        if (packet.status() < 0) {
            throw new IOException(packet.kind() + ": " + packet.outcome() + ", " + packet.operation().socket());
        }
        LabSocket socket = packet.operation().socket();
        if (packet.kind() == Kind.ACCEPT) {
            counts.listener++;
            accepted(socket);
            return;
        }
        Place owner = places[PlaceId.place(packet.session())];
        judge(packet, owner);
        switch (packet.kind()) {
            case RECEIVE -> received(packet, socket, owner);
            case SEND -> {
                echoes++;
                socket.receive(owner.id());
            }
            default -> disconnected(socket, owner);
        }
    }

    /** The naive line is the first: the key is the session. */
    private void judge(Packet packet, Place owner) {
        Place named = places[(int) packet.key() - 1];
        if (named == owner && packet.generation() == 1) {
            counts.rightAtFirst++;
        } else if (named == owner) {
            counts.rightByChance++;
        } else if (named.live) {
            counts.wrongLive++;
        } else {
            counts.deleted++;
        }
        if (owner.serial <= timelineSessions) {
            timeline.packet(lane(packet.operation().socket()), packet, owner.serial, named == owner);
        }
    }

    private void accepted(LabSocket socket) throws Win32Exception {
        listener.accepted(socket);
        Place place = freePlaces.take();
        place.live = true;
        place.serial = ++sessions;
        // As it was right before sockets were used again: each connection's socket gets its session for a key.
        int error = socket.associate(port, place.number + 1L);
        if (error == 0) {
            associations++;
        } else {
            refusedAssociations++;
            refusal = ErrorName.of(error);
        }
        if (place.serial <= timelineSessions) {
            timeline.begin(lane(socket), place.serial, socket.generation());
        }
        postAccept();
        socket.receive(place.id());
    }

    private void received(Packet packet, LabSocket socket, Place owner) throws Win32Exception {
        if (packet.bytes() > 0) {
            socket.send(owner.id(), packet.operation().data(packet.bytes()));
        } else {
            socket.disconnect(owner.id());
        }
    }

    /** The client has closed and the socket is free again: so ends the session. */
    private void disconnected(LabSocket socket, Place owner) {
        if (owner.serial <= timelineSessions) {
            timeline.end(lane(socket));
        }
        owner.live = false;
        ended++;
        freePlaces.give(owner);
        freeSockets.give(socket);
    }

    private static String lane(LabSocket socket) {
        return "socket " + socket.handle();
    }

    Counts counts() {
        return counts;
    }

    /** Off the port, by the port's own count. */
    long dequeued() {
        return port.dequeued();
    }

    long echoes() {
        return echoes;
    }

    /** Sessions that are over. */
    long ended() {
        return ended;
    }

    long associations() {
        return associations;
    }

    long refusedAssociations() {
        return refusedAssociations;
    }

    /** What a refused association failed with last. */
    String refusal() {
        return refusal;
    }
}
