package org.iocp4j.html;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * A page that needs nothing else: no network, no script, no font. It is HTML, and well-formed XML too, so that a parser
 * can check it.
 */
public final class HtmlPage {
    private HtmlPage() {
    }

    /**
     * The whole page, with our style sheet.
     *
     * @param title not escaped yet
     * @param body  the content of its body, as HTML
     */
    public static String of(String title, CharSequence body) {
        return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\""
                + " content=\"width=device-width, initial-scale=1\"/>\n"
                + "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>" + HtmlText.escape(title)
                + "</title>\n<link rel=\"icon\" href=\"data:,\"/>\n<style>\n" + style()
                + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
    }

    private static String style() {
        try (InputStream css = HtmlPage.class.getResourceAsStream("page.css")) {
            return new String(css.readAllBytes(), StandardCharsets.UTF_8).replace("\r", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
