package org.iocp4j.cli;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.iocp4j.bench.EchoPeer;
import org.iocp4j.bench.ServerKind;
import org.iocp4j.echo.EchoServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/**
 * What {@link BenchCommand} runs in a process of its own: {@code BenchServer KIND [OPTION ...]} serves raw echo on a free
 * port and prints {@code ready HOST:PORT}. A line on its standard input asks how many bytes its threads have allocated; the
 * end of that input ends it.
 */
@Command(name = "iocp4j serve")
public final class BenchServer {
    @Mixin
    private ServeOptions options;

    private BenchServer() {
    }

    public static void main(String[] arguments) {
        try {
            int port = start(ServerKind.of(arguments[0]), Arrays.copyOfRange(arguments, 1, arguments.length));
            System.out.println("ready 127.0.0.1:" + port);
            answer();
            Interrupt.exit(ExitCode.OK);
        } catch (IOException | RuntimeException e) {
            System.err.println(OptionErrors.oneLine(e.getMessage()));
            Interrupt.exit(ExitCode.FAILED);
        }
    }

    /** The server ends with the process, as the peers do. */
    private static int start(ServerKind kind, String[] more) throws IOException {
        EchoPeer peer = kind.peer();
        return peer != null ? peer.start() : EchoServer.start(parse(more).toEchoOptions()).port();
    }

    /** @throws ParameterException if an option is wrong */
    static ServeOptions parse(String[] more) {
        BenchServer command = new BenchServer();
        CommandLine line = new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Duration.class, new DurationConverter())
                .setOverwrittenOptionsAllowed(true);
        String[] all = new String[more.length + 4];
        System.arraycopy(new String[] {"--port", "0", "--protocol", "raw"}, 0, all, 0, 4);
        System.arraycopy(more, 0, all, 4, more.length);
        line.parseArgs(all);
        OptionErrors.check(line);
        return command.options;
    }

    private static void answer() throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            // Without this thread's own: to tell it costs some kilobytes.
            long servers = threads.getTotalThreadAllocatedBytes() - threads.getCurrentThreadAllocatedBytes();
            System.out.println("allocated " + servers);
        }
    }
}
