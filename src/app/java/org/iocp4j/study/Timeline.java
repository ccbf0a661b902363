package org.iocp4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.study.LabOperation.Kind;

/**
 * What happened on a few sockets, in order, for a picture: a lane for each socket, in it a bar for each session that
 * had the socket, a dot for each packet, and a mark for each association. Time is the number of the event, from 0: only
 * the order counts.
 */
public final class Timeline implements Picture {
    /**
     * A session that has the socket.
     *
     * @param session    its number
     * @param generation of the socket: 1 is its first use
     * @param from       the event it begins with
     * @param to         the event it ends with; that of the last event of all if nothing ended it
     */
    public record Bar(long session, int generation, int from, int to) {
    }

    /**
     * A packet, where it was dequeued.
     *
     * @param at        its event
     * @param operation the operation that is over
     * @param key       that it carried
     * @param session   in the operation's OVERLAPPED
     * @param right     whether the session that it was found to name is the one that posted it; null if it names none
     */
    public record Dot(int at, Kind operation, long key, long session, Boolean right) {
    }

    /**
     * A CreateIoCompletionPort.
     *
     * @param at   its event
     * @param what with what, and what came of it
     * @param done false if it was refused
     */
    public record Association(int at, String what, boolean done) {
    }

    /** One socket. */
    public record Lane(String name, List<Bar> bars, List<Dot> packets, List<Association> associations) {
    }

    private final String title;
    private final Map<String, Lane> lanes = new LinkedHashMap<>();
    private int events;
    private int longest;

    public Timeline(String title) {
        this.title = title;
    }

    @Override
    public String title() {
        return title;
    }

    /** In the order of their first event. */
    public List<Lane> lanes() {
        return List.copyOf(lanes.values());
    }

    /** How many events there are; in lanes that begin side by side, of the longest. */
    public int events() {
        return Math.max(events, longest);
    }

    /** What comes now is another run, in lanes of its own: its first event is drawn under that of the one before. */
    public void restart() {
        ended();
        longest = events();
        events = 0;
    }

    /** The socket gets a session; the one before ends here, if it has not ended yet. */
    public void begin(String lane, long session, int generation) {
        end(lane);
        lane(lane).bars().add(new Bar(session, generation, events++, Integer.MAX_VALUE));
    }

    /** The socket's session ends; nothing if it has none. */
    public void end(String lane) {
        List<Bar> bars = lane(lane).bars();
        if (!bars.isEmpty() && bars.getLast().to() == Integer.MAX_VALUE) {
            Bar open = bars.removeLast();
            bars.add(new Bar(open.session(), open.generation(), open.from(), events++));
        }
    }

    /**
     * A packet was dequeued.
     *
     * @param session as the bars number it, which the OVERLAPPED may hold together with other things
     */
    public void packet(String lane, Packet packet, long session, Boolean right) {
        lane(lane).packets().add(new Dot(events++, packet.kind(), packet.key(), session, right));
    }

    /** The socket was to be associated. */
    public void association(String lane, String what, boolean done) {
        lane(lane).associations().add(new Association(events++, what, done));
    }

    /** Ends what is open. */
    public Timeline ended() {
        lanes.keySet().forEach(this::end);
        return this;
    }

    private Lane lane(String name) {
        return lanes.computeIfAbsent(name, n -> new Lane(n, new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
    }
}
