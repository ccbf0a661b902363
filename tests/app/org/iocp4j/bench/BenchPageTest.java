package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class BenchPageTest {
    private final String page = page();

    private static String page() {
        return BenchPage.of("a <machine> & another", "./iocp4j bench --servers \"c,iocp4j\"",
                List.of(Results.bare(), Results.full()), List.of(Results.leftOut()));
    }

    @Test
    void isWellFormedAndHasAPlotOfRatiosOneOfLatenciesAndATableForEachLoad() throws Exception {
        Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new InputSource(new StringReader(page.replace("<!DOCTYPE html>\n", ""))));
        assertThat(document.getElementsByTagName("section").getLength()).isEqualTo(2);
        assertThat(document.getElementsByTagName("svg").getLength()).isEqualTo(4);
        assertThat(document.getElementsByTagName("table").getLength()).isEqualTo(2);
    }

    @Test
    void saysWhatWasMeasuredWhereAndHow() {
        assertThat(page).contains("a &lt;machine&gt; &amp; another", "./iocp4j bench --servers &quot;c,iocp4j&quot;",
                "ping-pong-1", "held-5000-active-50", "iocp4j --workers 1", "relative to c");
    }

    @Test
    void saysWhoIsLeftOutOfALoadInItsTable() {
        assertThat(page.substring(page.indexOf("<h2>held-5000-active-50"))).containsOnlyOnce(
                "<td>netty-nio</td><td colspan=\"16\">left out: nothing came &lt;for&gt; 20 s,\nat all</td>");
        assertThat(page).containsOnlyOnce("left out");
    }

    @Test
    void saysInEachRowWhatElseTheMachineDid() {
        assertThat(page).contains("<td class=\"num\">512</td><td class=\"num\">7.40</td><td class=\"num\">1</td>"
                + "<td class=\"num\">2</td></tr>").contains("<td class=\"num\">-</td><td class=\"num\">3</td></tr>");
    }

    @Test
    void isTheSameWhereNumbersHaveOtherDigits() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("fa-IR-u-nu-arabext"));
        try {
            assertThat(page()).isEqualTo(page);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void needsNothingElse() {
        assertThat(page).doesNotContain("<script", "http:", "https:", "@import");
    }
}
