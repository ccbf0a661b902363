package org.iocp4j.study;

import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** For people. */
public final class TextReport implements StudyReport {
    private static final int WIDTH = 110;

    private final PrintWriter out;

    public TextReport(PrintWriter out, Site site) {
        this.out = out;
        out.println("platform: " + site.description() + " (" + site.platform().known() + ")");
    }

    @Override
    public void starts(Experiment experiment) {
        out.println();
        out.println("== " + experiment.name() + " ==");
        wrapped("", experiment.question());
    }

    @Override
    public void ended(Study.Result result) {
        Finding finding = result.finding();
        if (finding == null) {
            out.println("no verdict: " + result.failure());
            return;
        }
        finding.evidence().forEach(line -> wrapped("- ", line));
        finding.tables().forEach(this::table);
        if (!finding.reason().isEmpty()) {
            wrapped("not possible here: ", finding.reason());
            wrapped("Windows' documentation: ", finding.documentation());
        }
        result.verdicts().forEach((name, verdict) -> out.println("verdict: " + name + ": " + verdict));
    }

    private void table(Table table) {
        out.println();
        wrapped("", table.title() + ":");
        int[] widths = IntStream.range(0, table.columns().size()).map(column -> width(table, column)).toArray();
        row(table.columns(), widths);
        row(IntStream.of(widths).mapToObj("-"::repeat).toList(), widths);
        table.rows().forEach(row -> row(row, widths));
        out.println();
    }

    private static int width(Table table, int column) {
        int widest = table.rows().stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
        return Math.max(widest, table.columns().get(column).length());
    }

    private void row(List<String> cells, int[] widths) {
        out.println(IntStream.range(0, widths.length)
                .mapToObj(i -> cells.get(i) + " ".repeat(widths[i] - cells.get(i).length()))
                .collect(Collectors.joining("  ")).stripTrailing());
    }

    /** Behind the first line's lead, the others are indented by as much, or a little. */
    private void wrapped(String lead, String text) {
        StringBuilder line = new StringBuilder(lead);
        String indent = " ".repeat(Math.min(2, lead.length()));
        int start = lead.length();
        for (String word : text.split(" ")) {
            if (line.length() > start && line.length() + 1 + word.length() > WIDTH) {
                out.println(line);
                line = new StringBuilder(indent);
                start = indent.length();
            }
            line.append(line.length() > start ? " " : "").append(word);
        }
        out.println(line);
    }
}
