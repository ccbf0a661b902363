package org.iocp4j.study;

import java.util.List;
import java.util.Locale;
import org.iocp4j.html.HtmlText;

/**
 * The frame of a picture: labels that stay where they are, and beside them a plot, which scrolls when the screen is
 * narrower. SVG in the page, coloured by its style sheet, so that it is right on light and on dark.
 */
final class HtmlPicture {
    static final int MARGIN = 10;
    /** What a plot may be wide without scrolling on a desktop. */
    static final int PLOT = 880;
    private static final int MOST_LABEL = 20;
    private static final int MOST_LABEL_WIDTH = 150;
    private static final double LETTER = 7.0;

    /** What is written on the left of a row, in two lines from {@code y} on. */
    record Label(int y, String name, String detail) {
        private int length() {
            return Math.max(name.length(), detail.length());
        }
    }

    private final StringBuilder out;

    private HtmlPicture(StringBuilder out) {
        this.out = out;
    }

    /** @param id of its own in the page */
    static void write(StringBuilder out, Picture picture, String id) {
        switch (picture) {
            case Timeline timeline -> HtmlTimeline.write(out, timeline, id);
            case StateChart chart -> HtmlStateChart.write(out, chart, id);
            case Spread spread -> HtmlSpread.write(out, spread, id);
        }
    }

    /**
     * Begins the figure, up to the inside of the plot.
     *
     * @param summary     behind the title, in HTML
     * @param description for those who cannot see it
     */
    static HtmlPicture open(StringBuilder out, Picture picture, String id, String summary, String description,
                            List<Label> labels, int width, int height) {
        HtmlPicture frame = new HtmlPicture(out);
        String title = HtmlText.escape(HtmlText.sentence(picture.title()));
        int labelWidth = Math.min(MOST_LABEL_WIDTH,
                (int) (labels.stream().mapToInt(Label::length).max().orElse(0) * LETTER) + 10);
        out.append("<figure class=\"wide\">\n<figcaption>").append(title).append(' ').append(summary)
                .append("</figcaption>\n<div class=\"timeline\">\n");
        out.append(String.format(Locale.ROOT, "<svg class=\"lanes\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">\n",
                labelWidth, height));
        for (Label label : labels) {
            frame.text("lane", 0, label.y(), HtmlText.capped(label.name(), MOST_LABEL));
            frame.text("key", 0, label.y() + 15, label.detail());
        }
        out.append("</svg>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Picture: ").append(title)
                .append("\">\n");
        out.append(String.format(Locale.ROOT,
                "<svg class=\"plot\" width=\"%d\" height=\"%d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">"
                + "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n", width, height, id, id, id, title, id,
                HtmlText.escape(description)));
        return frame;
    }

    void text(String kind, int x, int y, String text) {
        out.append(String.format(Locale.ROOT, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>", kind, x, y,
                HtmlText.escape(text)));
    }

    /** Ends the plot; the legend comes next. */
    void legend() {
        out.append("</svg>\n</div>\n</div>\n<ul class=\"legend\">");
    }

    void entry(int width, String shape, String meaning) {
        out.append(String.format(Locale.ROOT,
                "<li><svg width=\"%d\" height=\"14\" aria-hidden=\"true\">%s</svg> %s</li>", width, shape, meaning));
    }

    void remark(String text) {
        out.append("<li>").append(text).append("</li>");
    }

    void endLegend() {
        out.append("</ul>\n");
    }

    void close() {
        out.append("</figure>\n");
    }
}
