package org.iocp4j.soak;

import java.util.ArrayList;
import java.util.List;

/**
 * A figure that must not grow as long as the server's load is the same. Flat means: after a warm-up of a third of the
 * run, the median of the last quarter is above that of the first by no more than an allowance.
 */
public final class Trend {
    private static final double WARM_UP = 1.0 / 3;
    /** Fewer samples than these, after the warm-up, say nothing. */
    private static final int FEWEST = 8;

    private record Sample(double seconds, long value) {
    }

    /**
     * @param name           of the figure
     * @param first          the median of the first quarter; null if not judged
     * @param last           the median of the last quarter; null if not judged
     * @param slopePerMinute of the line through all samples after the warm-up; null if not judged
     * @param allowance      how far last may lie above first
     * @param notJudged      why it was not, or null
     */
    public record Verdict(String name, Long first, Long last, Double slopePerMinute, long allowance, String notJudged) {
        public boolean isJudged() {
            return notJudged == null;
        }

        public boolean isFlat() {
            return isJudged() && last - first <= allowance;
        }
    }

    private final String name;
    private final long allowance;
    private final List<Sample> samples = new ArrayList<>();
    private String exclusion;

    public Trend(String name, long allowance) {
        this.name = name;
        this.allowance = allowance;
    }

    /** @param value null is no sample */
    public void add(double seconds, Long value) {
        if (value != null) {
            samples.add(new Sample(seconds, value));
        }
    }

    /** Something else has changed the figure too, so it is not judged. */
    public void exclude(String why) {
        if (exclusion == null) {
            exclusion = why;
        }
    }

    public Verdict judge() {
        if (exclusion != null) {
            return notJudged(exclusion);
        }
        double warm = samples.isEmpty() ? 0 : samples.getLast().seconds * WARM_UP;
        List<Sample> judged = samples.stream().filter(sample -> sample.seconds >= warm).toList();
        if (judged.size() < FEWEST) {
            return notJudged(judged.size() + " samples");
        }
        int quarter = judged.size() / 4;
        return new Verdict(name, median(judged.subList(0, quarter)),
                median(judged.subList(judged.size() - quarter, judged.size())), slopePerMinute(judged), allowance,
                null);
    }

    private Verdict notJudged(String why) {
        return new Verdict(name, null, null, null, allowance, why);
    }

    private static long median(List<Sample> samples) {
        return samples.stream().mapToLong(Sample::value).sorted().skip(samples.size() / 2).findFirst().orElseThrow();
    }

    /** Least squares. */
    private static double slopePerMinute(List<Sample> samples) {
        double meanSeconds = samples.stream().mapToDouble(Sample::seconds).average().orElseThrow();
        double meanValue = samples.stream().mapToLong(Sample::value).average().orElseThrow();
        double products = 0;
        double squares = 0;
        for (Sample sample : samples) {
            products += (sample.seconds - meanSeconds) * (sample.value - meanValue);
            squares += (sample.seconds - meanSeconds) * (sample.seconds - meanSeconds);
        }
        return 60 * products / squares;
    }
}
