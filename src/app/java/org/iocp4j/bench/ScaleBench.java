package org.iocp4j.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.iocp4j.server.ServerOptions;

/**
 * Measures what sessions cost that are there beside the one at work: this project's server in this process, on a kernel
 * that costs next to nothing. In each round every number of sessions has its turn, with a server of its own, and a
 * ratio compares two turns of the same round.
 */
public final class ScaleBench {
    /**
     * What is measured.
     *
     * @param sessions   how many, in ascending order, the fewest 1 or more
     * @param rounds     that the figures are the median of; one more is before these, and counts for nothing
     * @param operations echoes in a turn, if there are not more sessions; of the others some fewer
     */
    public record Plan(List<Integer> sessions, int rounds, int operations) {
    }

    private static final int USUAL_OPERATIONS = 200_000;
    private static final List<Integer> USUAL_SESSIONS = List.of(1, 1_000, 10_000, 60_000, 1_000_000);
    /** After so many ticks a million idle sessions have given back all that they give back. */
    private static final int QUIET_TICKS = 2_500;
    /**
     * In place of so many of these echoes there is one tick, or one look at the statistics: often enough that the JIT
     * compiles both, while the warm-up lasts.
     */
    private static final int ECHOES_BY_TICKS = 20;
    private static final int ECHOES_BY_MESSAGES = 10;

    private static final int PORTS = 2;
    private static final int SESSIONS_OF_PORTS = 200;
    /** In place of one echo there are so many on each port: else one's turn ends long before the other's. */
    private static final int ECHOES_BY_ECHOES_ON_PORTS = 5;

    private final Plan plan;
    private final Consumer<String> progress;

    /** @param progress called with what is being done */
    public ScaleBench(Plan plan, Consumer<String> progress) {
        this.plan = plan;
        this.progress = progress;
    }

    /** As many sessions as a server may have and this machine has memory for, and some fewer. */
    public static Plan usual(int rounds) {
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long most = Math.min(ServerOptions.MAX_SESSIONS, system.getTotalMemorySize() / ScaleServer.RESERVED_BYTES);
        return new Plan(USUAL_SESSIONS.stream().filter(count -> count <= most).toList(), rounds, USUAL_OPERATIONS);
    }

    /** Of each figure, with each number of sessions that is not below the figure's base. */
    public List<ScaleResult> run() throws IOException, InterruptedException {
        List<Map<Integer, Map<ScaleFigure, Double>>> rounds = new ArrayList<>();
        for (int round = 0; round <= plan.rounds(); round++) {
            Map<Integer, Map<ScaleFigure, Double>> turns = new TreeMap<>();
            for (int sessions : plan.sessions()) {
                progress.accept(String.format(Locale.ROOT, "%s, sessions: %,d",
                        round == 0 ? "warming up" : "round " + round + " of " + plan.rounds(), sessions));
                System.gc(); // so that no turn pays for what another one has left
                turns.put(sessions, turn(sessions));
            }
            if (round > 0) {
                rounds.add(turns);
            }
        }
        List<ScaleResult> results = new ArrayList<>();
        for (ScaleFigure figure : ScaleFigure.values()) {
            int base = figure.base(plan.sessions());
            for (int sessions : plan.sessions().stream().filter(count -> count >= base).toList()) {
                results.add(new ScaleResult(figure, sessions,
                        Spread.of(rounds.stream().map(turns -> turns.get(sessions).get(figure)).toList()), base,
                        Spread.of(rounds.stream().map(turns -> turns.get(sessions).get(figure)
                                / turns.get(base).get(figure)).toList())));
            }
        }
        return results;
    }

    /** How two ports with a worker each stand beside one. */
    public PortsResult ports() throws IOException, InterruptedException {
        List<Double> alone = new ArrayList<>();
        List<Double> both = new ArrayList<>();
        List<Double> work = new ArrayList<>();
        try (ScaleServer server = new ScaleServer(SESSIONS_OF_PORTS, PORTS)) {
            server.connect();
            long[][] two = server.awaitSocketsByPort();
            long[][] one = {two[0]};
            int times = plan.operations() * ECHOES_BY_ECHOES_ON_PORTS;
            for (int round = 0; round <= plan.rounds(); round++) {
                progress.accept(String.format(Locale.ROOT, "%s, ports: %d",
                        round == 0 ? "warming up" : "round " + round + " of " + plan.rounds(), PORTS));
                double aloneNanos = (double) server.echoTogether(times, one) / times;
                double bothNanos = (double) server.echoTogether(times, two) / times / PORTS;
                double workAlone = server.workTogether(times, 1);
                double workBoth = (double) server.workTogether(times, PORTS) / PORTS;
                if (round > 0) {
                    alone.add(aloneNanos);
                    both.add(bothNanos);
                    work.add(PORTS * workAlone / workBoth);
                }
            }
        }
        List<Double> echoes = quotients(alone, both).stream().map(quotient -> PORTS * quotient).toList();
        return new PortsResult(Spread.of(alone), Spread.of(both), Spread.of(echoes), Spread.of(work),
                Spread.of(quotients(echoes, work)));
    }

    private static List<Double> quotients(List<Double> figures, List<Double> by) {
        return IntStream.range(0, figures.size()).mapToObj(i -> figures.get(i) / by.get(i)).toList();
    }

    /** Each figure, in its unit. */
    private Map<ScaleFigure, Double> turn(int sessions) throws IOException, InterruptedException {
        int echoes = Math.max(sessions, plan.operations());
        int ticks = Math.max(1, plan.operations() / ECHOES_BY_TICKS);
        int messages = Math.max(1, plan.operations() / ECHOES_BY_MESSAGES / sessions);
        int[] sequence = IntStream.range(0, sessions).toArray();
        int[] random = shuffled(sequence);
        Map<ScaleFigure, Double> values = new EnumMap<>(ScaleFigure.class);
        try (ScaleServer server = new ScaleServer(sessions)) {
            values.put(ScaleFigure.CONNECT, (double) server.connect() / sessions);
            server.echo(sessions, sequence);
            values.put(ScaleFigure.ECHO_IN_SEQUENCE, (double) server.echo(echoes, sequence) / echoes);
            values.put(ScaleFigure.ECHO_AT_RANDOM, (double) server.echo(echoes, random) / echoes);
            values.put(ScaleFigure.ECHO_AT_RANDOM_IN_BATCHES,
                    (double) server.echoInBatches(echoes, random) / echoes);
            server.statistics(ticks); // from now on the heap has grown to what they make in between two collections
            values.put(ScaleFigure.STATISTICS, (double) server.statistics(ticks) / ticks);
            server.broadcast(1); // it makes the buffers
            long packets = server.packetsPosted();
            values.put(ScaleFigure.BROADCAST, (double) server.broadcast(messages) / messages / sessions);
            values.put(ScaleFigure.BROADCAST_PACKETS, (double) (server.packetsPosted() - packets) / messages);
            server.tick(QUIET_TICKS);
            values.put(ScaleFigure.TICK, (double) server.tick(ticks) / ticks);
        }
        return values;
    }

    /** The same order each time, so that runs can be compared. */
    private static int[] shuffled(int[] sequence) {
        int[] order = sequence.clone();
        SplittableRandom random = new SplittableRandom(1);
        for (int i = order.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int at = order[i];
            order[i] = order[other];
            order[other] = at;
        }
        return order;
    }
}
