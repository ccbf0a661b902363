package org.iocp4j.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.iocp4j.server.ServerStatistics;

/** What a server's monitor prints: to be read, or as JSON lines. Its seconds wait for no reader, its totals do. */
interface ServeReport {
    void second(ServeFigures now);

    void totals(ServeFigures all);

    /** The counters of what should be rare, under the names that both forms use. */
    static Map<String, Long> incidents(ServeFigures f) {
        ServerStatistics s = f.echo().server();
        Map<String, Long> incidents = new LinkedHashMap<>();
        incidents.put("sessionsRefused", s.sessionsRefused());
        incidents.put("latePackets", s.latePackets());
        incidents.put("keyMismatches", s.keyMismatches());
        incidents.put("protocolErrors", f.echo().protocolErrors());
        incidents.put("acceptFailures", s.acceptFailures());
        incidents.put("socketFailures", s.socketFailures());
        incidents.put("disconnectFailures", s.disconnectFailures());
        incidents.put("disconnectTimeouts", s.disconnectTimeouts());
        incidents.put("sendsRefused", s.sendsRefused());
        incidents.put("memoryRefusals", s.memoryRefusals());
        incidents.put("peerResets", s.peerResets());
        incidents.put("idleTimeouts", s.idleTimeouts());
        incidents.put("closeTimeouts", s.closeTimeouts());
        incidents.put("framesTooLong", s.framesTooLong());
        incidents.put("sessionsCut", s.sessionsCut());
        incidents.put("handlerFailures", s.handlerFailures());
        incidents.put("workerFailures", s.workerFailures());
        incidents.put("strayPackets", s.strayPackets());
        incidents.put("logFailures", s.logFailures());
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
                    f.elapsedSeconds(), s.sessions(), f.acceptsPerSecond(), f.receiveCompletionsPerSecond(),
                    f.receivedMessagesPerSecond(), f.sendCompletionsPerSecond(), f.sentMessagesPerSecond(),
                    s.socketsCreated(), s.socketsReused(), s.socketsFree(), s.socketsRecycling(), s.socketsDiscarded(),
                    s.acceptsPosted(), size(f.memory().processBytes(), MIB, "M"),
                    size(f.memory().nonPagedPoolBytes(), KIB, "K"),
                    f.cpuPercent() == null ? "-" : String.format(Locale.ROOT, "%.0f%%", f.cpuPercent()),
                    list(f, "  "));
        }

        @Override
        public void totals(ServeFigures f) {
            ServerStatistics s = f.echo().server();
            line("total: %.1f s, %,d accepts, %d sessions left", f.elapsedSeconds(), s.accepts(), s.sessions());
            line("received: %,d completions, %,d messages, %,d bytes", s.receives(), f.echo().receivedMessages(),
                    s.receivedBytes());
            line("sent: %,d completions, %,d messages, %,d bytes", s.sends(), f.echo().sentMessages(), s.sentBytes());
            line("sockets: %,d created, %,d times reused, %,d closed", s.socketsCreated(), s.socketsReused(),
                    s.socketsDiscarded());
            String incidents = list(f, ", ");
            line("incidents: %s", incidents.isEmpty() ? "none" : incidents.substring(", ".length()));
        }

        private static String size(Long bytes, double unit, String name) {
            return bytes == null ? "-" : String.format(Locale.ROOT, "%.0f%s", bytes / unit, name);
        }

        /** Those that are not 0, each behind a separator. */
        private static String list(ServeFigures f, String separator) {
            return incidents(f).entrySet().stream()
                    .filter(incident -> incident.getValue() != 0)
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
            ServerStatistics s = f.echo().server();
            json.put("elapsedSeconds", f.elapsedSeconds())
                    .put("sessions", s.sessions())
                    .put("acceptsPerSecond", f.acceptsPerSecond())
                    .put("receiveCompletionsPerSecond", f.receiveCompletionsPerSecond())
                    .put("receivedMessagesPerSecond", f.receivedMessagesPerSecond())
                    .put("sendCompletionsPerSecond", f.sendCompletionsPerSecond())
                    .put("sentMessagesPerSecond", f.sentMessagesPerSecond())
                    .put("accepts", s.accepts())
                    .put("acceptsPosted", s.acceptsPosted())
                    .put("receiveCompletions", s.receives())
                    .put("receivedMessages", f.echo().receivedMessages())
                    .put("receivedBytes", s.receivedBytes())
                    .put("sendCompletions", s.sends())
                    .put("sentMessages", f.echo().sentMessages())
                    .put("sentBytes", s.sentBytes())
                    .put("socketsCreated", s.socketsCreated())
                    .put("socketsReused", s.socketsReused())
                    .put("socketsFree", s.socketsFree())
                    .put("socketsRecycling", s.socketsRecycling())
                    .put("socketsDiscarded", s.socketsDiscarded());
            incidents(f).forEach(json::put);
            return json.put("bufferBytes", s.bufferBytes())
                    .put("operationsPending", s.operationsPending())
                    .put("systemCalls", s.systemCalls())
                    .put("processMemoryBytes", f.memory().processBytes())
                    .put("nonPagedPoolBytes", f.memory().nonPagedPoolBytes())
                    .put("heapAfterGcBytes", f.heapAfterGcBytes())
                    .put("cpuPercent", f.cpuPercent());
        }
    }
}
