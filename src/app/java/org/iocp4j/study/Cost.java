package org.iocp4j.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.socket.check.Capability;
import org.iocp4j.win32.Win32Exception;

/**
 * What using sockets again saves, and what it costs: measured in pairs, and in calls, which do not depend on the
 * machine.
 */
final class Cost implements Experiment {
    private static final int ROUNDS = 15;
    /**
     * So many rounds must agree before a difference is called one: by chance that happens in less than 1 of 100 runs.
     */
    private static final int AGREEING_ROUNDS = 13;
    private static final int WARM_UP_ROUNDS = 2;
    /** Of each method in a round, one after the other in turn, so that all share the machine's good and bad moments. */
    private static final int CHURN_CONNECTIONS = 20;
    private static final int STEADY_CONNECTIONS = 8;
    private static final int STEADY_ECHOES = 25;
    private static final int COUNTED_CONNECTIONS = 20;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final String SOCKET_CALL = "WSASocketW";

    @Override
    public String name() {
        return "cost";
    }

    @Override
    public String question() {
        return "Does it pay to use sockets again: how many socket() calls and other system calls does it save, and is"
                + " an echo"
                + " server faster or slower by it, in steady echo and when clients come and go?";
    }

    @Override
    public Finding run(Lab lab) throws IOException, TimeoutException {
        Finding.Builder finding = Finding.builder();
        if (!lab.requiresReuse(finding)) {
            return finding.notPossible();
        }
        return new Trial(lab, finding).run();
    }

    /** Per second, round by round. */
    private static final class Rates {
        private final double[] perSecond = new double[ROUNDS];

        double median() {
            return median(perSecond);
        }

        Ratio to(Rates base) {
            double[] ratios = new double[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                ratios[i] = perSecond[i] / base.perSecond[i];
            }
            return new Ratio(ratios);
        }

        private static double median(double[] values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length / 2];
        }
    }

    /** Round by round, in any order. */
    private record Ratio(double[] rounds) {
        /** In how many rounds it was below 1. */
        int slower() {
            return (int) Arrays.stream(rounds).filter(ratio -> ratio < 1).count();
        }

        /** Nothing is said where the rounds do not nearly all say it. */
        String inWords() {
            if (slower() >= AGREEING_ROUNDS) {
                return "slower";
            }
            return slower() <= ROUNDS - AGREEING_ROUNDS ? "faster" : "no clear difference";
        }

        Spread.Row row(String name, String detail) {
            return Spread.Row.of(name, detail, rounds);
        }

        @Override
        public String toString() {
            Spread.Row sorted = row("", "");
            return String.format(Locale.ROOT, "%.2f (%.2f to %.2f)", sorted.median(), sorted.least(), sorted.most());
        }
    }

    private static final class Trial {
        private final Lab lab;
        private final Finding.Builder finding;
        private final Map<DisconnectMethod, CostServer> servers = new LinkedHashMap<>();
        private final Map<DisconnectMethod, Map<String, Long>> calls = new LinkedHashMap<>();

        Trial(Lab lab, Finding.Builder finding) throws Win32Exception {
            this.lab = lab;
            this.finding = finding;
            servers.put(DisconnectMethod.CLOSE, new CostServer(lab, DisconnectMethod.CLOSE));
            servers.put(DisconnectMethod.DISCONNECT_EX, new CostServer(lab, DisconnectMethod.DISCONNECT_EX));
            Capabilities.Answer transmit = Capabilities.answer(Capability.REUSE_AFTER_TRANSMIT_FILE, lab.win32());
            if (transmit.works()) {
                servers.put(DisconnectMethod.TRANSMIT_FILE, new CostServer(lab, DisconnectMethod.TRANSMIT_FILE));
            } else {
                finding.evidence("TransmitFile left out: %s", transmit.detail());
            }
        }

        Finding run() throws IOException, TimeoutException {
            count();
            boolean saved = saved();
            if (lab.platform() == Platform.SIMULATED) {
                return finding.because(
                        "the simulation's time is virtual and says nothing of cost; only calls were counted",
                        "to use sockets again saves their making; no figure is given (TransmitFile, DisconnectEx)")
                        .notPossible();
            }
            Map<DisconnectMethod, Rates> churn = new EnumMap<>(DisconnectMethod.class);
            Map<DisconnectMethod, Rates> steady = new EnumMap<>(DisconnectMethod.class);
            measure(churn, steady);
            report(churn, steady);
            return finding.verdict(saved ? Verdict.SEEN : Verdict.NOT_SEEN);
        }

        // ---- calls ----

        private void count() throws IOException, TimeoutException {
            List<String> perEcho = new ArrayList<>();
            for (Map.Entry<DisconnectMethod, CostServer> entry : servers.entrySet()) {
                lab.progress("counting the calls of %s", text(entry.getKey()));
                CostServer server = entry.getValue();
                server.connection(1); // the socket's first: not what is counted
                lab.calls().take();
                lab.calls().count();
                for (int i = 0; i < COUNTED_CONNECTIONS; i++) {
                    server.connection(1);
                }
                calls.put(entry.getKey(), lab.calls().take());
                perEcho.add(text(entry.getKey()) + " " + callsPerEcho(server));
            }
            finding.evidence("Within a connection the sockets play no part. Calls per echo, of %d echoes: %s",
                    STEADY_ECHOES, String.join(", ", perEcho));
            Table table = new Table("System calls of the server per connection with one echo (of " + COUNTED_CONNECTIONS
                    + " counted, the first apart)", "method", "socket()", "calls",
                    "without GetQueuedCompletionStatusEx", "which");
            calls.forEach((method, counts) -> {
                long all = counts.values().stream().mapToLong(Long::longValue).sum();
                long dequeues = counts.getOrDefault("GetQueuedCompletionStatusEx", 0L);
                table.row(text(method), perConnection(counts.getOrDefault(SOCKET_CALL, 0L)), perConnection(all),
                        perConnection(all - dequeues), counts.entrySet().stream()
                                .map(call -> call.getKey() + " " + perConnection(call.getValue()))
                                .collect(Collectors.joining(", ")));
            });
            finding.table(table);
        }

        private String callsPerEcho(CostServer server) throws IOException, TimeoutException {
            long[] sums = new long[2];
            for (int i = 0; i < sums.length; i++) {
                lab.calls().count();
                server.connection(1 + i * STEADY_ECHOES);
                sums[i] = lab.calls().take().values().stream().mapToLong(Long::longValue).sum();
            }
            return String.format(Locale.ROOT, "%.2f", (double) (sums[1] - sums[0]) / STEADY_ECHOES);
        }

        private static String perConnection(long count) {
            double each = (double) count / COUNTED_CONNECTIONS;
            return count % COUNTED_CONNECTIONS == 0 ? String.valueOf(count / COUNTED_CONNECTIONS)
                    : String.format(Locale.ROOT, "%.2f", each);
        }

        /** Whether each way to use sockets again made fewer. */
        private boolean saved() {
            long closing = calls.get(DisconnectMethod.CLOSE).getOrDefault(SOCKET_CALL, 0L);
            boolean saved = true;
            for (Map.Entry<DisconnectMethod, Map<String, Long>> entry : calls.entrySet()) {
                if (entry.getKey().reuses()) {
                    long made = entry.getValue().getOrDefault(SOCKET_CALL, 0L);
                    finding.evidence("%s made %d socket() calls for %d connections, closesocket %d: %d saved,"
                            + " %d disconnects failed", text(entry.getKey()), made, COUNTED_CONNECTIONS, closing,
                            closing - made,
                            servers.get(entry.getKey()).failures());
                    saved &= made < closing;
                }
            }
            return saved;
        }

        // ---- time ----

        private void measure(Map<DisconnectMethod, Rates> churn, Map<DisconnectMethod, Rates> steady)
                throws IOException, TimeoutException {
            for (DisconnectMethod method : servers.keySet()) {
                churn.put(method, new Rates());
                steady.put(method, new Rates());
            }
            for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
                lab.progress("round %d of %d", round + WARM_UP_ROUNDS + 1, ROUNDS + WARM_UP_ROUNDS);
                Map<DisconnectMethod, Double> connections = inTurn(CHURN_CONNECTIONS, 1, true);
                Map<DisconnectMethod, Double> echoes = inTurn(STEADY_CONNECTIONS, STEADY_ECHOES, false);
                if (round >= 0) {
                    for (DisconnectMethod method : servers.keySet()) {
                        churn.get(method).perSecond[round] = connections.get(method);
                        steady.get(method).perSecond[round] = echoes.get(method);
                    }
                }
            }
        }

        /**
         * A B C, then B C A, ...: one connection each; per second, connections or the echoes alone, at the pace of the
         * median connection, for a machine that does something else now and then makes some of them slow.
         */
        private Map<DisconnectMethod, Double> inTurn(int connections, int echoes, boolean whole)
                throws IOException, TimeoutException {
            Map<DisconnectMethod, double[]> nanos = new EnumMap<>(DisconnectMethod.class);
            servers.keySet().forEach(method -> nanos.put(method, new double[connections]));
            List<Map.Entry<DisconnectMethod, CostServer>> order = new ArrayList<>(servers.entrySet());
            for (int i = 0; i < connections; i++) {
                for (Map.Entry<DisconnectMethod, CostServer> entry : order) {
                    long start = lab.win32().nanoTime();
                    long ofEchoes = entry.getValue().connection(echoes);
                    nanos.get(entry.getKey())[i] = whole ? lab.win32().nanoTime() - start : ofEchoes;
                }
                Collections.rotate(order, -1);
            }
            Map<DisconnectMethod, Double> perSecond = new EnumMap<>(DisconnectMethod.class);
            nanos.forEach((method, times) ->
                    perSecond.put(method, (whole ? 1 : echoes) * NANOS_PER_SECOND / Rates.median(times)));
            return perSecond;
        }

        // ---- what it says ----

        private void report(Map<DisconnectMethod, Rates> churn, Map<DisconnectMethod, Rates> steady) {
            Table table = new Table("One client at a time, client and server in turn on one thread; " + ROUNDS
                    + " rounds; the"
                    + " methods take turns connection by connection; the pace of the median connection. Ratio: to"
                    + " closesocket in the same round, median (least to most)", "method", "connections/s", "ratio",
                    "echoes/s", "ratio", "disconnects failed");
            Rates churnBase = churn.get(DisconnectMethod.CLOSE);
            Rates steadyBase = steady.get(DisconnectMethod.CLOSE);
            List<Spread.Row> ratios = new ArrayList<>();
            for (Map.Entry<DisconnectMethod, CostServer> entry : servers.entrySet()) {
                DisconnectMethod method = entry.getKey();
                table.row(text(method), whole(churn.get(method).median()), ratio(churn.get(method), churnBase),
                        whole(steady.get(method).median()), ratio(steady.get(method), steadyBase), entry.getValue()
                        .failures());
                if (method.reuses()) {
                    Ratio ofChurn = churn.get(method).to(churnBase);
                    Ratio ofSteady = steady.get(method).to(steadyBase);
                    say(method, ofChurn, ofSteady);
                    ratios.add(ofChurn.row(text(method), "clients come and go"));
                    ratios.add(ofSteady.row(text(method), "steady echo"));
                }
            }
            finding.table(table)
                    .picture(new Spread("Speed beside closesocket in the same round: right of 1 is faster, left of it"
                    + " slower", "", 1.0, ratios));
            finding.evidence("Rule: faster or slower is what at least %d of %d rounds say", AGREEING_ROUNDS, ROUNDS);
            finding.evidence(
                    "The original program's author saw fewer transactions per second with DisconnectEx than with"
                    + " closesocket, without a figure. What is said here holds for one client at a time on this"
                    + " machine, %s; the client's work"
                    + " is in the figures too, and makes the ratios come nearer to 1.", lab.platform().known());
        }

        private void say(DisconnectMethod method, Ratio churn, Ratio steady) {
            finding.evidence("%s beside closesocket: clients come and go: %s, ratio %s, below 1 in %d of %d rounds;"
                    + " steady echo: %s, ratio %s, below 1 in %d of %d rounds", text(method), churn.inWords(), churn,
                    churn.slower(), ROUNDS, steady.inWords(), steady, steady.slower(), ROUNDS);
        }

        private static String ratio(Rates of, Rates base) {
            return of == base ? "1" : of.to(base).toString();
        }

        private static String whole(double value) {
            return String.format(Locale.ROOT, "%.0f", value);
        }

        private static String text(DisconnectMethod method) {
            return switch (method) {
                case CLOSE -> "closesocket";
                case DISCONNECT_EX -> "DisconnectEx";
                case TRANSMIT_FILE -> "TransmitFile";
                case GRACEFUL -> "graceful";
            };
        }
    }
}
