package org.iocp4j.study;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.iocp4j.html.HtmlText;

/**
 * Where and how the experiments of a page ran.
 *
 * @param system   {@code Wine 8.0}
 * @param platform the kind of system that it is
 * @param machine  processors and architecture; nothing that tells whose machine it is
 * @param jdk      that ran them
 * @param date     when they ended, in UTC
 * @param command  that runs them again
 */
public record HtmlRun(String system, Platform platform, String machine, String jdk, String date, String command) {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** This run, on this machine, which ends now. */
    public static HtmlRun here(Site site, String command) {
        String machine = HtmlText.count(Runtime.getRuntime().availableProcessors(), "processor") + ", "
                + System.getProperty("os.arch") + ", the JVM sees " + System.getProperty("os.name");
        String jdk = System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version");
        return new HtmlRun(site.description(), site.platform(), machine, jdk, DATE.format(Instant.now()), command);
    }

    /** For the head of the page. */
    Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("System", system);
        facts.put("Machine", machine);
        facts.put("JDK", jdk);
        facts.put("Date", date);
        facts.put("Command", command);
        return facts;
    }
}
