package org.iocp4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.iocp4j.study.Timeline.Bar;
import org.iocp4j.study.Timeline.Dot;
import org.iocp4j.study.Timeline.Lane;

/**
 * A timeline as a picture: SVG in the page, coloured by its style sheet, so that it is right on light and on dark. What is
 * wrong is red, and a diamond instead of a dot, and its session's bar is hatched.
 */
final class HtmlTimeline {
    static final int MOST_LANES = 24;
    static final int MOST_EVENTS = 400;

    private static final int LANE = 52;
    private static final int TOP = 6;
    private static final int BAR_TOP = 18;
    private static final int BAR = 20;
    private static final int BUS = 8;
    private static final int MARGIN = 10;
    /** What a picture may be wide without scrolling on a desktop. */
    private static final int PLOT = 880;
    private static final double LETTER = 6.3;

    private final Timeline timeline;
    private final String id;
    private final List<Lane> lanes;
    private final int events;
    private final int step;
    private final boolean keysAreSessions;
    private final StringBuilder out;

    private HtmlTimeline(StringBuilder out, Timeline timeline, String id) {
        this.out = out;
        this.timeline = timeline;
        this.id = id;
        lanes = timeline.lanes().stream().limit(MOST_LANES).toList();
        events = Math.min(timeline.events(), MOST_EVENTS);
        step = Math.clamp(PLOT / (events + 2), events <= 200 ? 12 : 9, 60);
        keysAreSessions = keysAreSessions(timeline);
    }

    /** Whether a right key is the number of its session: then a wrong one says whose it is. */
    private static boolean keysAreSessions(Timeline timeline) {
        List<Dot> right = timeline.lanes().stream().flatMap(l -> l.packets().stream())
                .filter(dot -> Boolean.TRUE.equals(dot.right())).toList();
        return !right.isEmpty() && right.stream().allMatch(dot -> dot.key() == dot.session());
    }

    /** How many packets name a wrong session. */
    static int wrong(Timeline timeline) {
        return (int) dots(timeline).stream().filter(HtmlTimeline::isWrong).count();
    }

    /** How many packets name a session, right or wrong. */
    static int judged(Timeline timeline) {
        return (int) dots(timeline).stream().filter(dot -> dot.right() != null).count();
    }

    private static List<Dot> dots(Timeline timeline) {
        return timeline.lanes().stream().flatMap(l -> l.packets().stream()).toList();
    }

    private static boolean isWrong(Dot dot) {
        return Boolean.FALSE.equals(dot.right());
    }

    /** @param id of its own in the page */
    static void write(StringBuilder out, Timeline timeline, String id) {
        new HtmlTimeline(out, timeline, id).write();
    }

    private void write() {
        int labels = lanes.stream().mapToInt(l -> Math.max(l.name().length(), keys(l).length())).max().orElse(0);
        int labelWidth = Math.min(150, (int) (labels * 7.0) + 10);
        int height = TOP + lanes.size() * LANE + 4;
        int width = 2 * MARGIN + (events + 1) * step;
        out.append("<figure class=\"wide\">\n<figcaption>").append(HtmlText.escape(HtmlText.sentence(timeline.title())))
                .append(' ').append(summary()).append("</figcaption>\n<div class=\"timeline\">\n");
        out.append(String.format("<svg class=\"lanes\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">\n", labelWidth, height));
        for (int i = 0; i < lanes.size(); i++) {
            int y = TOP + i * LANE + BAR_TOP;
            text("lane", 0, y + 8, HtmlText.capped(lanes.get(i).name(), 20));
            text("key", 0, y + 23, keys(lanes.get(i)));
        }
        out.append("</svg>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Picture: ")
                .append(HtmlText.escape(timeline.title())).append("\">\n");
        out.append(String.format("<svg class=\"plot\" width=\"%d\" height=\"%d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">"
                + "<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n", width, height, id, id, id,
                HtmlText.escape(timeline.title()), id, description()));
        for (int i = 0; i < lanes.size(); i++) {
            lane(lanes.get(i), TOP + i * LANE);
        }
        out.append("</svg>\n</div>\n</div>\n");
        legend();
        cut();
        out.append("</figure>\n");
    }

    private String summary() {
        int judged = judged(timeline);
        if (judged == 0) {
            return "";
        }
        int wrong = wrong(timeline);
        return wrong == 0 ? "All " + HtmlText.count(judged, "packet") + " name the right session."
                : "<strong>" + (wrong == judged && judged > 1 ? "All " + judged : wrong + " of " + judged)
                + "</strong> packets name the wrong session.";
    }

    private String description() {
        int bars = timeline.lanes().stream().mapToInt(l -> l.bars().size()).sum();
        String perLane = lanes.stream().map(l -> l.name() + ": " + HtmlText.count(l.bars().size(), "session") + ", "
                + HtmlText.count(l.packets().size(), "packet") + ", "
                + l.packets().stream().filter(HtmlTimeline::isWrong).count() + " wrong").collect(Collectors.joining("; "));
        return HtmlText.escape("In the order of events, from left to right: " + HtmlText.count(timeline.lanes().size(), "socket")
                + ", " + HtmlText.count(bars, "session") + ", " + HtmlText.count(dots(timeline).size(), "packet") + ", of which "
                + wrong(timeline) + " name the wrong session. " + perLane + ".");
    }

    /** What the packets of the socket carry, the listener's key aside. */
    private static String keys(Lane lane) {
        List<String> keys = lane.packets().stream().filter(dot -> dot.right() != null).map(dot -> number(dot.key()))
                .distinct().toList();
        return switch (keys.size()) {
            case 0 -> "";
            case 1 -> "key " + keys.getFirst();
            case 2, 3 -> "keys " + String.join(", ", keys);
            default -> "keys vary";
        };
    }

    /** As the evidence writes it: a key with parts in hexadecimal. */
    private static String number(long key) {
        return key > 0xFFFF || key < 0 ? "0x" + Long.toHexString(key).toUpperCase(Locale.ROOT) : Long.toString(key);
    }

    private int x(int event) {
        return MARGIN + Math.min(event, events) * step;
    }

    private void lane(Lane of, int y) {
        int top = y + BAR_TOP;
        int middle = top + BAR / 2;
        out.append(String.format("<line class=\"rail\" x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", middle,
                2 * MARGIN + (events + 1) * step, middle));
        List<Dot> dots = of.packets().stream().filter(dot -> dot.at() < events).toList();
        for (Bar bar : of.bars()) {
            if (bar.from() < events) {
                bar(bar, dots, y, top);
            }
        }
        for (Dot dot : dots) {
            connector(dot, of, top);
        }
        bus(of, dots, top + BAR);
        dots.forEach(dot -> dot(dot, middle));
    }

    private void bar(Bar bar, List<Dot> dots, int y, int top) {
        boolean wrong = dots.stream().anyMatch(dot -> isWrong(dot) && within(bar, dot));
        int left = x(bar.from());
        int width = Math.max(x(bar.to()) - left, step / 2);
        String at = String.format("x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"", left, top, width, BAR);
        String name = "session " + bar.session();
        out.append("<rect class=\"bar\" ").append(at).append("><title>").append(name).append(", generation ")
                .append(bar.generation()).append(" of the socket</title></rect>");
        if (wrong) {
            out.append("<rect class=\"wrongbar\" ").append(at).append(" fill=\"url(#hatch)\"/>");
        }
        String full = name + ", generation " + bar.generation();
        for (String label : List.of(full, name + ", gen. " + bar.generation(), name, Long.toString(bar.session()))) {
            if (label.length() * LETTER <= width + 4) {
                text("session", left + 1, y + 11, label);
                break;
            }
        }
        out.append('\n');
    }

    private static boolean within(Bar bar, Dot dot) {
        return bar.from() <= dot.at() && dot.at() <= bar.to();
    }

    /** From a packet that came after its session, back to that session. */
    private void connector(Dot dot, Lane of, int top) {
        Bar now = of.bars().stream().filter(bar -> within(bar, dot)).findFirst().orElse(null);
        Bar own = of.bars().stream().filter(bar -> bar.session() == dot.session()).findFirst().orElse(null);
        if (own == null || own == now || own.to() > dot.at()) {
            return;
        }
        int from = x(dot.at());
        int to = (x(own.from()) + x(own.to())) / 2;
        out.append(String.format("<path class=\"posted\" d=\"M%d %d V%d H%d V%d\"/>\n", from, top + BAR / 2, top - 2, to, top));
    }

    /** One line from all wrong packets of a socket to the session that their key names, if it is on this socket. */
    private void bus(Lane of, List<Dot> dots, int bottom) {
        if (!keysAreSessions) {
            return;
        }
        for (Bar named : of.bars()) {
            List<Dot> wrong = new ArrayList<>();
            for (Bar bar : of.bars()) {
                dots.stream().filter(dot -> isWrong(dot) && dot.key() == named.session() && within(bar, dot)).findFirst()
                        .ifPresent(wrong::add);
            }
            if (wrong.isEmpty()) {
                continue;
            }
            int end = (x(named.from()) + x(named.to())) / 2;
            int low = bottom + BUS;
            out.append(String.format("<path class=\"names\" d=\"M%d %d H%d V%d m-3 4 l3 -4 l3 4\"/>", x(wrong.getLast().at()), low,
                    end, bottom + 2));
            wrong.forEach(dot -> out.append(String.format("<path class=\"names\" d=\"M%d %d V%d\"/>", x(dot.at()), bottom - 5,
                    low)));
            out.append('\n');
        }
    }

    private void dot(Dot dot, int y) {
        int x = x(dot.at());
        double r = step > 15 ? 5 : 4;
        String judgement = dot.right() == null ? " (the key names no session)" : dot.right() ? "" : ": WRONG";
        String title = String.format("<title>%s: key %s, posted by session %d%s</title>", dot.operation(), number(dot.key()),
                dot.session(), judgement);
        if (isWrong(dot)) {
            double d = r + 1.2;
            out.append(String.format(Locale.ROOT,
                    "<path class=\"wrong\" d=\"M%d %.1f L%.1f %d L%d %.1f L%.1f %d Z\">%s</path>", x, y - d, x + d, y, x, y + d, x - d, y, title));
        } else {
            out.append(String.format(Locale.ROOT, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%.1f\">%s</circle>",
                    dot.right() == null ? "neutral" : "right", x, y, r, title));
        }
        out.append('\n');
    }

    private void text(String kind, int x, int y, String text) {
        out.append(String.format("<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>", kind, x, y, HtmlText.escape(text)));
    }

    /** Of what is in this picture, and nothing else. */
    private void legend() {
        List<Dot> dots = dots(timeline);
        out.append("<ul class=\"legend\"><li><svg width=\"26\" height=\"14\" aria-hidden=\"true\"><rect class=\"bar\" x=\"1\" y=\"1\""
                + " width=\"24\" height=\"12\" rx=\"3\"/></svg> a session has the socket</li>");
        if (dots.stream().anyMatch(dot -> Boolean.TRUE.equals(dot.right()))) {
            entry("<circle class=\"right\" cx=\"7\" cy=\"7\" r=\"5\"/>", "packet, key names its session");
        }
        if (dots.stream().anyMatch(HtmlTimeline::isWrong)) {
            entry("<path class=\"wrong\" d=\"M7 1 L13 7 L7 13 L1 7 Z\"/>", "packet, key names the wrong session");
            if (keysAreSessions) {
                entry("<path class=\"names\" d=\"M13 12 H4 V3 m-3 4 l3 -4 l3 4\"/>", "the session that the key names");
            }
        }
        if (dots.stream().anyMatch(dot -> dot.right() == null)) {
            entry("<circle class=\"neutral\" cx=\"7\" cy=\"7\" r=\"5\"/>",
                    "packet, key names no session (AcceptEx: the listener's key)");
        }
        if (out.lastIndexOf("class=\"posted\"") > out.lastIndexOf("<figure")) {
            entry("<path class=\"posted\" d=\"M13 12 V3 H1\"/>", "the session that posted it");
        }
        out.append("<li>left to right: order, not duration</li></ul>\n");
    }

    private void entry(String shape, String meaning) {
        out.append("<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\">").append(shape).append("</svg> ").append(meaning)
                .append("</li>");
    }

    private void cut() {
        List<String> cuts = new ArrayList<>();
        if (timeline.lanes().size() > lanes.size()) {
            cuts.add("the first " + lanes.size() + " of " + timeline.lanes().size() + " sockets");
        }
        if (timeline.events() > events) {
            cuts.add("the first " + events + " of " + timeline.events() + " events");
        }
        if (!cuts.isEmpty()) {
            out.append("<p class=\"cut\">Shown are ").append(String.join(", ", cuts))
                    .append("; <code>--json</code> has all of them.</p>\n");
        }
    }
}
