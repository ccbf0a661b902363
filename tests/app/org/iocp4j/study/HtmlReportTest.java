package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

@Timeout(120)
class HtmlReportTest {
    @Test
    void isWellFormedWithEachIdOnceAndNoLinkToNowhere() throws Exception {
        Document page = parse(allPage());
        Set<String> ids = new HashSet<>();
        elements(page, "*").forEach(element -> {
            if (element.hasAttribute("id")) {
                assertThat(ids.add(element.getAttribute("id"))).as(element.getAttribute("id")).isTrue();
            }
        });
        assertThat(elements(page, "a")).isNotEmpty()
                .allSatisfy(a -> assertThat(ids).contains(a.getAttribute("href").substring(1)));
        assertThat(elements(page, "svg").stream().filter(svg -> svg.hasAttribute("aria-labelledby")))
                .hasSizeGreaterThan(5)
                .allSatisfy(svg -> assertThat(ids).contains(svg.getAttribute("aria-labelledby").split(" ")));
    }

    @Test
    void isTheSameWhereNumbersHaveOtherDigits() {
        Locale before = Locale.getDefault();
        String page = allPage();
        Locale.setDefault(Locale.forLanguageTag("fa-IR-u-nu-arabext"));
        try {
            assertThat(allPage()).isEqualTo(page);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void needsNothingFromAnywhere() throws Exception {
        String html = allPage();
        assertThat(html).doesNotContain("http:", "https:", "@import", "<script", "//cdn");
        Document page = parse(html);
        for (String fetching : List.of("script", "img", "iframe", "object", "embed", "audio", "video", "image", "use",
                "base")) {
            assertThat(elements(page, fetching)).as(fetching).isEmpty();
        }
        assertThat(elements(page, "link")).singleElement().satisfies(icon -> // so that no browser asks for favicon.ico
                assertThat(icon.getAttribute("href")).isEqualTo("data:,"));
        assertThat(html.replace("url(#hatch)", "")).doesNotContain("url(");
    }

    @Test
    void hasEachExperimentWithItsQuestionAndVerdict() throws Exception {
        Document page = parse(allPage());
        List<Study.Result> results = HtmlPages.simulated();
        assertThat(results).allSatisfy(result -> {
            Element section = section(page, HtmlExperiment.anchor(result));
            assertThat(text(section)).contains(result.experiment().question());
            List<String> verdicts = elements(section, "span").stream()
                    .filter(span -> span.getAttribute("class").startsWith("verdict")).map(HtmlReportTest::text)
                    .toList();
            assertThat(result.verdicts()).isNotEmpty();
            result.verdicts().values().forEach(verdict ->
                    assertThat(verdicts).anyMatch(shown -> shown.endsWith(verdict.toString())));
            assertThat(text(section)).contains("on Windows, not yet run");
        });
        assertThat(text(section(page, "experiment-cures"))).contains("measured under Wine", "No call.", "A call.");
        assertThat(text(section(page, "experiment-late-packets"))).contains("simulated from the documentation");
    }

    @Test
    void saysWhatHasNotBeenSeenNowhere() {
        String told = HtmlChapter.all().getFirst().ifSeen();
        assertThat(HtmlPages.page(HtmlPages.result("wrong-session", "Q?", Platform.WINE,
                Finding.builder().verdict(Verdict.SEEN)))).contains(told);
        assertThat(HtmlPages.page(HtmlPages.result("wrong-session", "Q?", Platform.WINE,
                Finding.builder().verdict(Verdict.NOT_SEEN)))).doesNotContain(told);
    }

    @Test
    void isWholeWithOneExperimentOrNone() throws Exception {
        Document one = parse(HtmlPages.page(HtmlPages.failed("second-association", "CreateIoCompletionPort: <87>")));
        assertThat(text(section(one, "experiment-second-association")))
                .contains("no verdict", "CreateIoCompletionPort: <87>");
        assertThat(text(section(one, "known")))
                .contains("Not run, and so not here: wrong-session, key-and-overlapped, late-");
        Document none = parse(HtmlPages.page());
        assertThat(elements(none, "section")).hasSize(5);
    }

    @Test
    void everyExperimentHasAChapter() {
        assertThat(Study.experiments()).allSatisfy(experiment ->
                assertThat(HtmlChapter.all()).extracting(HtmlChapter::name).contains(experiment.name()));
    }

    @Test
    void showsHostileTextAsText() throws Exception {
        String hostile = HtmlPages.HOSTILE;
        Finding finding = Finding.builder().evidence("%s", hostile).table(new Table(hostile, hostile).row(hostile))
                .picture(new Timeline(hostile)).picture(new StateChart(hostile, List.of(hostile),
                        List.of(new StateChart.Row(hostile, hostile, List.of(hostile), List.of(hostile)))))
                .picture(new Spread(hostile, hostile, 1.0,
                List.of(Spread.Row.of(hostile, hostile, new double[] {1, 2}))))
                .because(hostile, hostile).notPossible();
        String html = HtmlReport.of(new HtmlRun(hostile, Platform.WINE, hostile, hostile, hostile, hostile),
                List.of(HtmlPages.result(hostile, hostile, Platform.WINE, finding), HtmlPages.failed("x", hostile)));
        assertThat(html).doesNotContain("<script", "\u0000", "\u001B");
        String shown =
                "</style><script>alert('x')</script> & \"quoted\" ]]> <!-- \uFFFD\uFFFD[31m \uFFFD {todo} &amp; x";
        Document page = parse(html);
        assertThat(text(page.getDocumentElement()).split(Pattern.quote(shown), -1)).hasSizeGreaterThan(12);
        assertThat(elements(page, "style")).hasSize(1);
    }

    @Test
    void saysWhatItLeavesOut() throws Exception {
        Document page = parse(HtmlPages.page(HtmlPages.wide()));
        assertThat(elements(page, "tr")).hasSize(HtmlTable.MOST_ROWS + 1);
        assertThat(elements(page, "p").stream().filter(p -> p.getAttribute("class").equals("cut"))
                .map(HtmlReportTest::text))
                .containsExactly("3 more rows left out here; --json has all of them.",
                        "2 more lines left out here; --json has all of them.");
        assertThat(text(page.getDocumentElement())).contains("… (7,400 more characters)");
    }

    @Test
    void drawsEachPacketOnceAndTheWrongOnesAsDiamonds() throws Exception {
        Study.Result result = HtmlPages.simulated().get(1);
        Document page = parse(HtmlPages.page(result));
        Element section = section(page, "experiment-key-and-overlapped");
        Element plot = elements(section, "svg").stream().filter(svg -> svg.getAttribute("class").equals("plot"))
                .findFirst()
                .orElseThrow();
        assertThat(elements(plot, "rect").stream().filter(r -> r.getAttribute("class").equals("bar"))).hasSize(6);
        assertThat(elements(plot, "circle").stream().filter(c -> c.getAttribute("class").equals("right"))).hasSize(8);
        assertThat(elements(plot, "circle").stream().filter(c -> c.getAttribute("class").equals("neutral"))).hasSize(6);
        List<Element> wrong = elements(plot, "path").stream().filter(p -> p.getAttribute("class").equals("wrong"))
                .toList();
        assertThat(wrong).hasSize(16).allSatisfy(p -> assertThat(text(p)).endsWith("WRONG"));
        assertThat(text(elements(plot, "desc").getFirst()))
                .contains("2 sockets, 6 sessions, 30 packets, of which 16 name the wrong");
        assertThat(text(section)).contains("16 of 24 packets name the wrong session.");
    }

    @Test
    void drawsStatesAsBarsAndEachValueAsADot() throws Exception {
        StateChart.Row row = new StateChart.Row("DisconnectEx", "linger off",
                List.of("ESTAB", "TIME_WAIT", "TIME_WAIT"),
                List.of("ESTAB", "CLOSE_WAIT", "-"));
        Document page = parse(HtmlPages.page(HtmlPages.result("time-wait", "Q?", Platform.WINE, Finding.builder()
                .picture(new StateChart("states", List.of("connected", "closed", "later"), List.of(row)))
                .picture(new Spread("values", "ms", null, List.of(Spread.Row.of("a", "", new double[] {0, 1, 30}))))
                .verdict(Verdict.SEEN))));
        List<Element> plots = elements(page, "svg").stream().filter(svg -> svg.getAttribute("class").equals("plot"))
                .skip(1).toList();
        assertThat(elements(plots.getFirst(), "rect")).extracting(rect -> rect.getAttribute("class"))
                .containsExactly("bar", "waiting", "bar", "half");
        List<Element> bars = elements(plots.getFirst(), "rect");
        assertThat(Integer.parseInt(bars.get(1).getAttribute("width")))
                .isGreaterThan(2 * Integer.parseInt(bars.get(0).getAttribute("width")));
        assertThat(elements(plots.getLast(), "circle")).extracting(dot -> Integer.valueOf(dot.getAttribute("cx")))
                .hasSize(3).isSorted();
        assertThat(text(plots.getLast())).contains("≤ 0.01", "1.00 (0.00 to 30.00) ms");
    }

    private static String allPage() {
        return HtmlPages.page(HtmlPages.simulated().toArray(Study.Result[]::new));
    }

    private static Document parse(String html) throws ParserConfigurationException, IOException, SAXException {
        assertThat(html).startsWith("<!DOCTYPE html>\n").endsWith("</html>\n");
        return DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));
    }

    private static Element section(Document page, String id) {
        return elements(page, "section").stream().filter(section -> section.getAttribute("id").equals(id)).findFirst()
                .orElseThrow();
    }

    private static List<Element> elements(Document page, String name) {
        return elements(page.getDocumentElement(), name);
    }

    private static List<Element> elements(Element in, String name) {
        NodeList nodes = in.getElementsByTagName(name);
        return IntStream.range(0, nodes.getLength()).mapToObj(i -> (Element) nodes.item(i)).toList();
    }

    private static String text(Element element) {
        return element.getTextContent();
    }
}
