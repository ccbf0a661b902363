package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Experiment EXPERIMENT = new Experiment() {
        @Override
        public String name() {
            return "an-experiment";
        }

        @Override
        public String question() {
            return "word ".repeat(40).strip() + "?";
        }

        @Override
        public Finding run(Lab lab) throws IOException, TimeoutException {
            throw new TimeoutException("never");
        }
    };

    private final Site site = Site.simulated(4);
    private final StringWriter out = new StringWriter();
    private final PrintWriter writer = new PrintWriter(out, true);

    @Test
    void textHasEvidenceTablesAndTheVerdictLast() {
        text(Finding.builder().evidence("%,d packets", 1_000)
                .table(new Table("A table", "key", "a long name").row(1, "x"))
                .verdict(Verdict.SEEN));
        assertThat(out()).startsWith("platform: simulated kernel, seed 4 (simulated from Windows' documentation")
                .contains("== an-experiment ==\nword word ",
                "- 1,000 packets\n\nA table:\nkey  a long name\n---  -----------\n"
                        + "1    x\n")
                .endsWith("verdict: an-experiment: seen\n");
        assertThat(out().lines().filter(line -> line.startsWith("word"))).hasSizeGreaterThan(1)
                .allMatch(line -> line.length() <= 110);
    }

    @Test
    void textSaysWhyItIsNotPossible() {
        text(Finding.builder().because("no such call", "there is one").notPossible());
        assertThat(out()).contains("not possible here: no such call\nWindows' documentation: there is one\n")
                .endsWith("verdict: an-experiment: not possible here\n");
    }

    @Test
    void textSaysWhatFailed() {
        StudyReport report = new TextReport(writer, site);
        report.ended(Study.run(EXPERIMENT, site, state -> { }));
        assertThat(out()).endsWith("no verdict: never\n");
    }

    @Test
    void jsonIsOneLineEach() throws IOException {
        json(new Study.Result(EXPERIMENT, site.platform(), Finding.builder().evidence("a \"line\"")
                .table(new Table("t", "c").row(1)).verdict(Verdict.NOT_SEEN), ""));
        assertThat(out()).hasLineCount(1).startsWith("{\"experiment\":\"an-experiment\",\"question\":\"")
                .contains(
                        "\"platform\":\"simulated\",\"system\":\"simulated kernel, seed 4\",\"known\":\"simulated from"
                        + " ",
                        "\"verdict\":\"not seen\",\"failure\":null,\"reason\":null,\"documentation\":null,"
                                + "\"evidence\":[\"a \\\"line\\\"\"],\"tables\":[{\"title\":\"t\",\"columns\":[\"c\"],"
                                + "\"rows\":[[\"1\"]]}],\"pictures\":[]}");
        parse();
    }

    @Test
    void jsonHasTheNumbersOfEachPicture() throws IOException {
        Timeline timeline = new Timeline("a");
        timeline.association("socket 4", "key 1: the port", true);
        json(new Study.Result(EXPERIMENT, site.platform(), Finding.builder().picture(timeline)
                .picture(new StateChart("b", List.of("now"),
                List.of(new StateChart.Row("n", "d", List.of("ESTAB"), List.of("-")))))
                .picture(new Spread("c", "ms", null, List.of(Spread.Row.of("n", "d", new double[] {2, 1.5}))))
                .verdict(Verdict.SEEN), ""));
        assertThat(out())
                .contains("\"pictures\":[{\"title\":\"a\",\"kind\":\"timeline\",\"events\":1,\"lanes\":[{\"name\":"
                + "\"socket 4\",\"sessions\":[],\"packets\":[],\"associations\":[{\"at\":0,\"what\":\"key 1: the"
                + " port\",\"done\":true}]}]},"
                + "{\"title\":\"b\",\"kind\":\"states\",\"looks\":[\"now\"],"
                + "\"rows\":[{\"name\":\"n\",\"detail\":\"d\",\"server\":[\"ESTAB\"],"
                + "\"client\":[\"-\"]}]},{\"title\":\"c\",\"kind\":\"spread\","
                + "\"unit\":\"ms\",\"reference\":null,\"rows\":[{\"name\":\"n\","
                + "\"detail\":\"d\",\"values\":[1.5,2.0]}]}]}");
        parse();
    }

    @Test
    void jsonHasAVerdictForEachCure() throws IOException {
        json(new Study.Result(EXPERIMENT, site.platform(), Finding.builder().cures(Map.of("re-key", Verdict.WORKS)),
                ""));
        assertThat(out()).contains("\"verdict\":{\"re-key\":\"works\"}");
        parse();
    }

    @Test
    void jsonOfAFailureHasNoVerdict() throws IOException {
        json(Study.run(EXPERIMENT, site, state -> { }));
        assertThat(out()).contains("\"verdict\":null,\"failure\":\"never\"", "\"evidence\":[]");
        parse();
    }

    /** The command line's own stream makes every line end in \n; here it is the platform's. */
    private String out() {
        return out.toString().replace("\r\n", "\n");
    }

    private void text(Finding finding) {
        StudyReport report = new TextReport(writer, site);
        report.starts(EXPERIMENT);
        report.ended(new Study.Result(EXPERIMENT, site.platform(), finding, ""));
    }

    private void json(Study.Result result) {
        StudyReport report = new JsonReport(writer, site);
        report.starts(EXPERIMENT);
        report.ended(result);
    }

    private void parse() throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(out.toString())) {
            while (parser.nextToken() != null) {
                assertThat(parser.currentToken()).isNotNull();
            }
        }
    }
}
