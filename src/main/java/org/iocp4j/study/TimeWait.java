package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.iocp4j.study.Ending.Closer;
import org.iocp4j.study.Ending.Method;

/** Where TIME_WAIT is: whoever closes first has it. How long does a disconnect take then? */
final class TimeWait implements Experiment {
    /** After the last close; the first look is when a group was closed. */
    private static final int[] LATER_MILLIS = {200, 1_000};
    private static final int LATENCIES = 20;
    private static final double NANOS_PER_MILLI = 1e6;

    @Override
    public String name() {
        return "time-wait";
    }

    @Override
    public String question() {
        return "After a connection, one side keeps its address pair in TIME_WAIT for a while: the one that closed first. Is"
                + " it the server's, by which way of closing, does it keep a socket from being used again, and how long does"
                + " each way take?";
    }

    @Override
    public Finding run(Lab lab) throws IOException, TimeoutException {
        Finding.Builder finding = Finding.builder();
        if (!lab.requiresReuse(finding)) {
            return finding.notPossible();
        }
        return new Trial(lab, finding).run();
    }

    /** One way to end a connection, and how both its ends looked over time. */
    private static final class Case {
        private final Closer closer;
        private final Method method;
        private final boolean reuse;
        private final Ending ending;
        private final List<String> server = new ArrayList<>();
        private final List<String> client = new ArrayList<>();
        private final List<String> host = new ArrayList<>();

        Case(Closer closer, Method method, boolean reuse, Ending ending) {
            this.closer = closer;
            this.method = method;
            this.reuse = reuse;
            this.ending = ending;
        }

        /** @param ofHost null where there is none */
        void look(TcpStates states, TcpStates ofHost) {
            server.add(ending.serverState(states));
            client.add(ending.clientState(states));
            if (ofHost != null) {
                host.add(ending.serverState(ofHost) + " " + ending.clientState(ofHost));
            }
        }

        boolean serverWaits() {
            return server.contains(TcpStates.TIME_WAIT);
        }

        boolean clientWaits() {
            return client.contains(TcpStates.TIME_WAIT);
        }

        /** Whether TCP was told to throw the connection away. */
        boolean resets() {
            return method.resets();
        }

        String agreement() {
            List<String> ours = new ArrayList<>();
            for (int i = 0; i < server.size(); i++) {
                ours.add(server.get(i) + " " + client.get(i));
            }
            return host.isEmpty() ? "-" : host.equals(ours) ? "the same" : String.join(" > ", host);
        }

        Object[] cells(Platform platform) {
            String seen = closer != Closer.SERVER ? "-" : seenByClient(platform);
            return new Object[] {closer, method, ending.lingerInForce(), !method.reuses() ? "-" : reuse ? "yes" : "no",
                seen, overTime(server), overTime(client), agreement()};
        }

        /** Under Wine a Java socket reads a reset as an end [wine]. */
        String seenByClient(Platform platform) {
            return switch (ending.seenByPeer()) {
                case FIN -> platform == Platform.WINE ? "FIN or RST" : "FIN";
                case RST -> "RST";
                case NOTHING -> "nothing";
            };
        }

        private static String overTime(List<String> states) {
            return states.stream().distinct().count() == 1 ? states.getFirst() : String.join(" > ", states);
        }
    }

    private static final class Trial {
        private final Lab lab;
        private final Finding.Builder finding;
        private final LabPort port;
        private final LabListener listener;
        private final List<Case> cases = new ArrayList<>();

        Trial(Lab lab, Finding.Builder finding) throws IOException {
            this.lab = lab;
            this.finding = finding;
            port = lab.port();
            listener = lab.listen(port, 0);
        }

        /** TransmitFile by itself: under Wine the client sees nothing of it until the next accept, and is waited for. */
        Finding run() throws IOException, TimeoutException {
            endAll(method -> method != Method.TRANSMIT_FILE);
            endAll(method -> method == Method.TRANSMIT_FILE);
            long closedAt = lab.win32().nanoTime();
            StringBuilder times = new StringBuilder();
            for (int later : LATER_MILLIS) {
                int wait = lab.millisUntil(closedAt + TimeUnit.MILLISECONDS.toNanos(later));
                if (wait > 0) {
                    lab.win32().sleep(wait);
                }
                long from = lab.win32().nanoTime();
                lab.progress("looking %d ms after the last close", later);
                look(cases);
                times.append(String.format(Locale.ROOT, "%s%.0f to %.0f ms", times.isEmpty() ? "" : ", ",
                        (from - closedAt) / NANOS_PER_MILLI, (lab.win32().nanoTime() - closedAt) / NANOS_PER_MILLI));
            }
            finding.evidence("GetExtendedTcpTable was read when all but TransmitFile's connections were closed, when those"
                    + " were, and %s later", times);
            Table table = new Table("Each end of a connection, when its group was closed, and at least 0.2 s and 1 s later (one"
                    + " state: the same each time; -: gone)", "closed first", "method", "linger in force", "used again",
                    "the client saw", "server's end", "client's end", "host's own table");
            cases.forEach(one -> table.row(one.cells(lab.platform())));
            finding.table(table);
            finding.table(latencies());
            return conclude();
        }

        private void endAll(Predicate<Method> which) throws IOException, TimeoutException {
            List<Case> group = new ArrayList<>();
            for (Closer closer : Closer.values()) {
                for (Method method : Method.values()) {
                    boolean[] reuses = method.reuses() ? new boolean[] {false, true} : new boolean[] {false};
                    for (boolean reuse : which.test(method) ? reuses : new boolean[0]) {
                        lab.progress("closed first by %s: %s", closer, method);
                        Case one = new Case(closer, method, reuse, new Ending(lab, port, listener, method));
                        one.ending.run(closer, reuse);
                        group.add(one);
                    }
                }
            }
            look(group);
            cases.addAll(group);
        }

        private void look(List<Case> group) throws IOException {
            TcpStates states = TcpStates.now(lab.win32());
            TcpStates ofHost = lab.platform() == Platform.WINE ? TcpStates.ofHost() : null;
            group.forEach(one -> one.look(states, ofHost));
        }

        // ---- how long it takes ----

        private Table latencies() throws IOException, TimeoutException {
            Table table = new Table("From the call to the packet, or to closesocket's return, of " + LATENCIES + " connections"
                    + " each, in" + (lab.platform() == Platform.SIMULATED ? " virtual" : "") + " ms", "closed first", "method",
                    "linger", "p50", "max");
            for (Closer closer : List.of(Closer.CLIENT, Closer.SERVER)) {
                for (Method method : Method.values()) {
                    lab.progress("latency of %s, closed first by %s", method, closer);
                    long[] nanos = new long[LATENCIES];
                    String linger = "";
                    for (int i = 0; i < LATENCIES; i++) {
                        Ending ending = new Ending(lab, port, listener, method);
                        linger = ending.lingerInForce();
                        nanos[i] = ending.nanosToEnd(closer);
                    }
                    Arrays.sort(nanos);
                    table.row(closer, method, linger, millis(nanos[LATENCIES / 2 - 1]), millis(nanos[LATENCIES - 1]));
                }
            }
            finding.evidence("Latency when the server closes first: a disconnect that has no packet after %d ms is one that"
                    + " waits for its peer; the peer closes then. graceful: the client closes at once when the server has.",
                    Ending.PACKET_MILLIS);
            return table;
        }

        private static String millis(long nanos) {
            return String.format(Locale.ROOT, "%.2f", nanos / NANOS_PER_MILLI);
        }

        // ---- what it means ----

        private Finding conclude() {
            hostAgrees();
            finding.evidence("Closed first by the client, not reset: TIME_WAIT at the client's end in %s, at the server's"
                    + " in %s. A server whose clients close first has none to find.",
                    share(one -> one.closer == Closer.CLIENT && !one.resets(), Case::clientWaits),
                    share(one -> one.closer == Closer.CLIENT && !one.resets(), Case::serverWaits));
            finding.evidence("Closed first by the server, not reset: TIME_WAIT at the server's end in %s (%s), at the"
                    + " client's in %s%s.", share(one -> one.closer == Closer.SERVER && !one.resets(), Case::serverWaits),
                    methods(one -> one.closer == Closer.SERVER && one.serverWaits()),
                    share(one -> one.closer == Closer.SERVER && !one.resets(), Case::clientWaits),
                    clientAfterAll());
            finding.evidence("Closed first by the server with linger {on, 0} in force, as an accepted socket has it"
                    + " from a listener like the C++ study's: the client saw %s; TIME_WAIT anywhere in %s.",
                    seenWithLinger(), share(one -> one.closer == Closer.SERVER && one.resets(),
                            one -> one.serverWaits() || one.clientWaits()));
            finding.evidence("Reuse: %s, closed first by the server, with the old connection in TIME_WAIT at the server's end:"
                    + " the socket was accepted into again.",
                    share(one -> one.closer == Closer.SERVER && one.reuse && one.serverWaits(),
                            one -> one.ending.isUsedAgain()));
            Set<String> halfClosed = new LinkedHashSet<>();
            cases.stream().filter(one -> one.server.getLast().equals("CLOSE_WAIT"))
                    .forEach(one -> halfClosed.add(one.method + (one.reuse ? ", used again" : ", not used again")));
            if (!halfClosed.isEmpty()) {
                finding.evidence("The server's end was not closed at all by the last look (CLOSE_WAIT): %s",
                        String.join("; ", halfClosed));
            }
            long notEnded = cases.stream().filter(one -> !one.ending.isEnded()).count();
            if (notEnded > 0) {
                finding.evidence("%d disconnects had no packet within %d ms after both sides had closed", notEnded,
                        Ending.LAST_MILLIS);
            }
            boolean seen = cases.stream().anyMatch(one -> one.closer == Closer.CLIENT && one.clientWaits()
                    || one.closer == Closer.SERVER && one.serverWaits());
            return finding.verdict(seen ? Verdict.SEEN : Verdict.NOT_SEEN);
        }

        private void hostAgrees() {
            long looked = cases.stream().filter(one -> !one.host.isEmpty()).count();
            if (looked > 0) {
                finding.evidence("Second witness: Linux's own table (/proc/net/tcp and tcp6, read right after each look) says"
                        + " the same in %s", share(one -> true, one -> one.agreement().equals("the same")));
            } else if (lab.platform() == Platform.WINE) {
                finding.evidence("No second witness: /proc/net/tcp cannot be read from here");
            }
        }

        /** Where the server's call did not close anything, the client was the first after all. */
        private String clientAfterAll() {
            Set<String> silent = new LinkedHashSet<>();
            cases.stream().filter(one -> one.closer == Closer.SERVER && !one.reuse
                    && one.ending.seenByPeer() == Peer.End.NOTHING).forEach(one -> silent.add(one.method.toString()));
            return silent.isEmpty() ? "" : "; with " + String.join(", ", silent) + " the client saw no end within "
                    + Ending.END_MILLIS + " ms, and so was the first to close after all";
        }

        private String seenWithLinger() {
            Set<String> ends = new LinkedHashSet<>();
            cases.stream().filter(one -> one.closer == Closer.SERVER && one.resets())
                    .forEach(one -> ends.add(one.seenByClient(lab.platform())));
            return String.join(" or ", ends);
        }

        private String methods(Predicate<Case> which) {
            Set<String> methods = new LinkedHashSet<>();
            cases.stream().filter(which).forEach(one -> methods.add(one.method.toString()));
            return methods.isEmpty() ? "by none" : "by " + String.join(", ", methods);
        }

        private String share(Predicate<Case> of, Predicate<Case> those) {
            return cases.stream().filter(of.and(those)).count() + " of " + cases.stream().filter(of).count() + " cases";
        }
    }
}
