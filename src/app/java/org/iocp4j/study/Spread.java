package org.iocp4j.study;

import java.util.Arrays;
import java.util.List;

/**
 * What was measured many times, for a picture that shows each time: a row for each thing, a dot for each value. No
 * middle can be seen without its spread.
 *
 * @param unit      of the values; empty for ratios
 * @param reference a value to compare with, which gets a line; null if there is none
 */
public record Spread(String title, String unit, Double reference, List<Row> rows) implements Picture {
    /**
     * One thing.
     *
     * @param detail more of its name; may be empty
     * @param sorted values, the least first
     */
    public record Row(String name, String detail, List<Double> sorted) {
        static Row of(String name, String detail, double[] values) {
            return new Row(name, detail, Arrays.stream(values).sorted().boxed().toList());
        }

        public double least() {
            return sorted.getFirst();
        }

        public double most() {
            return sorted.getLast();
        }

        /** Of an even number of values the lower of the two in the middle. */
        public double median() {
            return sorted.get((sorted.size() - 1) / 2);
        }
    }
}
