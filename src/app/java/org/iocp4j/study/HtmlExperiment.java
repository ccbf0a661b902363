package org.iocp4j.study;

import java.util.Comparator;
import java.util.List;
import org.iocp4j.html.HtmlText;

/** The section of one experiment: question, verdict, pictures, tables, and the raw evidence, folded. */
final class HtmlExperiment {
    /** Lines of evidence shown; it says how many there are more. */
    static final int MOST_LINES = 250;
    static final int MOST_LINE = 1_000;
    private static final int MOST_OPEN_LINES = 16;
    static final int MOST_PICTURES = 12;
    /** More timelines than these are folded, but for the two that differ most. */
    private static final int OPEN_TIMELINES = 2;

    static final String NOT_YET = "<span class=\"tag todo\">on Windows, not yet run</span>";

    private final StringBuilder out;
    private final Study.Result result;
    private final HtmlChapter chapter;

    private HtmlExperiment(StringBuilder out, Study.Result result) {
        this.out = out;
        this.result = result;
        this.chapter = HtmlChapter.of(result.experiment());
    }

    static void write(StringBuilder out, Study.Result result) {
        new HtmlExperiment(out, result).write();
    }

    /** How what was found on this platform is known. */
    static String tag(Platform platform) {
        return switch (platform) {
            case WINDOWS -> "<span class=\"tag windows\">measured on Windows</span>";
            case WINE -> "<span class=\"tag wine\">measured under Wine</span> " + NOT_YET;
            case SIMULATED -> "<span class=\"tag simulated\">simulated from the documentation</span> " + NOT_YET;
        };
    }

    static String verdict(Verdict verdict) {
        String kind = switch (verdict) {
            case SEEN -> "seen";
            case NOT_SEEN -> "not-seen";
            case WORKS -> "works";
            case FAILS -> "fails";
            case NOT_POSSIBLE -> "not-possible";
        };
        String sign = switch (verdict) {
            case WORKS -> "✓ ";
            case FAILS -> "✗ ";
            default -> "";
        };
        return "<span class=\"verdict " + kind + "\">" + sign + verdict + "</span>";
    }

    /** The verdict of the whole, or how many cures have which. */
    static String verdicts(Study.Result result) {
        if (result.finding() == null) {
            return "<span class=\"verdict failed\">no verdict</span>";
        }
        if (result.finding().verdict() != null) {
            return verdict(result.finding().verdict());
        }
        StringBuilder all = new StringBuilder();
        for (Verdict verdict : Verdict.values()) {
            int count = (int) result.finding().cures().values().stream().filter(verdict::equals).count();
            if (count > 0) {
                all.append(verdict(verdict).replaceFirst("</span>", " " + count + "</span>")).append(' ');
            }
        }
        return all.toString().strip();
    }

    private void write() {
        out.append("<section id=\"").append(anchor(result)).append("\">\n<p class=\"over\">").append(chapter.part())
                .append(" · <code>")
                .append(HtmlText.escape(result.experiment().name())).append("</code></p>\n<h2>")
                .append(HtmlText.escape(chapter.title())).append("</h2>\n");
        if (!chapter.before().isEmpty()) {
            out.append("<p>").append(chapter.before()).append("</p>\n");
        }
        out.append("<blockquote class=\"question\">").append(HtmlText.escape(result.experiment().question()))
                .append("</blockquote>\n<p class=\"answer\">").append(verdicts(result)).append(' ')
                .append(tag(result.platform())).append("</p>\n");
        Finding finding = result.finding();
        if (finding == null) {
            out.append("<div class=\"note\"><p>It came to no verdict: ")
                    .append(HtmlText.escape(HtmlText.capped(String.valueOf(result.failure()), MOST_LINE)))
                    .append("</p></div>\n");
        } else {
            finding(finding);
        }
        out.append("</section>\n");
    }

    /** Its place in the page. */
    static String anchor(Study.Result result) {
        return "experiment-" + result.experiment().name().replaceAll("[^A-Za-z0-9-]", "-");
    }

    private void finding(Finding finding) {
        if (finding.verdict() == Verdict.SEEN && !chapter.ifSeen().isEmpty()) {
            out.append("<p>").append(chapter.ifSeen()).append("</p>\n");
        }
        if (!finding.cures().isEmpty()) {
            out.append("<ul class=\"cures\">\n");
            finding.cures().forEach((cure, verdict) -> out.append("<li><span>").append(HtmlText.escape(cure))
                    .append("</span> ")
                    .append(verdict(verdict)).append("</li>\n"));
            out.append("</ul>\n");
        }
        if (!finding.reason().isEmpty()) {
            out.append("<div class=\"note\">");
            claim("Not possible here", finding.reason(), "");
            if (!finding.documentation().isEmpty()) {
                claim("Windows’ documentation", finding.documentation(), result.platform() == Platform.WINDOWS ? ""
                        : NOT_YET);
            }
            out.append("</div>\n");
        }
        if (!isTold(finding)) {
            evidence(finding.evidence(), true);
        }
        pictures(finding.pictures());
        finding.tables().forEach(table -> HtmlTable.write(out, table, !finding.pictures().isEmpty()));
        if (isTold(finding)) {
            evidence(finding.evidence(), false);
        }
    }

    private void claim(String what, String text, String tag) {
        out.append("<p><strong>").append(what).append(":</strong> ").append(HtmlStory.claim(HtmlText.sentence(text)))
                .append(' ').append(tag).append("</p>\n");
    }

    /** Whether the story says what the experiment shows; if not, its evidence has to, and comes first, unfolded. */
    private boolean isTold(Finding finding) {
        return finding.verdict() == Verdict.SEEN && !chapter.ifSeen().isEmpty() || finding.evidence()
                .size() > MOST_OPEN_LINES;
    }

    /**
     * Of many timelines, the one with fewest and the one with most wrong packets are open: that is where to look first.
     */
    private void pictures(List<Picture> pictures) {
        List<Timeline> timelines = pictures.stream().filter(Timeline.class::isInstance).map(Timeline.class::cast)
                .toList();
        Comparator<Timeline> byWrong = Comparator.comparingDouble(HtmlExperiment::wrongShare);
        Timeline least = timelines.stream().min(byWrong).orElse(null);
        Timeline most = timelines.stream().reduce((a, b) -> byWrong.compare(a, b) >= 0 ? a : b).orElse(null);
        for (int i = 0; i < Math.min(pictures.size(), MOST_PICTURES); i++) {
            String id = anchor(result) + "-" + i;
            if (pictures.get(i) instanceof Timeline timeline && timelines.size() > OPEN_TIMELINES && timeline != least
                    && timeline != most) {
                out.append("<details><summary>").append(HtmlText.escape(HtmlText.sentence(timeline.title())))
                        .append(' ')
                        .append(HtmlTimeline.wrong(timeline)).append(" of ").append(HtmlTimeline.judged(timeline))
                        .append(" packets name the wrong session</summary>\n");
                HtmlPicture.write(out, timeline, id);
                out.append("</details>\n");
            } else {
                HtmlPicture.write(out, pictures.get(i), id);
            }
        }
        if (pictures.size() > MOST_PICTURES) {
            out.append("<p class=\"cut\">").append(HtmlText.count(pictures.size() - MOST_PICTURES, "more picture"))
                    .append(" left out here; <code>--json</code> has all of them.</p>\n");
        }
    }

    private static double wrongShare(Timeline timeline) {
        int judged = HtmlTimeline.judged(timeline);
        return judged == 0 ? 0 : (double) HtmlTimeline.wrong(timeline) / judged;
    }

    private void evidence(List<String> evidence, boolean open) {
        if (evidence.isEmpty()) {
            return;
        }
        out.append(open ? "<details open=\"open\"><summary>What it found: " : "<details><summary>The raw evidence: ")
                .append(HtmlText.count(evidence.size(), "line")).append("</summary>\n<ol class=\"evidence")
                .append(open ? " open" : "").append("\">\n");
        evidence.stream().limit(MOST_LINES).forEach(line -> out.append("<li>")
                .append(HtmlText.escape(HtmlText.capped(line, MOST_LINE))).append("</li>\n"));
        out.append("</ol>\n");
        if (evidence.size() > MOST_LINES) {
            out.append("<p class=\"cut\">").append(HtmlText.count(evidence.size() - MOST_LINES, "more line"))
                    .append(" left out here; <code>--json</code> has all of them.</p>\n");
        }
        out.append("</details>\n");
    }
}
