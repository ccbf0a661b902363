package org.iocp4j.bench;

import java.util.List;

/** The middle of some figures, and how far they lie apart: the lowest and the highest. */
public record Spread(double median, double low, double high) {
    /** @throws IllegalArgumentException if there are none */
    public static Spread of(List<Double> figures) {
        if (figures.isEmpty()) {
            throw new IllegalArgumentException("no figures");
        }
        List<Double> sorted = figures.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle)
                : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(median, sorted.getFirst(), sorted.getLast());
    }
}
