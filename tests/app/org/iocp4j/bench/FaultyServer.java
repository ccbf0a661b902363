package org.iocp4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * What {@link Bench} runs as a server in its test: one that echoes, and has the fault that its second argument names.
 */
final class FaultyServer {
    static final String STARTS_NOT = "starts not";
    static final String DIES = "dies";
    /** Refuses its arguments, and tells where it was taken from. */
    static final String REFUSES = "refuses";
    /** Neither answers nor ends. */
    static final String HANGS = "hangs";

    /** Works on when its clients have left. */
    static final String PUTS_OFF = "puts off";
    static final Duration PUT_OFF = Duration.ofMillis(800);

    /** Closes each connection at once, and says why. */
    static final String CLOSES = "closes";

    private FaultyServer() {
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        String fault = arguments.length > 1 ? arguments[1] : "none";
        failIf(fault.equals(STARTS_NOT), "out of sockets");
        failIf(fault.equals(REFUSES),
                "taken from " + System.getProperty("java.class.path") + ": " + List.of(arguments));
        System.out.println("ready 127.0.0.1:" + (fault.equals(CLOSES) ? closing() : new SelectorEcho().start()));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            failIf(fault.equals(DIES), "out of sockets");
            if (fault.equals(HANGS)) {
                Thread.currentThread().join();
            }
            if (fault.equals(PUTS_OFF)) {
                Thread.ofPlatform().daemon().start(FaultyServer::work);
            }
            System.out.println("costs - -");
        }
    }

    private static void work() {
        long end = System.nanoTime() + PUT_OFF.toNanos();
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    private static int closing() throws IOException {
        ServerSocket server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
        System.err.println("out of sockets");
        Thread.ofPlatform().daemon().start(() -> {
            while (true) {
                try {
                    server.accept().close();
                } catch (IOException e) {
                    return;
                }
            }
        });
        return server.getLocalPort();
    }

    private static void failIf(boolean faulty, String lastWords) {
        if (faulty) {
            System.err.println(lastWords);
            System.exit(1);
        }
    }
}
