package org.iocp4j.html;

import java.util.Locale;

/** Text in HTML: whatever it contains, it is shown as it is, and the page stays well-formed XML. */
public final class HtmlText {
    private static final int REPLACEMENT = 0xFFFD;

    private HtmlText() {
    }

    /** For the content of an element and for an attribute in quotes alike. */
    public static String escape(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isText(c) ? c : REPLACEMENT);
            }
        });
        return escaped.toString();
    }

    /** What XML allows. */
    private static boolean isText(int c) {
        return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c < 0xD800 || c > 0xDFFF && c != 0xFFFE
                && c != 0xFFFF;
    }

    /** Its first {@code most} characters, and how many more there were: nothing is left out silently. */
    public static String capped(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
        return text.substring(0, end) + " … (" + count(text.length() - end, "more character") + ")";
    }

    /** With a capital letter and a full stop, if it has none. */
    public static String sentence(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return text.substring(0, first).toUpperCase(Locale.ROOT) + text.substring(first)
                + (text.endsWith(".") || text.endsWith("?") ? "" : ".");
    }

    /** {@code 1 packet}, {@code 1,200 packets}. */
    public static String count(int count, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", count, noun, count == 1 ? "" : "s");
    }
}
