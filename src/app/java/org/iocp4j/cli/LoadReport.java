package org.iocp4j.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.iocp4j.load.LoadStatistics;
import org.iocp4j.load.LoadSummary;
import org.iocp4j.load.RoundTrip;

/** What a load run prints: to be read, or as JSON lines. Its seconds wait for no reader, its summary does. */
interface LoadReport {
    void second(LoadStatistics now);

    void summary(LoadSummary summary);

    /** The error counters under the names that both forms use. */
    static Map<String, Long> errors(LoadStatistics s) {
        Map<String, Long> errors = new LinkedHashMap<>();
        errors.put("connectFailures", s.connectFailures());
        errors.put("disconnectsFromServer", s.disconnectsFromServer());
        errors.put("loginDuplicates", s.loginDuplicates());
        errors.put("loginMissing", s.loginMissing());
        errors.put("echoMissing", s.echoMissing());
        errors.put("messageErrors", s.messageErrors());
        return errors;
    }

    /** Lines for people. */
    record Text(Output out) implements LoadReport {
        @Override
        public void second(LoadStatistics s) {
            out.progress(String.format(Locale.ROOT, "%4.0fs  sessions %d  connects/s %.0f  sent messages/s %,.0f"
                    + "  received messages/s %,.0f  %s", s.elapsedSeconds(), s.sessions(), s.connectsPerSecond(),
                    s.sentMessagesPerSecond(), s.receivedMessagesPerSecond(), s.errors() == 0 ? "errors 0"
                    : list(s, false)));
        }

        @Override
        public void summary(LoadSummary summary) {
            LoadStatistics s = summary.total();
            RoundTrip r = summary.roundTripMicros();
            line("total: %.1f s, %,d connects, %,d closed by FIN, %,d by RST", s.elapsedSeconds(), s.connects(),
                    s.closedByFin(), s.closedByReset());
            line("messages: %,d sent, %,d received, %,.0f received messages/s", s.sentMessages(), s.receivedMessages(),
                    s.receivedMessagesPerSecond());
            if (r == null) {
                line("round trip in microseconds: p50 -, p99 -, p99.9 -, max -");
            } else {
                line("round trip in microseconds: p50 %.1f, p99 %.1f, p99.9 %.1f, max %.1f", r.p50(), r.p99(),
                        r.p999(), r.max());
            }
            line("errors: %s", list(s, true));
        }

        private static String list(LoadStatistics s, boolean all) {
            return errors(s).entrySet().stream()
                    .filter(error -> all || error.getValue() != 0)
                    .map(error -> error.getKey() + " " + error.getValue())
                    .collect(Collectors.joining(all ? ", " : "  "));
        }

        private void line(String format, Object... values) {
            out.println(String.format(Locale.ROOT, format, values));
        }
    }

    /** Lines for programs. */
    record Json(Output out) implements LoadReport {
        @Override
        public void second(LoadStatistics s) {
            out.progress(counters(new JsonLine(), s).end());
        }

        @Override
        public void summary(LoadSummary summary) {
            RoundTrip r = summary.roundTripMicros();
            out.println(counters(new JsonLine().put("summary", true), summary.total())
                    .open("roundTripMicros")
                    .put("p50", r == null ? null : r.p50())
                    .put("p99", r == null ? null : r.p99())
                    .put("p999", r == null ? null : r.p999())
                    .put("max", r == null ? null : r.max())
                    .end());
        }

        private static JsonLine counters(JsonLine json, LoadStatistics s) {
            json.put("elapsedSeconds", s.elapsedSeconds())
                    .put("sessions", s.sessions())
                    .put("connects", s.connects());
            errors(s).forEach(json::put);
            return json.put("sentMessages", s.sentMessages())
                    .put("receivedMessages", s.receivedMessages())
                    .put("closedByFin", s.closedByFin())
                    .put("closedByReset", s.closedByReset())
                    .put("connectsPerSecond", s.connectsPerSecond())
                    .put("sentMessagesPerSecond", s.sentMessagesPerSecond())
                    .put("receivedMessagesPerSecond", s.receivedMessagesPerSecond());
        }
    }
}
