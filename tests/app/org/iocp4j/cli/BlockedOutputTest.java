package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.LogLimit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server whose output nobody reads, and one that is interrupted before anybody can know of it. */
@Timeout(180)
@EnabledOnOs(OS.LINUX)
class BlockedOutputTest extends WineTestBed {
    /**
     * A shell's command: fills the pipe that is its file descriptor $0, whatever it holds, then becomes the program.
     * The pipe is opened anew for that, since what does not block here is to block for the program.
     */
    static final String FILL_AND_RUN =
            "dd if=/dev/zero of=/proc/$$/fd/$0 bs=4096 count=4096 oflag=nonblock conv=notrunc"
            + " 2>/dev/null; exec \"$@\"";
    private static final int BAD_CLIENTS = 1_000;
    private static final byte[] LOGIN = {8, 0, -1, -1, -1, -1, -1, -1, -1, 127};
    private static final byte[] PACKET = {8, 0, 1, 2, 3, 4, 5, 6, 7, 8};

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aServerWhoseOutputIsNotReadServesOnAndEnds(int fileDescriptor) throws Exception {
        Path ready = folder.resolve("ready");
        List<String> command = new ArrayList<>(List.of("sh", "-c", FILL_AND_RUN, String.valueOf(fileDescriptor)));
        command.addAll(windowsJava());
        command.addAll(List.of("serve", "--port", "0", "--json", "--ready-file", ready.toString()));
        Path log = folder.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command);
        if (fileDescriptor == 1) {
            builder.redirectError(log.toFile());
        }
        Process server = started(builder);
        int port = awaitPort(ready);
        long start = System.nanoTime();
        for (int i = 0; i < BAD_CLIENTS; i++) {
            beBad(port);
        }
        long seconds = 1 + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        assertEchoes(port);
        interrupt(server);
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isZero();
        if (fileDescriptor == 1) {
            List<String> lines = Files.readAllLines(log);
            assertThat(lines).last().asString().startsWith("standard output: ")
                    .endsWith(" dropped, for nobody read them");
            assertThat(lines).filteredOn(line -> line.contains("a message of length 17735, not 8: disconnected"))
                    .hasSizeBetween(LogLimit.LINES_A_SECOND, (int) (LogLimit.LINES_A_SECOND * (seconds + 1)));
        }
    }

    /** It has removed the old file: main() has begun. It makes sockets for seconds: it is not ready. */
    @Test
    void interruptBeforeItIsReadyIsOneLineAndExitCode130() throws Exception {
        Path ready = Files.writeString(folder.resolve("ready"), "of an earlier run");
        List<String> command = new ArrayList<>(windowsJava());
        command.addAll(List.of("serve", "--port", "0", "--pool", "100000", "--ready-file", ready.toString()));
        Process server = started(new ProcessBuilder(command));
        await().until(() -> Files.notExists(ready));
        interrupt(server);
        assertThat(server.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.errorReader().lines()).containsExactly("interrupted before it could end in order");
        assertThat(server.inputReader().lines()).isEmpty();
        assertThat(server.exitValue()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(ready).doesNotExist();
    }

    private static int awaitPort(Path ready) throws IOException {
        await().until(() -> Files.exists(ready));
        String address = Files.readString(ready).strip();
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    /** Speaks another protocol, and is sent away. */
    private static void beBad(int port) throws IOException {
        try (Socket client = connect(port)) {
            client.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.getInputStream().readAllBytes();
        }
    }

    private static void assertEchoes(int port) throws IOException {
        try (Socket client = connect(port)) {
            client.getOutputStream().write(PACKET);
            assertThat(client.getInputStream().readNBytes(LOGIN.length)).isEqualTo(LOGIN);
            assertThat(client.getInputStream().readNBytes(PACKET.length)).isEqualTo(PACKET);
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket client = new Socket("127.0.0.1", port);
        client.setSoTimeout((int) LONGEST.toMillis());
        return client;
    }
}
