package org.iocp4j.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.iocp4j.html.HtmlText;
import org.iocp4j.study.HtmlPicture.Label;
import org.iocp4j.study.Timeline.Association;
import org.iocp4j.study.Timeline.Bar;
import org.iocp4j.study.Timeline.Dot;
import org.iocp4j.study.Timeline.Lane;

/** A timeline as a picture. What is wrong is red, and a diamond instead of a dot, and its session's bar is hatched. */
final class HtmlTimeline {
    static final int MOST_LANES = 24;
    static final int MOST_EVENTS = 400;

    private static final int LANE = 52;
    private static final int TOP = 6;
    private static final int BAR_TOP = 18;
    private static final int BAR = 20;
    private static final int BUS = 8;
    private static final double LETTER = 6.3;

    private final Timeline timeline;
    private final String id;
    private final List<Lane> lanes;
    private final int events;
    private final int step;
    private HtmlPicture frame;
    private final StringBuilder out;

    private HtmlTimeline(StringBuilder out, Timeline timeline, String id) {
        this.out = out;
        this.timeline = timeline;
        this.id = id;
        lanes = timeline.lanes().stream().limit(MOST_LANES).toList();
        events = Math.min(timeline.events(), MOST_EVENTS);
        step = Math.clamp(HtmlPicture.PLOT / (events + 2), events <= 200 ? 12 : 9, 60);
    }

    /** Whether a right key is the number of its session: then a wrong one says whose it is. */
    private static boolean keysAreSessions(Lane lane) {
        List<Dot> right = lane.packets().stream().filter(dot -> Boolean.TRUE.equals(dot.right())).toList();
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
        List<Label> labels = new ArrayList<>();
        for (int i = 0; i < lanes.size(); i++) {
            labels.add(new Label(TOP + i * LANE + BAR_TOP + 8, lanes.get(i).name(), keys(lanes.get(i))));
        }
        frame = HtmlPicture.open(out, timeline, id, summary(), description(), labels,
                2 * HtmlPicture.MARGIN + (events + 1) * step, TOP + lanes.size() * LANE + 4);
        for (int i = 0; i < lanes.size(); i++) {
            lane(lanes.get(i), TOP + i * LANE);
        }
        legend();
        cut();
        frame.close();
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
                + l.packets().stream().filter(HtmlTimeline::isWrong).count() + " wrong")
                .collect(Collectors.joining("; "));
        return "In the order of events, from left to right: " + HtmlText.count(timeline.lanes().size(), "socket")
                + ", " + HtmlText.count(bars, "session") + ", " + HtmlText.count(dots(timeline).size(), "packet")
                + ", of which "
                + wrong(timeline) + " name the wrong session. " + perLane + ".";
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
        return HtmlPicture.MARGIN + Math.min(event, events) * step;
    }

    private void lane(Lane of, int y) {
        int top = y + BAR_TOP;
        int middle = top + BAR / 2;
        out.append(String.format(Locale.ROOT, "<line class=\"rail\" x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", middle,
                2 * HtmlPicture.MARGIN + (events + 1) * step, middle));
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
        of.associations().stream().filter(association -> association.at() < events)
                .forEach(association -> association(association, middle));
    }

    private void bar(Bar bar, List<Dot> dots, int y, int top) {
        boolean wrong = dots.stream().anyMatch(dot -> isWrong(dot) && within(bar, dot));
        int left = x(bar.from());
        int width = Math.max(x(bar.to()) - left, step / 2);
        String at = String.format(Locale.ROOT, "x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"", left, top,
                width, BAR);
        String name = "session " + bar.session();
        out.append("<rect class=\"bar\" ").append(at).append("><title>").append(name).append(", generation ")
                .append(bar.generation()).append(" of the socket</title></rect>");
        if (wrong) {
            out.append("<rect class=\"wrongbar\" ").append(at).append(" fill=\"url(#hatch)\"/>");
        }
        String full = name + ", generation " + bar.generation();
        for (String label : List.of(full, name + ", gen. " + bar.generation(), name, Long.toString(bar.session()))) {
            if (label.length() * LETTER <= width + 4) {
                frame.text("session", left + 1, y + 11, label);
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
        out.append(String.format(Locale.ROOT, "<path class=\"posted\" d=\"M%d %d V%d H%d V%d\"/>\n", from,
                top + BAR / 2, top - 2, to, top));
    }

    /** One line from all wrong packets of a socket to the session that their key names, if it is on this socket. */
    private void bus(Lane of, List<Dot> dots, int bottom) {
        if (!keysAreSessions(of)) {
            return;
        }
        for (Bar named : of.bars()) {
            List<Dot> wrong = new ArrayList<>();
            for (Bar bar : of.bars()) {
                dots.stream().filter(dot -> isWrong(dot) && dot.key() == named.session() && within(bar, dot))
                        .findFirst()
                        .ifPresent(wrong::add);
            }
            if (wrong.isEmpty()) {
                continue;
            }
            int end = (x(named.from()) + x(named.to())) / 2;
            int low = bottom + BUS;
            out.append(String.format(Locale.ROOT, "<path class=\"names\" d=\"M%d %d H%d V%d m-3 4 l3 -4 l3 4\"/>",
                    x(wrong.getLast().at()), low, end, bottom + 2));
            wrong.forEach(dot ->
                    out.append(String.format(Locale.ROOT, "<path class=\"names\" d=\"M%d %d V%d\"/>", x(dot.at()),
                    bottom - 5, low)));
            out.append('\n');
        }
    }

    private void dot(Dot dot, int y) {
        int x = x(dot.at());
        double r = step > 15 ? 5 : 4;
        String judgement = dot.right() == null ? " (names no session)" : dot.right() ? "" : ": WRONG";
        String title = String.format(Locale.ROOT, "<title>%s: key %s, posted by session %d%s</title>", dot.operation(),
                number(dot.key()), dot.session(), judgement);
        if (isWrong(dot)) {
            double d = r + 1.2;
            out.append(String.format(Locale.ROOT,
                    "<path class=\"wrong\" d=\"M%d %.1f L%.1f %d L%d %.1f L%.1f %d Z\">%s</path>", x, y - d, x + d, y,
                    x, y + d, x - d, y, title));
        } else {
            out.append(String.format(Locale.ROOT, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"%.1f\">%s</circle>",
                    dot.right() == null ? "neutral" : "right", x, y, r, title));
        }
        out.append('\n');
    }

    private void association(Association association, int y) {
        int x = x(association.at());
        out.append(String.format(Locale.ROOT,
                "<path class=\"%s\" d=\"%s\"><title>CreateIoCompletionPort, %s</title></path>\n",
                association.done() ? "tied" : "refused", association.done() ? tick(x, y) : cross(x, y),
                HtmlText.escape(association.what())));
    }

    private static String tick(int x, int y) {
        return String.format(Locale.ROOT, "M%d %d L%d %d L%d %d", x - 5, y, x - 1, y + 4, x + 5, y - 5);
    }

    private static String cross(int x, int y) {
        return String.format(Locale.ROOT, "M%d %d L%d %d M%d %d L%d %d", x - 4, y - 4, x + 4, y + 4, x - 4, y + 4,
                x + 4, y - 4);
    }

    /** Of what is in this picture, and nothing else. */
    private void legend() {
        List<Dot> dots = dots(timeline);
        List<Association> associations = timeline.lanes().stream().flatMap(l -> l.associations().stream()).toList();
        boolean isBack = out.lastIndexOf("class=\"posted\"") > out.lastIndexOf("<figure");
        frame.legend();
        frame.entry(26, "<rect class=\"bar\" x=\"1\" y=\"1\" width=\"24\" height=\"12\" rx=\"3\"/>",
                "a session has the socket");
        if (dots.stream().anyMatch(dot -> Boolean.TRUE.equals(dot.right()))) {
            frame.entry(14, "<circle class=\"right\" cx=\"7\" cy=\"7\" r=\"5\"/>", "packet that names its own session");
        }
        if (dots.stream().anyMatch(HtmlTimeline::isWrong)) {
            frame.entry(14, "<path class=\"wrong\" d=\"M7 1 L13 7 L7 13 L1 7 Z\"/>",
                    "packet that names the wrong session");
            if (lanes.stream()
                    .anyMatch(l -> keysAreSessions(l) && l.packets().stream().anyMatch(HtmlTimeline::isWrong))) {
                frame.entry(14, "<path class=\"names\" d=\"M13 12 H4 V3 m-3 4 l3 -4 l3 4\"/>",
                        "the session that the key names");
            }
        }
        if (dots.stream().anyMatch(dot -> dot.right() == null)) {
            frame.entry(14, "<circle class=\"neutral\" cx=\"7\" cy=\"7\" r=\"5\"/>",
                    "packet that names no session (AcceptEx: the listener's key)");
        }
        if (isBack) {
            frame.entry(14, "<path class=\"posted\" d=\"M13 12 V3 H1\"/>", "the session that posted it");
        }
        if (associations.stream().anyMatch(Association::done)) {
            frame.entry(14, "<path class=\"tied\" d=\"" + tick(7, 7) + "\"/>", "CreateIoCompletionPort, done");
        }
        if (associations.stream().anyMatch(association -> !association.done())) {
            frame.entry(14, "<path class=\"refused\" d=\"" + cross(7, 7) + "\"/>", "CreateIoCompletionPort, refused");
        }
        frame.remark("left to right: order, not duration");
        frame.endLegend();
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
