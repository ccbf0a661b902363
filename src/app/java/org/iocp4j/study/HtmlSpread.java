package org.iocp4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.iocp4j.html.HtmlText;
import org.iocp4j.study.HtmlPicture.Label;
import org.iocp4j.study.Spread.Row;

/** Values and their spread as a picture: a dot for each, a stroke for the median, on a logarithmic scale. */
final class HtmlSpread {
    private static final int ROW = 40;
    private static final int FOOT = 26;
    private static final int WIDTH = 560;
    private static final int FIGURES = 150;
    /** A scale of this kind has no 0: what is less is drawn here, and the scale says so. */
    private static final double LEAST = 0.01;
    /** What a mark on the scale may begin with: few of them, and more where few would be too few. */
    private static final double[] FEW = {1, 2, 5};
    private static final double[] MORE = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9};
    private static final int FEWEST_MARKS = 4;
    private static final int HALF_LETTER = 3;

    private final Spread spread;
    private final StringBuilder out;
    private final double from;
    private final double to;

    private HtmlSpread(StringBuilder out, Spread spread) {
        this.out = out;
        this.spread = spread;
        double padding = 1.1;
        from = values().map(HtmlSpread::shown).min().orElse(1) / padding;
        to = values().map(HtmlSpread::shown).max().orElse(1) * padding;
    }

    private DoubleStream values() {
        DoubleStream measured = spread.rows().stream()
                .flatMapToDouble(row -> row.sorted().stream().mapToDouble(value -> value));
        return spread.reference() == null ? measured
                : DoubleStream.concat(measured, DoubleStream.of(spread.reference()));
    }

    private static double shown(double value) {
        return Math.max(value, LEAST);
    }

    static void write(StringBuilder out, Spread spread, String id) {
        new HtmlSpread(out, spread).write(id);
    }

    private void write(String id) {
        List<Label> labels = new ArrayList<>();
        for (int i = 0; i < spread.rows().size(); i++) {
            labels.add(new Label(i * ROW + 17, spread.rows().get(i).name(), spread.rows().get(i).detail()));
        }
        int bottom = spread.rows().size() * ROW;
        HtmlPicture frame = HtmlPicture.open(out, spread, id, "", description(), labels, WIDTH + FIGURES,
                bottom + FOOT);
        scale(frame, bottom);
        for (int i = 0; i < spread.rows().size(); i++) {
            row(frame, spread.rows().get(i), i * ROW + ROW / 2);
        }
        frame.legend();
        frame.entry(14, "<circle class=\"each\" cx=\"7\" cy=\"7\" r=\"4\"/>", "one measurement");
        frame.entry(14, "<path class=\"median\" d=\"M7 1 V13\"/>", "median, and in figures: median (least to most)");
        frame.remark("left to right: a logarithmic scale"
                + (spread.unit().isEmpty() ? "" : ", in " + HtmlText.escape(spread.unit())));
        frame.endLegend();
        frame.close();
    }

    private String description() {
        return spread.rows().stream().map(row -> row.name() + " " + row.detail() + ": " + figures(row))
                .collect(Collectors.joining("; ")) + ".";
    }

    private String figures(Row row) {
        return String.format(Locale.ROOT, "%.2f (%.2f to %.2f)%s", row.median(), row.least(), row.most(),
                spread.unit().isEmpty() ? "" : " " + spread.unit());
    }

    private int x(double value) {
        double share = Math.log(shown(value) / from) / Math.log(to / from);
        return HtmlPicture.MARGIN + (int) Math.round(share * (WIDTH - 2 * HtmlPicture.MARGIN));
    }

    private void scale(HtmlPicture frame, int bottom) {
        List<Double> marks = marks(FEW);
        int free = 0;
        for (double mark : marks.size() < FEWEST_MARKS ? marks(MORE) : marks) {
            boolean reference = spread.reference() != null && mark == spread.reference();
            out.append(String.format(Locale.ROOT, "<line class=\"%s\" x1=\"%d\" y1=\"4\" x2=\"%d\" y2=\"%d\"/>",
                    reference ? "reference" : "rail", x(mark), x(mark), bottom));
            String number = mark < 10 ? Double.toString(mark).replaceFirst("\\.0$", "")
                    : Long.toString(Math.round(mark));
            String text = mark == LEAST && values().anyMatch(value -> value < LEAST) ? "≤ " + number : number;
            int left = Math.max(0, x(mark) - HALF_LETTER * text.length());
            if (left >= free) {
                frame.text("key", left, bottom + 16, text);
                free = x(mark) + (HALF_LETTER + 1) * text.length();
            }
        }
        out.append('\n');
    }

    /** Those on the scale: a beginning times a power of ten. */
    private List<Double> marks(double[] beginnings) {
        List<Double> marks = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(from)); Math.pow(10, power) <= to; power++) {
            for (double beginning : beginnings) {
                double mark = Double.parseDouble(beginning + "e" + power); // as it is written, to its last digit
                if (from <= mark && mark <= to) {
                    marks.add(mark);
                }
            }
        }
        return marks;
    }

    private void row(HtmlPicture frame, Row row, int y) {
        out.append(String.format(Locale.ROOT, "<line class=\"rail\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>",
                HtmlPicture.MARGIN, y, WIDTH - HtmlPicture.MARGIN, y));
        row.sorted().forEach(value ->
                out.append(String.format(Locale.ROOT, "<circle class=\"each\" cx=\"%d\" cy=\"%d\" r=\"4\"/>", x(value),
                        y)));
        out.append(String.format(Locale.ROOT, "<path class=\"median\" d=\"M%d %d V%d\"/>", x(row.median()), y - 10,
                y + 10));
        frame.text("session", WIDTH, y + 4, figures(row));
        out.append('\n');
    }
}
