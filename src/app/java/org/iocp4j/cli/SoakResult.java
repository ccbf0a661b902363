package org.iocp4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.iocp4j.echo.EchoStatistics;
import org.iocp4j.load.LoadSummary;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.soak.Traffic;
import org.iocp4j.soak.Trend;

/**
 * The result of a soak run.
 *
 * @param seconds its length
 * @param growth  how the server's figures went
 * @param clients what the clients counted
 * @param atRest  the server's figures when the clients had gone
 * @param totals  the server's figures at its end
 */
record SoakResult(int seconds, List<Trend.Verdict> growth, Traffic.Outcome clients, ServerStatistics atRest,
        EchoStatistics totals) {
    /** These may stay unjudged: other programs may run, or floods leave too few samples. */
    private static final Set<String> BEST_EFFORT = Set.of("jvmDescriptors", "wineserverDescriptors");

    static boolean isAtRest(ServerStatistics server) {
        int accepts = server.connections().acceptsPosted();
        return server.connections().sessions() == 0 && server.sockets().socketsRecycling() == 0
                && server.resources().operationsPending() == accepts
                && Growth.liveSockets(server) == accepts + server.sockets().socketsFree();
    }

    /** Counters that no client can raise, however bad. */
    Map<String, Object> serverErrors() {
        ServerStatistics.Incidents incidents = totals.server().incidents();
        Map<String, Object> errors = RecordFields.of(totals.server().faults());
        // A packet is late only because its disconnect was given up before.
        errors.put("latePackets", Math.max(0, incidents.latePackets() - incidents.disconnectTimeouts()));
        return errors;
    }

    /** Counters that the abuse must have raised, or it was none. */
    Map<String, Object> marksOfAbuse() {
        ServerStatistics.Incidents incidents = totals.server().incidents();
        Map<String, Object> marks = new LinkedHashMap<>();
        marks.put("sessionsRefusedFull", incidents.sessionsRefusedFull());
        marks.put("protocolErrors", totals.protocolErrors());
        marks.put("peerResets", incidents.peerResets());
        marks.put("idleTimeouts", incidents.idleTimeouts());
        return marks;
    }

    /** Of all clients that behave, and what the others were sent wrong. */
    Map<String, Long> clientErrors() {
        Map<String, Long> errors = new LinkedHashMap<>();
        for (LoadSummary load : clients.loads()) {
            LoadReport.errors(load.total()).forEach((name, count) -> errors.merge(name, count, Long::sum));
        }
        errors.put("wrongReplies", clients.wrongReplies());
        return errors;
    }

    /** A line for each requirement that is not met; empty if all are met. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (Trend.Verdict trend : growth) {
            if (trend.isJudged() && !trend.isFlat()) {
                problems.add(String.format(Locale.ROOT, "%s has grown by %,d, from %,d to %,d; %,d are allowed",
                        trend.name(), trend.last() - trend.first(), trend.first(), trend.last(), trend.allowance()));
            } else if (!trend.isJudged() && !BEST_EFFORT.contains(trend.name())) {
                problems.add(trend.name() + " cannot be judged: " + trend.notJudged());
            }
        }
        clientErrors().forEach((name, count) -> addIf(problems, count != 0, "clients: " + name + " " + count));
        clients.loads().stream().map(LoadSummary::firstConnectFailure).filter(Objects::nonNull).findFirst()
                .ifPresent(reason -> problems.add("clients: first connect failure: " + reason));
        serverErrors().forEach((name, count) -> addIf(problems, !count.equals(0L), "server: " + name + " " + count));
        marksOfAbuse().forEach((name, count) -> addIf(problems, count.equals(0L), "no abuse was seen: " + name + " 0"));
        clients.lives().forEach((abuse, count) -> addIf(problems, count == 0, "no client lived through " + abuse));
        addIf(problems, clients.floods() == 0, "no flood came");
        addIf(problems, !isAtRest(atRest), "left when all clients had gone: " + rest());
        int left = totals.server().connections().sessions();
        addIf(problems, left != 0, "sessions left at the end: " + left);
        return problems;
    }

    /** What there was when the clients had gone. */
    String rest() {
        return String.format(Locale.ROOT,
                "%d sessions, %d disconnects, %d operations for %d accepts, %d sockets, %d of them free",
                atRest.connections().sessions(), atRest.sockets().socketsRecycling(),
                        atRest.resources().operationsPending(),
                atRest.connections().acceptsPosted(), Growth.liveSockets(atRest), atRest.sockets().socketsFree());
    }

    private static void addIf(List<String> problems, boolean holds, String problem) {
        if (holds) {
            problems.add(problem);
        }
    }
}
