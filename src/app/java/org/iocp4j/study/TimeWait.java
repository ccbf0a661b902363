package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.iocp4j.study.Ending.Closer;
import org.iocp4j.study.Ending.Method;
import org.iocp4j.win32.Win32Exception;

/** Where TIME_WAIT is: whoever closes first has it. How long does a disconnect take then? */
final class TimeWait implements Experiment {
    /** After the last close; two looks are before that, at all connections of a group. */
    private static final int[] LATER_MILLIS = {200, 1_000};
    private static final List<String> LOOKS = List.of("connected", "closed", "≥ 0.2 s later", "≥ 1 s later");
    /** Connections that are closed together, between two looks. */
    private static final int GROUPS = 2;
    private static final int LATENCIES = 20;
    private static final double NANOS_PER_MILLI = 1e6;

    @Override
    public String name() {
        return "time-wait";
    }

    @Override
    public String question() {
        return "After a connection, one side keeps its address pair in TIME_WAIT for a while: the one that closed"
                + " first. Is"
                + " it the server's, by which way of closing, does it keep a socket from being used again, and how"
                + " long does"
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
        /** As Linux's own table has them; empty where there is none. */
        private final List<String> serverOnHost = new ArrayList<>();
        private final List<String> clientOnHost = new ArrayList<>();

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
                serverOnHost.add(ending.serverState(ofHost));
                clientOnHost.add(ending.clientState(ofHost));
            }
        }

        boolean hostAgrees() {
            return serverOnHost.equals(server) && clientOnHost.equals(client);
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

        Object[] cells(Platform platform) {
            return new Object[] {closer, method, ending.lingerInForce(), isUsedAgain(),
                closer != Closer.SERVER ? "-" : seenByClient(platform), overTime(server), overTime(serverOnHost),
                overTime(client), overTime(clientOnHost)};
        }

        StateChart.Row row() {
            return new StateChart.Row(method.toString(),
                    "linger " + ending.lingerInForce() + (reuse ? ", used again" : ""),
                    List.copyOf(server), List.copyOf(client));
        }

        private String isUsedAgain() {
            return !method.reuses() ? "-" : reuse ? "yes" : "no";
        }

        /** Under Wine a Java socket reads a reset as an end [wine]. */
        String seenByClient(Platform platform) {
            return switch (ending.seenByPeer()) {
                case FIN -> platform == Platform.WINE ? "FIN or RST" : "FIN";
                case RST -> "RST";
                case NOTHING -> "nothing";
            };
        }

        /** Each state that it came to, in order. */
        private static String overTime(List<String> states) {
            List<String> changes = new ArrayList<>();
            for (String state : states) {
                if (changes.isEmpty() || !changes.getLast().equals(state)) {
                    changes.add(state);
                }
            }
            return changes.isEmpty() ? "no table" : String.join(" > ", changes);
        }
    }

    private static final class Trial {
        private final Lab lab;
        private final Finding.Builder finding;
        private final LabPort port;
        private final LabListener listener;
        private final List<Case> cases = new ArrayList<>();
        /** Looks without GetExtendedTcpTable, and what it failed with last. */
        private int unread;
        private String unreadBecause = "";

        Trial(Lab lab, Finding.Builder finding) throws IOException {
            this.lab = lab;
            this.finding = finding;
            port = lab.port();
            listener = lab.listen(port, 0);
        }

        /**
         * TransmitFile by itself: under Wine the client sees nothing of it until the next accept, and is waited for.
         */
        Finding run() throws IOException, TimeoutException {
            endAll(method -> !method.transmits());
            endAll(Method::transmits);
            long closedAt = lab.win32().nanoTime();
            StringBuilder times = new StringBuilder();
            for (int later : LATER_MILLIS) {
                int wait = lab.millisUntil(closedAt + TimeUnit.MILLISECONDS.toNanos(later));
                if (wait > 0) {
                    lab.win32().sleep(wait + 1); // what was left is more than wait
                }
                long from = lab.win32().nanoTime();
                lab.progress("looking %d ms after the last close", later);
                look(cases);
                times.append(String.format(Locale.ROOT, "%s%.0f to %.0f ms", times.isEmpty() ? "" : ", ",
                        (from - closedAt) / NANOS_PER_MILLI, (lab.win32().nanoTime() - closedAt) / NANOS_PER_MILLI));
            }
            cases.sort(Comparator.comparing(one -> one.closer));
            for (Closer closer : Closer.values()) {
                finding.picture(new StateChart("Closed first by " + closer.who()
                        + ": the TCP state of both ends, look by look",
                        LOOKS, cases.stream().filter(one -> one.closer == closer).map(Case::row).toList()));
            }
            Table table = new Table(
                    "The TCP states of each end of a connection, in order (-: gone), by GetExtendedTcpTable and,"
                    + " beside it, by Linux's own table, which ss prints too", "closed first", "method",
                    "linger in force",
                    "used again", "the client saw", "server's end", "the same by Linux", "client's end",
                    "the same by Linux");
            cases.forEach(one -> table.row(one.cells(lab.platform())));
            finding.table(counts()).table(table);
            latencies();
            return conclude(times.toString());
        }

        /** All of a group are connected before the first of them is closed. */
        private void endAll(Predicate<Method> which) throws IOException, TimeoutException {
            List<Case> group = new ArrayList<>();
            for (Closer closer : Closer.values()) {
                for (Method method : Method.values()) {
                    boolean[] reuses = method.reuses() ? new boolean[] {false, true} : new boolean[] {false};
                    for (boolean reuse : which.test(method) ? reuses : new boolean[0]) {
                        group.add(new Case(closer, method, reuse, new Ending(lab, port, listener, method)));
                    }
                }
            }
            look(group);
            for (Case one : group) {
                lab.progress("closed first by %s: %s", one.closer, one.method);
                one.ending.run(one.closer, one.reuse);
            }
            look(group);
            cases.addAll(group);
        }

        /**
         * Wine gives up where a machine has some thousand connections [wine]; then Linux's table stands in for its own.
         */
        private void look(List<Case> group) throws IOException {
            TcpStates ofHost = lab.platform() == Platform.WINE ? TcpStates.ofHost() : null;
            TcpStates states = ofHost;
            try {
                states = TcpStates.now(lab.win32());
            } catch (Win32Exception e) {
                if (ofHost == null) {
                    throw e;
                }
                unread++;
                unreadBecause = e.getMessage();
            }
            for (Case one : group) {
                one.look(states, ofHost);
            }
        }

        /** How many sockets are in which state, look by look. */
        private Table counts() {
            List<String> states = cases.stream().flatMap(one -> Stream.concat(one.server.stream(), one.client.stream()))
                    .distinct().filter(state -> !state.equals(TcpStates.GONE)).sorted().toList();
            List<String> columns = new ArrayList<>(List.of("closed first", "end", "when"));
            columns.addAll(states);
            columns.add("gone");
            boolean hasHost = cases.stream().noneMatch(one -> one.serverOnHost.isEmpty());
            Table table = new Table("Sockets by TCP state"
                    + (hasHost ? ", by GetExtendedTcpTable / by Linux's own table" : ""),
                    columns.toArray(String[]::new));
            for (Closer closer : Closer.values()) {
                List<Case> some = cases.stream().filter(one -> one.closer == closer).toList();
                for (int look = 0; look < LOOKS.size(); look++) {
                    countRow(table, closer, "server's", look, states, some.stream().map(one -> one.server).toList(),
                            hasHost ? some.stream().map(one -> one.serverOnHost).toList() : List.of());
                }
                for (int look = 0; look < LOOKS.size(); look++) {
                    countRow(table, closer, "client's", look, states, some.stream().map(one -> one.client).toList(),
                            hasHost ? some.stream().map(one -> one.clientOnHost).toList() : List.of());
                }
            }
            return table;
        }

        private static void countRow(Table table, Closer closer, String end, int look, List<String> states,
                                     List<List<String>> seen, List<List<String>> onHost) {
            List<Object> row = new ArrayList<>(List.of(closer, end, LOOKS.get(look)));
            Stream.concat(states.stream(), Stream.of(TcpStates.GONE)).forEach(state -> {
                long here = seen.stream().filter(one -> one.get(look).equals(state)).count();
                long there = onHost.stream().filter(one -> one.get(look).equals(state)).count();
                row.add(here == 0 && there == 0 ? "-" : onHost.isEmpty() ? here : here + " / " + there);
            });
            table.row(row.toArray());
        }

        // ---- how long it takes ----

        private void latencies() throws IOException, TimeoutException {
            String virtual = lab.platform() == Platform.SIMULATED ? " virtual" : "";
            Table table = new Table("From the call to the packet, or to closesocket's return, of " + LATENCIES
                    + " connections"
                    + " each, in" + virtual + " ms", "closed first", "method", "linger", "p50", "max");
            List<Spread.Row> rows = new ArrayList<>();
            for (Closer closer : List.of(Closer.CLIENT, Closer.SERVER)) {
                for (Method method : Method.values()) {
                    lab.progress("latency of %s, closed first by %s", method, closer);
                    double[] millis = new double[LATENCIES];
                    String linger = "";
                    for (int i = 0; i < LATENCIES; i++) {
                        Ending ending = new Ending(lab, port, listener, method);
                        linger = ending.lingerInForce();
                        millis[i] = ending.nanosToEnd(closer) / NANOS_PER_MILLI;
                    }
                    Spread.Row row = Spread.Row.of(method + ", " + closer, "linger " + linger, millis);
                    rows.add(row);
                    table.row(closer, method, linger, millis(row.median()), millis(row.most()));
                }
            }
            finding.table(table)
                    .picture(new Spread("From the call to the packet, or to closesocket's return, and who closed"
                    + " first", virtual.strip() + (virtual.isEmpty() ? "ms" : " ms"), null, rows));
        }

        private static String millis(double value) {
            return String.format(Locale.ROOT, "%.2f", value);
        }

        // ---- what it means ----

        private Finding conclude(String times) {
            boolean serverHasNone = cases.stream().noneMatch(one -> one.closer == Closer.CLIENT && one.serverWaits());
            finding.evidence(
                    "Closed first by the client, not reset: TIME_WAIT at the client's end in %s, at the server's"
                    + " in %s.%s", share(one -> one.closer == Closer.CLIENT && !one.resets(), Case::clientWaits),
                    share(one -> one.closer == Closer.CLIENT && !one.resets(), Case::serverWaits),
                    serverHasNone ? " A server whose clients close first has none to find." : "");
            finding.evidence("Closed first by the server, not reset: TIME_WAIT at the server's end in %s (%s), at the"
                    + " client's in %s%s.",
                    share(one -> one.closer == Closer.SERVER && !one.resets(), Case::serverWaits),
                    methods(one -> one.closer == Closer.SERVER && !one.resets() && one.serverWaits()),
                    share(one -> one.closer == Closer.SERVER && !one.resets(), Case::clientWaits),
                    clientAfterAll());
            finding.evidence("Closed first by the server with linger {on, 0} in force, as an accepted socket has it"
                    + " from a listener like the original program's: the client saw %s; TIME_WAIT anywhere in %s (%s).",
                    seenWithLinger(), share(one -> one.closer == Closer.SERVER && one.resets(),
                            one -> one.serverWaits() || one.clientWaits()),
                    methods(one -> one.closer == Closer.SERVER && one.resets()
                    && (one.serverWaits() || one.clientWaits())));
            finding.evidence(
                    "Reuse: %s, closed first by the server, with the old connection in TIME_WAIT at the server's end:"
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
            hostAgrees();
            finding.evidence("The listener is socket %d, port %d%s", listener.handle(), listener.address().getPort(),
                    lab.platform() == Platform.WINE ? ": for a minute, ss -tan on the host still shows its connections"
                    : "");
            finding.evidence(
                    "Latency when the server closes first: a disconnect that has no packet after %d ms is one that"
                    + " waits for its peer; the peer closes then. graceful: the client closes at once when the server"
                    + " has.",
                    Ending.PACKET_MILLIS);
            finding.evidence(
                    "GetExtendedTcpTable was read with all connected, and with all closed (TransmitFile's connections"
                    + " by"
                    + " themselves, after the others), and %s after the last close", times);
            if (unread > 0) {
                finding.evidence(
                        "It could not be read at %d of %d looks (%s): Linux's own table stands in for it there", unread,
                        GROUPS * 2 + LATER_MILLIS.length, unreadBecause);
            }
            boolean seen = cases.stream().anyMatch(one -> one.closer == Closer.CLIENT && one.clientWaits()
                    || one.closer == Closer.SERVER && one.serverWaits());
            return finding.verdict(seen ? Verdict.SEEN : Verdict.NOT_SEEN);
        }

        private void hostAgrees() {
            if (cases.stream().noneMatch(one -> one.serverOnHost.isEmpty())) {
                finding.evidence(
                        "Second witness: Linux's own table (/proc/net/tcp and tcp6, read right after each look; ss"
                        + " prints the same) says the same in %s", share(one -> true, Case::hostAgrees));
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
