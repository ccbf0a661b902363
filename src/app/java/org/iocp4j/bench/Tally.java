package org.iocp4j.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.HdrHistogram.Histogram;

/** One server's rounds of one load, added up twice: all, and those that nobody disturbed. */
final class Tally {
    private final Sum all = new Sum();
    private final Sum undisturbed = new Sum();
    private final List<Double> foreignPercents = new ArrayList<>();

    /** Counts a round: the server's turn, and the baseline's in the same round. */
    void count(Turn turn, Turn baseline) {
        all.add(turn, baseline);
        if (!turn.isDisturbed() && !baseline.isDisturbed()) {
            undisturbed.add(turn, baseline);
        }
        if (turn.foreignPercent() != null) {
            foreignPercents.add(turn.foreignPercent());
        }
    }

    /** Of the undisturbed rounds if they are half or more, and else of all, since few rounds say too little. */
    BenchResult result(Load load, ServerSpec server, ServerSpec baseline, Double bytesPerConnection) {
        Sum counted = 2 * undisturbed.rounds() >= all.rounds() ? undisturbed : all;
        return new BenchResult(load, server, baseline, Spread.of(counted.ratios), Spread.of(counted.perSecond),
                counted.costs, counted.operations, counted.micros, bytesPerConnection, foreignLoad(counted.rounds()));
    }

    private ForeignLoad foreignLoad(int countedPairs) {
        OptionalDouble percent = foreignPercents.stream().mapToDouble(turn -> turn).average();
        return percent.isEmpty() ? new ForeignLoad(null, null, countedPairs)
                : new ForeignLoad(Math.max(0, percent.getAsDouble()), all.rounds() - undisturbed.rounds(),
                countedPairs);
    }

    /** The results and costs of some rounds together. */
    private static final class Sum {
        private final List<Double> ratios = new ArrayList<>();
        private final List<Double> perSecond = new ArrayList<>();
        private final Histogram micros = BenchClient.newHistogram();
        private Costs costs = Costs.NONE;
        private long operations;

        void add(Turn turn, Turn baseline) {
            ratios.add(turn.counted().perSecond() / baseline.counted().perSecond());
            perSecond.add(turn.counted().perSecond());
            micros.add(turn.counted().micros());
            costs = costs.plus(turn.costs());
            operations += turn.counted().all();
        }

        int rounds() {
            return ratios.size();
        }
    }
}
