package org.iocp4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.iocp4j.study.HtmlPicture.Label;
import org.iocp4j.study.StateChart.Row;

/**
 * TCP states over time as a picture: a bar for as long as an end of a connection is seen in one state, no bar where it
 * is gone.
 */
final class HtmlStateChart {
    private static final int ROW = 40;
    private static final int HEAD = 36;
    private static final int BAR = 20;
    private static final int LOOK = 86;
    private static final int GAP = 28;

    private final StateChart chart;
    private final StringBuilder out;
    private HtmlPicture frame;

    private HtmlStateChart(StringBuilder out, StateChart chart) {
        this.out = out;
        this.chart = chart;
    }

    static void write(StringBuilder out, StateChart chart, String id) {
        new HtmlStateChart(out, chart).write(id);
    }

    private void write(String id) {
        List<Label> labels = new ArrayList<>();
        for (int i = 0; i < chart.rows().size(); i++) {
            labels.add(new Label(HEAD + i * ROW + 13, chart.rows().get(i).name(), chart.rows().get(i).detail()));
        }
        int client = HtmlPicture.MARGIN + chart.looks().size() * LOOK + GAP;
        int width = client + chart.looks().size() * LOOK + HtmlPicture.MARGIN;
        frame = HtmlPicture.open(out, chart, id, "", description(), labels, width, HEAD + chart.rows().size() * ROW);
        head(HtmlPicture.MARGIN, "the server's end");
        head(client, "the client's end");
        for (int i = 0; i < chart.rows().size(); i++) {
            int top = HEAD + i * ROW + 6;
            bars(HtmlPicture.MARGIN, top, chart.rows().get(i).server());
            bars(client, top, chart.rows().get(i).client());
        }
        legend();
        frame.close();
    }

    private String description() {
        return chart.rows().stream().map(row -> row.name() + " " + row.detail() + ": the server's end "
                + String.join(", ", row.server()) + "; the client's end " + String.join(", ", row.client()))
                .collect(Collectors.joining(". ")) + ". Looked at: " + String.join(", ", chart.looks()) + ".";
    }

    private void head(int x, String end) {
        frame.text("lane", x, 13, end);
        for (int i = 0; i < chart.looks().size(); i++) {
            frame.text("key", x + i * LOOK, 29, chart.looks().get(i));
        }
        out.append('\n');
    }

    /** Looks in a row that saw the same share a bar. */
    private void bars(int x, int top, List<String> states) {
        int middle = top + BAR / 2;
        out.append(String.format(Locale.ROOT, "<line class=\"rail\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", x,
                middle, x + chart.looks().size() * LOOK - 4, middle));
        for (int from = 0; from < states.size();) {
            String state = states.get(from);
            int to = from + 1;
            while (to < states.size() && states.get(to).equals(state)) {
                to++;
            }
            if (!state.equals(TcpStates.GONE)) {
                out.append(String.format(Locale.ROOT,
                        "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
                        kind(state), x + from * LOOK, top, (to - from) * LOOK - 4, BAR));
                frame.text(kind(state) + "text", x + from * LOOK + 6, middle + 4, state);
            }
            from = to;
        }
        out.append('\n');
    }

    private static String kind(String state) {
        return state.equals(TcpStates.TIME_WAIT) ? "waiting" : state.equals(TcpStates.ESTABLISHED) ? "bar" : "half";
    }

    /** Of what is in this picture, and nothing else. */
    private void legend() {
        List<String> kinds = chart.rows().stream().flatMap(HtmlStateChart::states)
                .filter(state -> !state.equals(TcpStates.GONE))
                .map(HtmlStateChart::kind).distinct().toList();
        frame.legend();
        String[][] meanings = {{"bar", "connected"}, {"half", "one side has closed, the other not"},
            {"waiting", "TIME_WAIT: closed first, and kept"}};
        for (String[] meaning : meanings) {
            if (kinds.contains(meaning[0])) {
                frame.entry(26, "<rect class=\"" + meaning[0]
                        + "\" x=\"1\" y=\"1\" width=\"24\" height=\"12\" rx=\"3\"/>", meaning[1]);
            }
        }
        frame.remark("no bar: gone");
        frame.endLegend();
    }

    private static Stream<String> states(Row row) {
        return Stream.concat(row.server().stream(), row.client().stream());
    }
}
