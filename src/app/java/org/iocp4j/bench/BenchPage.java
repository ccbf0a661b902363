package org.iocp4j.bench;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.iocp4j.html.HtmlPage;
import org.iocp4j.html.HtmlText;

/**
 * The results as one page that needs nothing else: a plot of the ratios, one of the latencies and a table for each
 * load.
 */
public final class BenchPage {
    private static final int ROW = 22;
    private static final int LEAST_NAMES = 210;
    /** Of a name's letter, on average. */
    private static final int LETTER = 7;
    private static final int PLOT = 400;
    private static final int FIGURES = 70;
    private static final int AXIS = 26;
    private static final double[] PERCENTILES = {50, 99, 99.9};
    private static final String[] COLUMNS = {"server", "ratio", "lowest", "highest", "operations/s", "CPU µs",
            "wineserver µs",
        "wineserver requests", "system calls", "allocated bytes", "p50 µs", "p99 µs", "p99.9 µs",
        "bytes per connection",
        "CPU % of others", "disturbed rounds", "rounds counted"};

    private final StringBuilder out = new StringBuilder(1 << 15);

    private BenchPage() {
    }

    /**
     * @param machine as {@link Machine#description}
     * @param command that measures the same again
     */
    public static String of(String machine, String command, List<BenchResult> results, List<LeftOut> leftOut) {
        BenchPage page = new BenchPage();
        page.write(machine, command, results, leftOut);
        return HtmlPage.of("iocp4j bench", page.out);
    }

    private void write(String machine, String command, List<BenchResult> results, List<LeftOut> leftOut) {
        Map<Load, List<BenchResult>> loads = new LinkedHashMap<>();
        results.forEach(result -> loads.computeIfAbsent(result.load(), load -> new ArrayList<>()).add(result));
        out.append("<header class=\"top\">\n<p class=\"over\">iocp4j bench</p>\n<h1>Servers, measured in turns</h1>\n"
                + "<p class=\"lead\">In each round every server has a turn with the same client. A ratio is of"
                + " operations per"
                + " second in the same round, so that what else the machine did falls on both; shown are its median,"
                + " lowest"
                + " and highest. A round is disturbed if other programs used more than "
                + ForeignLoad.DISTURBING_PERCENT
                + " % of a processor in one of the two turns; it does not count as long as half of the rounds or more"
                + " are left. Costs are per operation.</p>\n<dl class=\"facts\">\n");
        fact("Machine", machine);
        fact("JDK of the client", System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"));
        fact("Date", Instant.now().truncatedTo(ChronoUnit.MINUTES).toString());
        fact("Command", command);
        out.append("</dl>\n</header>\n<main>\n");
        loads.forEach((load, measured) -> section(load, measured,
                leftOut.stream().filter(peer -> peer.load().equals(load)).toList()));
        out.append("</main>\n");
    }

    private void fact(String name, String value) {
        out.append("<dt>").append(name).append("</dt><dd>").append(HtmlText.escape(value)).append("</dd>\n");
    }

    private void section(Load load, List<BenchResult> results, List<LeftOut> leftOut) {
        out.append("<section><h2>").append(load.name()).append("</h2>\n");
        String baseline = HtmlText.escape(results.getFirst().baseline().name());
        int names = results.stream().mapToInt(result -> result.server().name().length() * LETTER)
                .reduce(LEAST_NAMES, Math::max);
        double highest = results.stream().mapToDouble(result -> result.ratio().high()).max().orElse(1);
        figure("Operations per second, relative to " + baseline + ": median, lowest to highest round", results,
                new Scale(names, 0, Math.max(1.2, highest), false), (scale, result, y) -> {
                    Spread ratio = result.ratio();
                    line("names", scale.x(ratio.low()), y, scale.x(ratio.high()), y);
                    dot("right", scale.x(ratio.median()), y);
                    return number(ratio.median());
                }, new double[] {0, 0.5, 1});
        double slowest = results.stream().mapToDouble(result -> result.micros(99.9)).max().orElse(1);
        figure("Microseconds for an operation, on a logarithmic scale: p50, p99, p99.9", results,
                new Scale(names, 1, Math.max(10, slowest), true), (scale, result, y) -> {
                    line("rail", scale.x(result.micros(50)), y, scale.x(result.micros(99.9)), y);
                    for (double percentile : PERCENTILES) {
                        dot(percentile == 50 ? "right" : percentile == 99 ? "neutral" : "wrong",
                                scale.x(result.micros(percentile)), y);
                    }
                    return number(result.micros(99)) + " p99";
                }, new double[] {10, 100, 1_000, 10_000, 100_000, 1_000_000});
        table(results, leftOut);
        out.append("</section>\n");
    }

    /** From the lowest to the highest value that is shown. */
    private record Scale(int names, double low, double high, boolean logarithmic) {
        int x(double value) {
            double at = logarithmic ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
                    : (value - low) / (high - low);
            return names + (int) Math.round(at * PLOT);
        }
    }

    /** Draws one server's row and gives the figure to be written behind it. */
    private interface Row {
        String draw(Scale scale, BenchResult result, int y);
    }

    private void figure(String title, List<BenchResult> results, Scale scale, Row row, double[] marks) {
        int height = results.size() * ROW + AXIS;
        out.append("<figure><figcaption>").append(title).append("</figcaption>\n<div class=\"scroll\" tabindex=\"0\""
                + " role=\"region\" aria-label=\"Plot\"><svg width=\"").append(scale.names + PLOT + FIGURES)
                .append("\" height=\"").append(height).append("\" role=\"img\"><title>").append(title)
                .append("</title>\n");
        for (double mark : marks) {
            if (mark >= scale.low && mark <= scale.high) {
                line("rail", scale.x(mark), 0, scale.x(mark), height - AXIS);
                text("key", scale.x(mark) - 6, height - 8, number(mark));
            }
        }
        for (int i = 0; i < results.size(); i++) {
            int y = i * ROW + ROW / 2;
            text("lane", 6, y + 4, results.get(i).server().name());
            text("key", scale.names + PLOT + 8, y + 4, row.draw(scale, results.get(i), y));
        }
        out.append("</svg></div></figure>\n");
    }

    private void line(String kind, int x1, int y1, int x2, int y2) {
        out.append(String.format(Locale.ROOT, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", kind, x1,
                y1, x2, y2));
    }

    private void dot(String kind, int x, int y) {
        out.append(String.format(Locale.ROOT, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"4\"/>", kind, x, y));
    }

    private void text(String kind, int x, int y, String text) {
        out.append(String.format(Locale.ROOT, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>%n", kind, x, y,
                HtmlText.escape(text)));
    }

    private void table(List<BenchResult> results, List<LeftOut> leftOut) {
        out.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>\n<thead><tr>");
        for (String column : COLUMNS) {
            out.append("<th scope=\"col\">").append(column).append("</th>");
        }
        out.append("</tr></thead>\n<tbody>\n");
        for (BenchResult r : results) {
            out.append("<tr><td>").append(HtmlText.escape(r.server().name())).append("</td>");
            Double[] cells = {r.ratio().median(), r.ratio().low(), r.ratio().high(), r.perSecond().median(),
                r.cpuMicrosPerOperation(), r.wineserverCpuMicrosPerOperation(), r.wineserverRequestsPerOperation(),
                r.systemCallsPerOperation(), r.bytesAllocatedPerOperation(), r.micros(50), r.micros(99), r.micros(99.9),
                r.bytesPerConnection(), r.foreign().percent()};
            for (Double cell : cells) {
                cell(cell == null ? null : number(cell));
            }
            cell(r.foreign().disturbedPairs());
            cell(r.foreign().countedPairs());
            out.append("</tr>\n");
        }
        for (LeftOut peer : leftOut) {
            out.append("<tr><td>").append(HtmlText.escape(peer.server().name())).append("</td><td colspan=\"")
                    .append(COLUMNS.length - 1).append("\">left out: ").append(HtmlText.escape(peer.reason()))
                    .append("</td></tr>\n");
        }
        out.append("</tbody></table></div>\n");
    }

    private void cell(Object figure) {
        out.append("<td class=\"num\">").append(figure == null ? "-" : figure).append("</td>");
    }

    /** Small ones with two decimals. */
    private static String number(double value) {
        return String.format(Locale.ROOT, value == 0 || value >= 100 ? "%,.0f" : "%.2f", value);
    }
}
