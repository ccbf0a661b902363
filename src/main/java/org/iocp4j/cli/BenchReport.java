package org.iocp4j.cli;

import java.io.PrintWriter;
import java.util.Locale;
import org.iocp4j.bench.Bench;
import org.iocp4j.bench.BenchResult;

/** What {@code bench} prints as soon as a load is through: to be read, or as JSON lines. */
interface BenchReport {
    void result(BenchResult result);

    /** A table for each load, for people. */
    final class Text implements BenchReport {
        private final PrintWriter out;
        private String load;

        Text(PrintWriter out, Bench.Plan plan, String machine) {
            this.out = out;
            line("%s", machine);
            line("ratios to %s: median of %d rounds, lowest - highest; %.1f s a turn", plan.servers().getFirst().name(),
                    plan.pairs(), plan.time().toMillis() / 1e3);
        }

        @Override
        public void result(BenchResult r) {
            if (!r.load().name().equals(load)) {
                load = r.load().name();
                line("");
                line("%-28s %6s %15s %9s %7s %7s %7s %6s %9s %9s %9s %9s %8s", load, "ratio", "low - high", "ops/s",
                        "cpu us", "ws us", "ws reqs", "calls", "alloc B", "p50 us", "p99 us", "p99.9 us", "B/conn");
            }
            line("%-28s %6.2f %6.2f - %6.2f %,9.0f %7s %7s %7s %6s %9s %,9.0f %,9.0f %,9.0f %8s", r.server().name(),
                    r.ratio().median(), r.ratio().low(), r.ratio().high(), r.perSecond().median(),
                    figure(r.cpuMicrosPerOperation(), 1), figure(r.wineserverCpuMicrosPerOperation(), 1),
                    figure(r.wineserverRequestsPerOperation(), 1), figure(r.systemCallsPerOperation(), 1),
                    figure(r.bytesAllocatedPerOperation(), 1),
                    r.micros(50), r.micros(99), r.micros(99.9), figure(r.bytesPerConnection(), 0));
        }

        private static String figure(Double value, int decimals) {
            return value == null ? "-" : String.format(Locale.ROOT, "%,." + decimals + "f", value);
        }

        private void line(String format, Object... values) {
            out.println(String.format(Locale.ROOT, format, values));
        }
    }

    /** Lines for programs. */
    record Json(PrintWriter out, Bench.Plan plan) implements BenchReport {
        @Override
        public void result(BenchResult r) {
            out.println(new JsonLine()
                    .put("load", r.load().name())
                    .put("connections", r.load().connections())
                    .put("server", r.server().name())
                    .put("baseline", r.baseline().name())
                    .put("ratioMedian", r.ratio().median())
                    .put("ratioLow", r.ratio().low())
                    .put("ratioHigh", r.ratio().high())
                    .put("operationsPerSecond", r.perSecond().median())
                    .put("operations", r.operations())
                    .put("cpuMicrosPerOperation", r.cpuMicrosPerOperation())
                    .put("wineserverCpuMicrosPerOperation", r.wineserverCpuMicrosPerOperation())
                    .put("wineserverRequestsPerOperation", r.wineserverRequestsPerOperation())
                    .put("systemCallsPerOperation", r.systemCallsPerOperation())
                    .put("bytesAllocatedPerOperation", r.bytesAllocatedPerOperation())
                    .put("p50Micros", r.micros(50))
                    .put("p99Micros", r.micros(99))
                    .put("p999Micros", r.micros(99.9))
                    .put("bytesPerConnection", r.bytesPerConnection())
                    .put("pairs", plan.pairs())
                    .put("secondsPerTurn", plan.time().toMillis() / 1e3)
                    .end());
        }
    }
}
