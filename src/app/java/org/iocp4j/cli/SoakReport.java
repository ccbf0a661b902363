package org.iocp4j.cli;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.soak.Trend;

/** What a soak run prints: to be read, or as JSON lines. Only its summary waits for a reader. */
interface SoakReport {
    void started(String address, int seconds);

    /** @param server its latest figures; null if it has given none yet */
    void line(int second, ServeFigures server);

    void summary(SoakResult result);

    /** Lines for people. */
    record Text(Output out) implements SoakReport {
        @Override
        public void started(String address, int seconds) {
            progress("the server listens on %s; clients of all kinds for %d s", address, seconds);
        }

        @Override
        public void line(int second, ServeFigures server) {
            if (server == null) {
                progress("%6ds  server: -", second);
                return;
            }
            ServerStatistics s = server.echo().server();
            progress("%6ds  %,4d sessions  %,6d accepts  %,6d refused  %,11d messages  %,4d sockets  %,4d operations"
                    + "  memory %s  heap after GC %s", second, s.connections().sessions(), s.connections().accepts(),
                    s.sessionsRefused(), server.echo().receivedMessages(), Growth.liveSockets(s),
                    s.resources().operationsPending(), kib(server.processMemoryBytes()),
                    kib(server.heapAfterGcBytes()));
        }

        private static String kib(Long bytes) {
            return bytes == null ? "-" : String.format(Locale.ROOT, "%,dK", bytes >> 10);
        }

        @Override
        public void summary(SoakResult result) {
            line("%-26s %13s %13s %13s %13s", "after the warm-up", "first", "last", "a minute", "may grow");
            for (Trend.Verdict trend : result.growth()) {
                if (trend.isJudged()) {
                    line("%-26s %,13d %,13d %,+13.1f %,13d  %s", trend.name(), trend.first(), trend.last(),
                            trend.slopePerMinute(), trend.allowance(), trend.isFlat() ? "flat" : "GROWS");
                } else {
                    line("%-26s not judged: %s", trend.name(), trend.notJudged());
                }
            }
            line("behaved   %,d messages echoed, each checked; %s", result.clients().receivedMessages(),
                    list(result.clientErrors()));
            line("abused    %s; %d floods", list(result.clients().lives()), result.clients().floods());
            line("counted   %s", list(result.marksOfAbuse()));
            line("errors    %s", list(result.serverErrors()));
            line("at rest   %s", result.rest());
            result.problems().forEach(problem -> line("problem   %s", problem));
            line("total: %d s, %s", result.seconds(), result.problems().isEmpty() ? "as it should be"
                    : "NOT as it should be");
        }

        private static String list(Map<?, ?> counters) {
            return counters.entrySet().stream()
                    .map(counter -> counter.getKey() + " "
                    + String.format(Locale.ROOT, "%,d", ((Number) counter.getValue()).longValue()))
                    .collect(Collectors.joining(", "));
        }

        private void progress(String format, Object... values) {
            out.progress(String.format(Locale.ROOT, format, values));
        }

        private void line(String format, Object... values) {
            out.println(String.format(Locale.ROOT, format, values));
        }
    }

    /**
     * Lines for programs. The last one's {@code growth} has an object for each figure: {@code first}, {@code last} and
     * {@code slopePerMinute}, null if {@code notJudged} says why, {@code allowance}, {@code flat}.
     */
    record Json(Output out) implements SoakReport {
        @Override
        public void started(String address, int seconds) {
            out.progress(new JsonLine().put("server", address).put("seconds", seconds).end());
        }

        @Override
        public void line(int second, ServeFigures server) {
            JsonLine json = new JsonLine().put("second", second);
            if (server != null) {
                RecordFields.of(server).forEach(json::put);
            }
            out.progress(json.end());
        }

        @Override
        public void summary(SoakResult result) {
            JsonLine json = new JsonLine().put("summary", true).put("seconds", result.seconds())
                    .put("passed", result.problems().isEmpty())
                    .put("problems", String.join("; ", result.problems()))
                    .put("receivedMessages", result.clients().receivedMessages())
                    .put("floods", result.clients().floods())
                    .put("sessions", result.totals().server().connections().sessions());
            object(json, "clientErrors", result.clientErrors());
            object(json, "serverErrors", result.serverErrors());
            object(json, "marksOfAbuse", result.marksOfAbuse());
            object(json, "abuses", result.clients().lives());
            json.open("growth");
            for (Trend.Verdict trend : result.growth()) {
                json.open(trend.name()).put("first", trend.first()).put("last", trend.last())
                        .put("slopePerMinute", trend.slopePerMinute()).put("allowance", trend.allowance())
                        .put("flat", trend.isJudged() ? trend.isFlat() : null).put("notJudged", trend.notJudged())
                        .close();
            }
            out.println(json.end());
        }

        private static void object(JsonLine json, String name, Map<?, ?> counters) {
            json.open(name);
            counters.forEach((counter, count) -> json.put(counter.toString(), count));
            json.close();
        }
    }
}
