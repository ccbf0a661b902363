package org.iocp4j.cli;

import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Supplier;
import org.iocp4j.bench.Peer;
import org.iocp4j.bench.ServerKind;
import org.iocp4j.bench.Service;
import org.iocp4j.echo.EchoServer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/**
 * What {@link BenchCommand} runs in a process of its own: {@code BenchServer KIND [OPTION ...] [SERVICE]} serves raw
 * echo, or another service, on a free port and prints {@code ready HOST:PORT}. A line on its standard input asks how
 * many bytes its threads have allocated, how often they have called the system, and how long the JIT's compilations
 * have taken, each {@code -} where that is not known; the end of that input ends it.
 */
@Command(name = "iocp4j serve")
public final class BenchServer {
    /** Where its client connects. */
    static final String HOST = "127.0.0.1";

    @Mixin
    private ServeOptions options;

    private BenchServer() {
    }

    public static void main(String[] arguments) {
        try {
            ServerKind kind = ServerKind.of(arguments[0]);
            String[] more = Arrays.copyOfRange(arguments, 1, arguments.length);
            Peer peer = kind == ServerKind.IOCP4J ? null
                    : kind.peer(more.length == 0 ? Service.ECHO : Service.of(more[0]));
            EchoServer server = peer != null ? null : EchoServer.start(parse(more).toEchoOptions());
            System.out.println("ready " + HOST + ":" + (peer != null ? peer.start() : server.port()));
            answer(() -> server == null ? "-" : String.valueOf(server.statistics().server().resources().systemCalls()));
            Interrupt.exit(ExitCode.OK);
        } catch (IOException | RuntimeException e) {
            System.err.println(OptionErrors.oneLine(e.getMessage()));
            Interrupt.exit(ExitCode.FAILED);
        }
    }

    /** @throws ParameterException if an option is wrong */
    static ServeOptions parse(String[] more) {
        BenchServer command = new BenchServer();
        CommandLine line = new CommandLine(command)
                .registerConverter(Duration.class, new DurationConverter())
                .setOverwrittenOptionsAllowed(true);
        EnumConverter.registerAll(line);
        String[] all = new String[more.length + 4];
        System.arraycopy(new String[] {"--port", "0", "--protocol", "raw"}, 0, all, 0, 4);
        System.arraycopy(more, 0, all, 4, more.length);
        line.parseArgs(all);
        OptionErrors.check(line);
        return command.options;
    }

    private static void answer(Supplier<String> systemCalls) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            // Without this thread's own: to tell it costs some kilobytes.
            long servers = threads.getTotalThreadAllocatedBytes() - threads.getCurrentThreadAllocatedBytes();
            System.out.println("costs " + servers + " " + systemCalls.get() + " " + compilationMillis());
        }
    }

    /** A JVM with -Xint has no JIT. */
    private static String compilationMillis() {
        CompilationMXBean jit = ManagementFactory.getCompilationMXBean();
        return jit == null ? "-" : String.valueOf(jit.getTotalCompilationTime());
    }
}
