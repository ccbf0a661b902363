package org.iocp4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.iocp4j.bench.Bench;
import org.iocp4j.bench.BenchResult;
import org.iocp4j.bench.ForeignLoad;
import org.iocp4j.bench.LeftOut;
import org.iocp4j.bench.Load;
import org.iocp4j.bench.ServerSpec;

/** What {@code bench} prints as soon as a load is through, or a peer left out: to be read, or as JSON lines. */
interface BenchReport {
    /** @param results of all servers of a load */
    void results(List<BenchResult> results);

    void leftOut(LeftOut peer);

    /** A table for each load, for people. */
    final class Text implements BenchReport {
        private static final int LEAST_NAME = 28;

        private final PrintWriter out;
        private final Bench.Plan plan;
        private final int nameWidth;
        private String load;

        Text(PrintWriter out, Bench.Plan plan, String machine) {
            this.out = out;
            this.plan = plan;
            nameWidth = plan.servers().stream().mapToInt(server -> server.name().length())
                    .reduce(LEAST_NAME, Math::max);
            line("%s", machine);
            line("ratios to %s: median of %d rounds, lowest - highest; %.1f s a turn%s", plan.loads().stream()
                    .map(next -> plan.baseline(next).name()).distinct().collect(Collectors.joining(" or ")),
                    plan.pairs(), plan.time().toMillis() / 1e3,
                    switch (plan.client()) {
                        case JAVA -> "";
                        case EPOLL -> "; the client is the one in C, on epoll";
                        case WRK, AB, REDIS_BENCHMARK -> "; the client is " + plan.client();
                    });
        }

        @Override
        public void results(List<BenchResult> results) {
            results.forEach(this::row);
            line("%s", foreignLoad(results));
        }

        private void row(BenchResult r) {
            head(r.load());
            line("%s %6.2f %6.2f - %6.2f %,9.0f %7s %7s %7s %6s %9s %,9.0f %,9.0f %,9.0f %8s %9s",
                    name(r.server().name()), r.ratio().median(), r.ratio().low(), r.ratio().high(),
                    r.perSecond().median(),
                    figure(r.cpuMicrosPerOperation(), 1), figure(r.wineserverCpuMicrosPerOperation(), 1),
                    figure(r.wineserverRequestsPerOperation(), 1), figure(r.systemCallsPerOperation(), 1),
                    figure(r.bytesAllocatedPerOperation(), 1),
                    r.micros(50), r.micros(99), r.micros(99.9), figure(r.bytesPerConnection(), 0),
                    r.foreign().disturbedPairs() == null ? "-" : r.foreign().disturbedPairs() + " of " + plan.pairs());
        }

        /** Whether the machine was idle but for us. */
        private String foreignLoad(List<BenchResult> results) {
            List<ForeignLoad> all = results.stream().map(BenchResult::foreign).toList();
            if (all.stream().anyMatch(foreign -> foreign.percent() == null)) {
                return "this platform does not tell what other programs used";
            }
            String percent = String.format(Locale.ROOT, "other programs used %.0f %% of a processor",
                    all.stream().mapToDouble(ForeignLoad::percent).average().orElse(0));
            if (all.stream().allMatch(foreign -> foreign.disturbedPairs() == 0)) {
                return "the machine was idle but for the bench: " + percent;
            }
            return percent + (all.stream().anyMatch(foreign -> foreign.countsDisturbed(plan.pairs()))
                    ? ": ratios may be off" : ": disturbed rounds, with more than " + ForeignLoad.DISTURBING_PERCENT
                            + " %, do not count");
        }

        @Override
        public void leftOut(LeftOut peer) {
            head(peer.load());
            line("%s left out: %s", name(peer.server().name()), OptionErrors.oneLine(peer.reason()));
        }

        /** Before the first line of a load. */
        private void head(Load next) {
            if (!next.name().equals(load)) {
                load = next.name();
                line("");
                line("%s %6s %15s %9s %7s %7s %7s %6s %9s %9s %9s %9s %8s %9s", name(load), "ratio",
                        "low - high", "ops/s", "cpu us", "ws us", "ws reqs", "calls", "alloc B", "p50 us", "p99 us",
                        "p99.9 us", "B/conn", "disturbed");
            }
        }

        private String name(String name) {
            return String.format(Locale.ROOT, "%-" + nameWidth + "s", name);
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
        public void results(List<BenchResult> results) {
            results.forEach(this::object);
        }

        private void object(BenchResult r) {
            out.println(line(r.load(), r.server())
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
                    .put("compilationMillis", r.compilationMillis())
                    .put("p50Micros", r.micros(50))
                    .put("p99Micros", r.micros(99))
                    .put("p999Micros", r.micros(99.9))
                    .put("bytesPerConnection", r.bytesPerConnection())
                    .put("pairs", plan.pairs())
                    .put("secondsPerTurn", plan.time().toMillis() / 1e3)
                    .put("foreignCpuPercent", r.foreign().percent())
                    .put("disturbedPairs", r.foreign().disturbedPairs())
                    .put("countedPairs", r.foreign().countedPairs())
                    .end());
        }

        @Override
        public void leftOut(LeftOut peer) {
            out.println(line(peer.load(), peer.server()).put("leftOut", peer.reason()).end());
        }

        private JsonLine line(Load load, ServerSpec server) {
            return new JsonLine()
                    .put("load", load.name())
                    .put("connections", load.connections())
                    .put("server", server.name())
                    .put("baseline", plan.baseline(load).name())
                    .put("client", plan.client().toString());
        }
    }
}
