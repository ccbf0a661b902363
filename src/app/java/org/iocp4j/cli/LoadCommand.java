package org.iocp4j.cli;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.iocp4j.load.Engine;
import org.iocp4j.load.LoadClient;
import org.iocp4j.load.LoadOptions;
import org.iocp4j.load.LoadStatistics;
import org.iocp4j.load.LoadSummary;
import org.iocp4j.load.Protocol;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code iocp4j load}: the test client, with a line a second and a summary. */
@Command(name = "load", sortOptions = false,
        description = "Loads an echo server and checks every byte that comes back. D is a number with ms, s or m.")
final class LoadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--host", paramLabel = "H", description = "server, name or address (default 127.0.0.1)")
    private String host = "127.0.0.1";

    @Allowed(min = 1, max = 65_535)
    @Option(names = "--port", paramLabel = "P", description = "its port, 1 to 65535 (default 6000)")
    private int port = 6000;

    @Allowed(min = 1, max = LoadOptions.MAX_CLIENTS)
    @Option(names = "--clients", paramLabel = "N", description = "connections at a time, 1 to 60000 (default 50)")
    private int clients = 50;

    @Allowed(min = 1, max = LoadOptions.MAX_OVER_SEND)
    @Option(names = "--over-send", paramLabel = "N",
            description = "messages in flight on each, 1 to 100000 (default 100); the next batch follows when all"
                    + " came back")
    private int overSend = 100;

    @Allowed(min = 0, max = 3_600_000)
    @Option(names = "--loop-delay", paramLabel = "D", description = "pause after a batch, 0s to 60m (default 0s)")
    private Duration loopDelay = Duration.ZERO;

    @Allowed(min = 0, max = 100)
    @Option(names = "--reconnect-percent", paramLabel = "X",
            description = "chance to disconnect after a batch, by FIN or RST at random, 0 to 100 (default 0)")
    private double reconnectPercent;

    @Allowed(min = 1, max = 604_800)
    @Option(names = "--seconds", paramLabel = "N", description = "length of the run, 1 to 604800 (default 10)")
    private int seconds = 10;

    @Option(names = "--protocol", paramLabel = "messages|raw",
            description = "messages: a login message, then messages of ten bytes; raw: plain echo of RFC 862"
                    + " (default messages)")
    private Protocol protocol = Protocol.MESSAGES;

    @Option(names = "--engine", paramLabel = "nio|iocp",
            description = "what moves the bytes: nio, on any system; iocp, completion ports, needs Windows, or Wine"
                    + " (default nio)")
    private Engine engine = Engine.NIO;

    @Allowed(min = 1, max = 3_600_000)
    @Option(names = "--echo-timeout", paramLabel = "D",
            description = "a batch without any echo for this long counts as echoMissing, 1ms to 60m (default 500ms)")
    private Duration echoTimeout = Duration.ofMillis(500);

    @Option(names = "--json", description = "one JSON object a second, the last with \"summary\": true")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        Output out = Output.out(spec);
        LoadReport report = json ? new LoadReport.Json(out) : new LoadReport.Text(out);
        LoadClient client = new LoadClient(options());
        // The summary is printed inside: only then may the signal end the process.
        try (var _ = Interrupt.runs(client::stop)) {
            LoadSummary summary = client.run(report::second);
            report.summary(summary);
            if (summary.firstConnectFailure() != null) {
                spec.commandLine().getErr().println("first connect failure: " + summary.firstConnectFailure());
            }
            return exitCode(summary.total());
        } catch (UnknownHostException e) {
            throw new CommandFailure("connect: unknown host, " + host);
        } catch (ConnectException e) {
            if (json) {
                report.summary(client.summary()); // a program waits for it, whatever came of the run
            }
            throw new CommandFailure(e.getMessage());
        } catch (IOException e) {
            throw new CommandFailure("load: " + e.getMessage());
        }
    }

    private LoadOptions options() {
        return LoadOptions.to(host, port)
                .clients(clients)
                .overSend(overSend)
                .loopDelay(loopDelay)
                .reconnectPercent(reconnectPercent)
                .duration(Duration.ofSeconds(seconds))
                .protocol(protocol)
                .engine(engine)
                .echoTimeout(echoTimeout)
                .build();
    }

    private static int exitCode(LoadStatistics total) {
        return total.errors() == 0 ? ExitCode.OK : ExitCode.FAILED;
    }
}
