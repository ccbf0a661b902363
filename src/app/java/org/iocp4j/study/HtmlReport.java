package org.iocp4j.study;

import java.util.List;
import org.iocp4j.html.HtmlPage;
import org.iocp4j.html.HtmlText;

/**
 * The whole study as one page. Experiments that were not run are left out.
 */
public final class HtmlReport {
    private static final String TITLE = "The completion key that stays behind";

    private final StringBuilder out = new StringBuilder(1 << 16);
    private final HtmlRun run;
    private final List<Study.Result> results;

    private HtmlReport(HtmlRun run, List<Study.Result> results) {
        this.run = run;
        this.results = results;
    }

    /** The page. */
    public static String of(HtmlRun run, List<Study.Result> results) {
        return new HtmlReport(run, results).page();
    }

    private String page() {
        out.append("<svg class=\"defs\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" width=\"6\" height=\"6\""
                + " patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><line class=\"hatchline\" x1=\"0\""
                + " y1=\"0\" x2=\"0\""
                + " y2=\"6\"/></pattern></defs></svg>\n");
        head();
        out.append("<main>\n").append(HtmlStory.opening());
        results.forEach(result -> HtmlExperiment.write(out, result));
        out.append(HtmlStory.advice()).append(HtmlStory.known());
        again();
        out.append(
                "</main>\n<footer><p>Made by <code>iocp4j study</code>. The bug was first seen, and its cause found,"
                + " by the"
                + " author of the C++ study “IOCP Echo Server 09 – Socket Pool”.</p></footer>\n");
        return HtmlPage.of(TITLE + " – iocp4j study", out);
    }

    private void head() {
        out.append("<header class=\"top\">\n<p class=\"over\">iocp4j study</p>\n<h1>").append(TITLE).append("</h1>\n"
                + "<p class=\"lead\">A Windows server starts to use its sockets again, and packets arrive for the"
                + " wrong session:"
                + " one that is deleted, or a stranger’s. The cause is one number that stays with the socket when the"
                + " session"
                + " goes. Here it is shown packet by packet, with what helps.</p>\n<dl class=\"facts\">\n");
        run.facts().forEach((name, value) -> {
            boolean code = name.equals("Command");
            out.append("<dt>").append(name).append("</dt><dd>").append(code ? "<code>" : "")
                    .append(HtmlText.escape(value))
                    .append(code ? "</code>" : "");
            out.append(name.equals("System") ? " " + HtmlExperiment.tag(run.platform()) : "").append("</dd>\n");
        });
        out.append("</dl>\n<nav aria-label=\"Contents\"><ol>\n");
        entries(HtmlStory.BEFORE);
        results.forEach(result -> out.append("<li><a href=\"#").append(HtmlExperiment.anchor(result)).append("\">")
                .append(HtmlText.escape(HtmlChapter.of(result.experiment()).title())).append("</a> <span>")
                .append(HtmlExperiment.verdicts(result)).append("</span></li>\n"));
        entries(HtmlStory.AFTER);
        out.append("</ol></nav>\n</header>\n");
    }

    private void entries(String[][] sections) {
        for (String[] section : sections) {
            out.append("<li><a href=\"#").append(section[0]).append("\">").append(section[1]).append("</a></li>\n");
        }
    }

    /** Closes the section on what is known: of this run, and how to make another. */
    private void again() {
        List<String> left = Study.experiments().stream().map(Experiment::name)
                .filter(name -> results.stream().noneMatch(result -> result.experiment().name().equals(name))).toList();
        out.append("<p>What this page shows was ").append(HtmlText.escape(run.platform().known())).append(". ");
        if (!left.isEmpty()) {
            out.append("Not run, and so not here: ").append(HtmlText.escape(String.join(", ", left))).append(". ");
        }
        out.append("To see it happen yourself:</p>\n<pre tabindex=\"0\"><code>").append(HtmlText.escape(run.command()))
                .append("</code></pre>\n</section>\n");
    }
}
