package org.iocp4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Pages for tests, and findings for them. */
final class HtmlPages {
    static final String HOSTILE =
            "</style><script>alert('x')</script> & \"quoted\" ]]> <!-- \u0000\u001B[31m \uD800 {todo} &amp; x";

    private static final HtmlRun RUN = new HtmlRun("simulated kernel, seed 1", Platform.SIMULATED, "2 processors",
            "a JDK",
            "2026-01-02 03:04 UTC", "./iocp4j study --simulated --html study.html");

    private record Named(String name, String question) implements Experiment {
        @Override
        public Finding run(Lab lab) {
            throw new UnsupportedOperationException();
        }
    }

    private HtmlPages() {
    }

    static String page(Study.Result... results) {
        return HtmlReport.of(RUN, List.of(results));
    }

    static Study.Result result(String name, String question, Platform platform, Finding finding) {
        return new Study.Result(new Named(name, question), platform, finding, "");
    }

    static Study.Result failed(String name, String failure) {
        return new Study.Result(new Named(name, "Why?"), Platform.WINE, null, failure);
    }

    /** The experiments with pictures, as they run on the simulated kernel, and one with a cure of each verdict. */
    static List<Study.Result> simulated() {
        List<Study.Result> results = new ArrayList<>();
        for (Experiment experiment : List.of(new WrongSession(200), new KeyAndOverlapped(), new SecondAssociation(),
                new LatePackets(), new TimeWait())) {
            results.add(Study.run(experiment, Site.simulated(1), state -> { }));
        }
        Finding.Builder withPictures = Finding.builder().evidence("a line").because("no call", "a call");
        Study.run(new Cures(), Site.simulated(1), state -> { }).finding().pictures().forEach(withPictures::picture);
        withPictures.picture(new Spread("ratios", "", 1.0,
                List.of(Spread.Row.of("a", "b", new double[] {0.5, 1.1, 2.5}))));
        Map<String, Verdict> cures = new LinkedHashMap<>();
        for (Verdict verdict : Verdict.values()) {
            cures.put("cure-" + verdict.name(), verdict);
        }
        results.add(result("cures", "Which?", Platform.WINE, withPictures.cures(cures)));
        return results;
    }

    /** One that tries to burst the page: long words, many columns, many rows, many lines. */
    static Study.Result wide() {
        String word = "ERROR_WITHOUT_ANY_END".repeat(20);
        Table table = new Table(word, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", word);
        for (int i = 0; i < HtmlTable.MOST_ROWS + 3; i++) {
            table.row(i, word, HOSTILE, "yes", "NO", "-", 1.5, "12 %", "x y ".repeat(40), word, word);
        }
        Finding.Builder finding = Finding.builder().table(table).because(word, word);
        for (int i = 0; i < HtmlExperiment.MOST_LINES + 2; i++) {
            finding.evidence("%s", i == 0 ? word.repeat(20) : word);
        }
        return result("wide-" + word, word + "?", Platform.WINE, finding.verdict(Verdict.NOT_SEEN));
    }
}
