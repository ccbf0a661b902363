package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** A server that an example has started, in a process of its own. */
final class ExampleServer implements AutoCloseable {
    private static final int LONGEST_READ_MILLIS = 60_000;
    /** A Windows JVM under Wine with a heap of 64 MiB has needed 200,000 at most. */
    private static final long MOST_KIB = 300_000;

    private final Process process;
    private final int port;

    /** @param process that prints {@code listening on /127.0.0.1:PORT} */
    ExampleServer(Process process) throws IOException {
        this.process = process;
        try {
            String line = process.inputReader().readLine();
            assertThat(line).startsWith("listening on /127.0.0.1:");
            port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    int port() {
        return port;
    }

    Socket connect() throws IOException {
        Socket client = new Socket("127.0.0.1", port);
        client.setSoTimeout(LONGEST_READ_MILLIS);
        return client;
    }

    /** Of all that the process has ever had in memory at once, where the system tells it: Linux, of Wine's too. */
    void requireBoundedMemory() throws IOException {
        Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
        if (!Files.exists(status)) {
            return;
        }
        long most = Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).findFirst().orElseThrow();
        assertThat(most).as("KiB at most in memory").isBetween(30_000L, MOST_KIB);
    }

    /** Sends all of it and ends the output, and reads meanwhile until the server ends its own. */
    byte[] exchange(byte... bytes) throws IOException {
        try (Socket client = connect()) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendAndEnd(client, bytes));
            byte[] answer = client.getInputStream().readAllBytes();
            sending.join();
            return answer;
        }
    }

    static void sendAndEnd(Socket socket, byte... bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
