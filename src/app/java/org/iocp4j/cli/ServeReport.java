package org.iocp4j.cli;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.iocp4j.server.ServerStatistics;

/** What a server's monitor prints: to be read, or as JSON lines. Its seconds wait for no reader, its totals do. */
interface ServeReport {
    void second(ServeFigures now);

    void totals(ServeFigures all);

    /** The counters of what should be rare. */
    static Map<String, Object> incidents(ServeFigures f) {
        Map<String, Object> incidents = RecordFields.of(f.echo().server().incidents());
        incidents.putAll(RecordFields.of(f.echo().server().faults()));
        incidents.put("protocolErrors", f.echo().protocolErrors());
        incidents.put("linesDropped", f.linesDropped());
        return incidents;
    }

    /** Lines for people. */
    final class Text implements ServeReport {
        private static final int LINES_UNDER_A_HEADER = 20;
        private static final double MIB = 1 << 20;
        private static final double KIB = 1 << 10;

        private final Output out;
        private int lines;

        Text(Output out) {
            this.out = out;
        }

        @Override
        public void second(ServeFigures f) {
            if (lines++ % LINES_UNDER_A_HEADER == 0) {
                progress("%6s %8s %9s %9s %9s %9s %9s %8s %9s %6s %6s %7s %7s %7s %7s %5s", "time", "sessions",
                        "accepts/s", "recvs/s", "msgs/s", "sends/s", "msgs/s", "sockets", "reused", "free",
                        "recyc.", "closed", "accepts", "memory", "np-pool", "cpu");
            }
            ServerStatistics s = f.echo().server();
            progress("%5.0fs %,8d %,9.0f %,9.0f %,9.0f %,9.0f %,9.0f %,8d %,9d %,6d %,6d %,7d %,7d %7s %7s %5s%s",
                    f.elapsedSeconds(), s.connections().sessions(), f.acceptsPerSecond(),
                    f.receiveCompletionsPerSecond(), f.receivedMessagesPerSecond(), f.sendCompletionsPerSecond(),
                    f.sentMessagesPerSecond(),
                    s.sockets().socketsCreated(), s.sockets().socketsReused(), s.sockets().socketsFree(),
                    s.sockets().socketsRecycling(), s.sockets().socketsDiscarded(),
                    s.connections().acceptsPosted(), size(f.processMemoryBytes(), MIB, "M"),
                    size(f.nonPagedPoolBytes(), KIB, "K"),
                    f.cpuPercent() == null ? "-" : String.format(Locale.ROOT, "%.0f%%", f.cpuPercent()),
                    list(f, "  "));
        }

        @Override
        public void totals(ServeFigures f) {
            ServerStatistics s = f.echo().server();
            line("total: %.1f s, %,d accepts, %d sessions left", f.elapsedSeconds(), s.connections().accepts(),
                    s.connections().sessions());
            line("received: %,d completions, %,d messages, %,d bytes", s.traffic().receiveCompletions(),
                    f.echo().receivedMessages(), s.traffic().receivedBytes());
            line("sent: %,d completions, %,d messages, %,d bytes", s.traffic().sendCompletions(),
                    f.echo().sentMessages(), s.traffic().sentBytes());
            line("sockets: %,d created, %,d times reused, %,d closed", s.sockets().socketsCreated(),
                    s.sockets().socketsReused(), s.sockets().socketsDiscarded());
            String incidents = list(f, ", ");
            line("incidents: %s", incidents.isEmpty() ? "none" : incidents.substring(", ".length()));
        }

        private static String size(Long bytes, double unit, String name) {
            return bytes == null ? "-" : String.format(Locale.ROOT, "%.0f%s", bytes / unit, name);
        }

        /** Those that are not 0, each behind a separator. */
        private static String list(ServeFigures f, String separator) {
            return incidents(f).entrySet().stream()
                    .filter(incident -> !incident.getValue().equals(0L))
                    .map(incident -> separator + incident.getKey() + " " + incident.getValue())
                    .collect(Collectors.joining());
        }

        private void progress(String format, Object... values) {
            out.progress(String.format(Locale.ROOT, format, values));
        }

        private void line(String format, Object... values) {
            out.println(String.format(Locale.ROOT, format, values));
        }
    }

    /** Lines for programs. */
    record Json(Output out) implements ServeReport {
        @Override
        public void second(ServeFigures now) {
            out.progress(figures(new JsonLine(), now).end());
        }

        @Override
        public void totals(ServeFigures all) {
            out.println(figures(new JsonLine().put("totals", true), all).end());
        }

        private static JsonLine figures(JsonLine json, ServeFigures f) {
            RecordFields.of(f).forEach(json::put);
            return json;
        }
    }
}
