package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;

import java.io.BufferedReader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** How a server under full load ends, and how it stands the sudden end of its clients: each a process of its own. */
@Tag("slow")
@Timeout(240)
@EnabledOnOs(OS.LINUX)
class ServeUnderLoadTest extends WineTestBed {
    private static final int CLIENTS = 50;

    private Process server;
    private BufferedReader lines;
    private Process load;

    private void startBoth() throws Exception {
        server = startWindows("serve", "--port", "0", "--json", "--drain-time", "3s");
        lines = server.inputReader();
        String ready = lines.readLine();
        assertThat(ready).startsWith("ready ");
        load = startHost("load", "--port", ready.substring(ready.lastIndexOf(':') + 1), "--clients",
                String.valueOf(CLIENTS), "--seconds", "100", "--reconnect-percent", "5", "--json");
        CompletableFuture.runAsync(() -> load.inputReader().lines().forEach(line -> { })); // or it would wait for us
        Map<String, Long> figures = Map.of();
        while (figures.getOrDefault("sessions", 0L) < CLIENTS / 2 || // some are always between two connections
                figures.get("receivedMessages") < 10_000) {
            figures = next();
        }
    }

    private Map<String, Long> next() throws Exception {
        String line = lines.readLine();
        assertThat(line).as("a line of the server's").isNotNull();
        return ServerProcess.parse(line);
    }

    /** Its bound is the drain time, four times the disconnect time and 5 s; then the JVM ends. */
    @RepeatedTest(2)
    void interruptDrainsWithinTheBound() throws Exception {
        startBoth();
        interrupt(server);
        List<String> rest = lines.lines().toList();
        assertThat(ServerProcess.parse(rest.getLast())).containsEntry("totals", 1L).containsEntry("sessions", 0L)
                .containsEntry("operationsPending", 0L).containsEntry("workerFailures", 0L)
                .containsEntry("handlerFailures", 0L).containsEntry("strayPackets", 0L);
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }

    @Test
    void everySessionOfAClientThatIsKilledIsReleased() throws Exception {
        startBoth();
        load.destroyForcibly();
        Map<String, Long> figures = next();
        while (!SoakResult.isAtRest(figures) || figures.get("acceptsPosted") < 200) {
            figures = next();
        }
        assertThat(figures).containsEntry("workerFailures", 0L).containsEntry("handlerFailures", 0L);
        interrupt(server);
        assertThat(ServerProcess.parse(lines.lines().toList().getLast())).containsEntry("sessions", 0L);
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }
}
