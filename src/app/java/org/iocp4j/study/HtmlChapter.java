package org.iocp4j.study;

import java.util.List;

/**
 * An experiment's place in the story.
 *
 * @param name    the experiment's
 * @param part    of the story: {@code The proof}
 * @param title   of the chapter
 * @param before  why the experiment is made, and what to look at, in HTML; true whatever comes of it
 * @param ifSeen  what it shows, in HTML, if its verdict is {@code seen}
 */
record HtmlChapter(String name, String part, String title, String before, String ifSeen) {
    private static final String PROOF = "The proof";

    private static final List<HtmlChapter> ALL = List.of(
            new HtmlChapter("wrong-session", PROOF, "The symptom: packets for the wrong session",
                    "A server that makes the session its socket's key serves a thousand connections with a few"
                    + " sockets. For each"
                            + " packet it notes whom the key names. Free sessions and free sockets each wait in a"
                            + " pool, and the"
                            + " experiment tries both orders: last in, first out (LIFO) and first in, first out (FIFO)."
                            + " The pictures show how each run begins, the table counts all of it. The key on the left"
                            + " is the"
                            + " number of the place that the socket's first session had.",
                    "The bug hides behind the pools. Each socket's key names the <em>place</em> of the socket's first"
                    + " session. A"
                            + " LIFO pool hands the same places out again and again, so an old key now and then meets"
                            + " the right"
                            + " session by chance; with one client at a time it always does, and every test passes. A"
                            + " FIFO pool"
                            + " lets a place rest, and then every packet on a reused socket is wrong. That is the"
                            + " pattern behind"
                            + " what looks like none."),
            new HtmlChapter("key-and-overlapped", PROOF, "The cause: the key stays, the OVERLAPPED goes along",
                    "Two sockets, three connections each, one packet at a time. Each operation carries its session in"
                    + " the"
                            + " OVERLAPPED, each packet a key: compare them.",
                    "On a socket's first connection the two agree. From the second on, the key is still the first"
                    + " session's, in"
                            + " every packet but AcceptEx's, which has the listener's key. The session in the"
                            + " OVERLAPPED is right"
                            + " every time."),
            new HtmlChapter("second-association", PROOF, "No way out: a second association",
                    "The obvious repair is to associate the socket anew for each session. The experiment tries it at"
                    + " every point of"
                            + " a socket's life, with the same and with another key and port.",
                    "It is refused each time, with the error that stands for a wrong argument, and the socket goes on"
                    + " as before:"
                            + " same port, first key. A server that does not look at what this call returns learns"
                            + " nothing of it."),
            new HtmlChapter("late-packets", "The harder case", "Packets that come when their session is gone",
                    "Suppose a server deletes a session while the kernel still has operations of it, and gives its"
                    + " place or its"
                            + " socket to another. Four ways to tell whose a packet is are tried on the same packets:"
                            + " the key, a"
                            + " pointer in the OVERLAPPED, a key that names the socket (the <em>slot</em>) and through"
                            + " it the"
                            + " present session, and an id with a serial number in the OVERLAPPED.",
                    "Only the id with a serial number tells that a packet is late. A pointer in the OVERLAPPED still"
                    + " points to the"
                            + " place, and somebody else is there. Better still is to have no late packets: count what"
                            + " is out, and"
                            + " delete a session when nothing is."),
            new HtmlChapter("cures", "The cures", "The cures, and their price",
                    "There is more than one way to get a packet to its session. Each is tried, and asked what a server"
                    + " more complex"
                            + " than an echo server would ask: sends in a pipeline, a disconnect by the server while a"
                            + " receive is"
                            + " out, half-closed connections, cancelled operations, late packets. In the pictures the"
                            + " same"
                            + " two sessions are told once for each cure; <em>(none)</em> is the bug, for comparison."
                            + " A dashed"
                            + " line leads from a late packet back to the session that posted it.", ""),
            new HtmlChapter("time-wait", "Open questions", "TIME_WAIT: who owns it, and does it delay",
                    "The side of a TCP connection that closes first keeps it in TIME_WAIT for a while. Windows'"
                    + " documentation says"
                            + " that this may delay a disconnect for reuse. So: who closes first, by which call, which"
                            + " side has"
                            + " TIME_WAIT then, and how long DisconnectEx takes. The original program left this open."
                            + " <em>Linger on, 0"
                            + " s</em> asks for a reset in place of an orderly end. <em>Graceful</em> is shutdown"
                            + " first, and"
                            + " closesocket when the client has closed too. The pictures have both ends of each"
                            + " connection,"
                            + " as they were at four looks.", ""),
            new HtmlChapter("cost", "Open questions", "What reuse saves, and what it costs",
                    "All this began in order to save the making of sockets. The methods are run by turns, in pairs,"
                    + " under the same"
                            + " load: steady echo, where sockets hardly change, and churn, where they change all the"
                            + " time.", ""));

    /** That of an experiment which the story does not know is told by its own question. */
    static HtmlChapter of(Experiment experiment) {
        return ALL.stream().filter(chapter -> chapter.name.equals(experiment.name())).findFirst()
                .orElseGet(() -> new HtmlChapter(experiment.name(), "Experiment", experiment.name(), "", ""));
    }

    static List<HtmlChapter> all() {
        return ALL;
    }
}
