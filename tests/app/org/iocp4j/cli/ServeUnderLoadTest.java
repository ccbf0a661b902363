package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.iocp4j.echo.EchoStatistics;
import org.iocp4j.server.ServerStatistics;
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
    private static final ServerStatistics.Faults NO_FAULTS =
            new ServerStatistics.Faults(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

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
        EchoStatistics figures;
        do {
            figures = next();
        } while (figures.server().connections().sessions() < CLIENTS / 2 // some are always between two connections
                || figures.receivedMessages() < 10_000);
    }

    private EchoStatistics next() throws Exception {
        String line = lines.readLine();
        assertThat(line).as("a line of the server's").isNotNull();
        return figures(line);
    }

    private static EchoStatistics figures(String line) throws IOException {
        return RecordFields.read(ServeFigures.class, ServerProcess.parse(line)).echo();
    }

    /** Its bound is the drain time, four times the disconnect time and 5 s; then the JVM ends. */
    @RepeatedTest(2)
    void interruptDrainsWithinTheBound() throws Exception {
        startBoth();
        interrupt(server);
        List<String> rest = lines.lines().toList();
        assertThat(rest.getLast()).contains("\"totals\":true");
        ServerStatistics totals = figures(rest.getLast()).server();
        assertThat(totals.connections().sessions()).isZero();
        assertThat(totals.resources().operationsPending()).isZero();
        assertThat(totals.faults()).isEqualTo(NO_FAULTS);
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }

    @Test
    void everySessionOfAClientThatIsKilledIsReleased() throws Exception {
        startBoth();
        load.destroyForcibly();
        ServerStatistics figures = next().server();
        while (!SoakResult.isAtRest(figures) || figures.connections().acceptsPosted() < 200) {
            figures = next().server();
        }
        assertThat(figures.faults()).isEqualTo(NO_FAULTS);
        interrupt(server);
        assertThat(figures(lines.lines().toList().getLast()).server().connections().sessions()).isZero();
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
    }
}
