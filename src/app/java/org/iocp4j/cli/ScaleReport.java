package org.iocp4j.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.iocp4j.bench.PortsResult;
import org.iocp4j.bench.ScaleResult;

/** What {@code bench --scale} prints: a table to be read, or JSON lines. */
final class ScaleReport {
    private ScaleReport() {
    }

    static void print(List<ScaleResult> results, int rounds, boolean json, PrintWriter out) {
        if (!json) {
            line(out, "nanoseconds (packets: their number) on a null kernel, one thread: median of %d rounds,"
                    + " lowest - highest; ratio to fewer sessions in the same round", rounds);
            line(out, "%-17s %9s %13s %27s %8s %17s %9s", "", "sessions", "ns", "low - high", "ratio", "low - high",
                    "to");
        }
        for (ScaleResult r : results) {
            if (json) {
                out.println(json(r, rounds));
            } else {
                line(out, "%-17s %,9d %,13.0f %,12.0f - %,12.0f %8.2f %7.2f - %7.2f %,9d", r.figure(), r.sessions(),
                        r.value().median(), r.value().low(), r.value().high(), r.ratio().median(), r.ratio().low(),
                        r.ratio().high(), r.base());
            }
        }
    }

    static void print(PortsResult r, int rounds, boolean json, PrintWriter out) {
        if (json) {
            out.println(new JsonLine().put("figure", "echo-on-two-ports")
                    .put("aloneNanosMedian", r.alone().median()).put("bothNanosMedian", r.both().median())
                    .put("echoesMedian", r.echoes().median()).put("workMedian", r.work().median())
                    .put("ratioMedian", r.ratio().median()).put("ratioLow", r.ratio().low())
                    .put("ratioHigh", r.ratio().high()).put("rounds", rounds).end());
        } else {
            line(out, "echo on two ports, a worker each: %.0f ns alone, %.0f ns beside the other: %.2f times as many as"
                    + " one; of unrelated work %.2f times; ratio %.2f, %.2f - %.2f", r.alone().median(),
                    r.both().median(), r.echoes().median(), r.work().median(), r.ratio().median(), r.ratio().low(),
                    r.ratio().high());
        }
    }

    private static String json(ScaleResult r, int rounds) {
        return new JsonLine()
                .put("figure", r.figure())
                .put("sessions", r.sessions())
                .put(r.figure().unit() + "Median", r.value().median())
                .put(r.figure().unit() + "Low", r.value().low())
                .put(r.figure().unit() + "High", r.value().high())
                .put("base", r.base())
                .put("ratioMedian", r.ratio().median())
                .put("ratioLow", r.ratio().low())
                .put("ratioHigh", r.ratio().high())
                .put("rounds", rounds)
                .end();
    }

    private static void line(PrintWriter out, String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
