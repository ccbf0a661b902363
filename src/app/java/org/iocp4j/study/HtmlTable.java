package org.iocp4j.study;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.iocp4j.html.HtmlText;

/** A table of a finding, in a box of its own that scrolls when the screen is narrower. */
final class HtmlTable {
    /** Rows shown; it says how many there are more. */
    static final int MOST_ROWS = 150;
    static final int MOST_CELL = 400;
    /** More rows than these start folded, where a picture shows the same. */
    private static final int FOLDED_ROWS = 14;
    /** A cell longer than this may take several lines. */
    private static final int LONG_CELL = 30;

    private static final Pattern NUMBER = Pattern.compile("[<>~≈+-]?[\\d][\\d., ]*( ?(%|ms|s|us|µs|ns|x|×))?");
    private static final Set<String> BAD = Set.of("NO", "a live stranger", "a deleted session", "fails");
    private static final Set<String> GOOD = Set.of("works", "its session", "recognised as late");
    /** Good where another row has a NO; elsewhere it is only an answer. */
    private static final String YES = "yes";

    private HtmlTable() {
    }

    static void write(StringBuilder out, Table table, boolean mayFold) {
        boolean folded = mayFold && table.rows().size() > FOLDED_ROWS;
        String title = HtmlText.escape(table.title());
        if (folded) {
            out.append("<details><summary>").append(title).append(": a table of ")
                    .append(HtmlText.count(table.rows().size(), "row")).append("</summary>\n");
        }
        out.append("<figure class=\"wide\">\n");
        if (!folded) {
            out.append("<figcaption>").append(title).append("</figcaption>\n");
        }
        out.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: ").append(title)
                .append("\"><table>\n<thead><tr>");
        List<List<String>> rows = table.rows();
        boolean[] numbers = new boolean[table.columns().size()];
        boolean[] hasNo = new boolean[numbers.length];
        for (int column = 0; column < numbers.length; column++) {
            numbers[column] = isNumbers(rows, column);
            int of = column;
            hasNo[column] = rows.stream().anyMatch(row -> BAD.contains(first(row.get(of))));
            out.append("<th scope=\"col\"").append(numbers[column] ? " class=\"num\"" : "").append('>')
                    .append(HtmlText.escape(table.columns().get(column))).append("</th>");
        }
        out.append("</tr></thead>\n<tbody>\n");
        rows.stream().limit(MOST_ROWS).forEach(row -> {
            out.append("<tr>");
            IntStream.range(0, row.size())
                    .forEach(column -> cell(out, row.get(column), numbers[column], hasNo[column]));
            out.append("</tr>\n");
        });
        out.append("</tbody></table></div>\n");
        if (rows.size() > MOST_ROWS) {
            out.append("<p class=\"cut\">").append(HtmlText.count(rows.size() - MOST_ROWS, "more row"))
                    .append(" left out here; <code>--json</code> has all of them.</p>\n");
        }
        out.append("</figure>\n").append(folded ? "</details>\n" : "");
    }

    private static boolean isNumbers(List<List<String>> rows, int column) {
        return rows.stream().anyMatch(row -> NUMBER.matcher(row.get(column)).matches())
                && rows.stream()
                .allMatch(row -> row.get(column).equals("-") || NUMBER.matcher(row.get(column)).matches());
    }

    /** What a cell says, without the details behind it: {@code NO: 3 of 6} is a no. */
    private static String first(String text) {
        return text.split(":", 2)[0];
    }

    private static void cell(StringBuilder out, String text, boolean number, boolean hasNo) {
        StringBuilder classes = new StringBuilder(number ? "num" : text.length() > LONG_CELL ? "long" : "");
        String first = first(text);
        boolean good = GOOD.contains(first) || hasNo && first.equals(YES);
        String kind = text.equals("-") ? "none" : BAD.contains(first) ? "bad" : good ? "good" : "";
        classes.append(classes.isEmpty() || kind.isEmpty() ? "" : " ").append(kind);
        out.append("<td").append(classes.isEmpty() ? "" : " class=\"" + classes + "\"").append('>')
                .append(HtmlStory.claim(HtmlText.capped(text, MOST_CELL))).append("</td>");
    }
}
