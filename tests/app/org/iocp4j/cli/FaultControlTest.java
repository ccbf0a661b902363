package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.echo.ActiveFault;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.echo.Fault;
import org.iocp4j.echo.Faults;
import org.iocp4j.server.Settled;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The control connection, of a server that nobody connects to. */
@Timeout(120)
class FaultControlTest {
    private interface Conversation {
        void run(Faults faults, FaultControl control) throws IOException;
    }

    private static void on(Conversation conversation) {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            EchoServer server = EchoServer.start(EchoOptions.defaults(), kernel::attach);
            try (FaultControl control = new FaultControl(server.faults(), 0)) {
                conversation.run(server.faults(), control);
            }
            server.close();
        });
    }

    private static Socket connect(FaultControl control) throws IOException {
        Socket socket = new Socket(control.localAddress().getAddress(), control.localAddress().getPort());
        socket.setSoTimeout((int) Settled.LONGEST.toMillis());
        return socket;
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void linesSwitchFaults() {
        on((faults, control) -> {
            assertThat(control.localAddress().getAddress().getHostAddress()).isEqualTo("127.0.0.1");
            try (Socket client = connect(control)) {
                BufferedReader in = reader(client);
                say(client, "add latency=100ms,jitter=20ms\r\nadd drop=3\nlist\n");
                assertThat(in.readLine()).isEqualTo("ok 1");
                assertThat(in.readLine()).isEqualTo("ok 2");
                assertThat(in.readLine()).isEqualTo("fault 1 0 latency=100ms,jitter=20ms");
                assertThat(in.readLine()).isEqualTo("fault 2 0 drop=3");
                assertThat(in.readLine()).isEqualTo("ok");
                assertThat(faults.active()).hasSize(2);

                say(client, "remove 1\nremove 1\nadd drop=0\n");
                assertThat(in.readLine()).isEqualTo("ok 0");
                assertThat(in.readLine()).isEqualTo("error no fault has the number '1'");
                assertThat(in.readLine()).isEqualTo("error drop: '0' is not allowed, must be 1 to 2147483647");

                say(client, "clear\nquit\n");
                assertThat(in.readLine()).isEqualTo("ok");
                assertThat(in.readLine()).isNull();
                assertThat(faults.active()).isEmpty();
            }
        });
    }

    @Test
    void itGoesOnWhenConnectionsCanBeHadAgain() {
        on((faults, idle) -> {
            AtomicInteger tries = new AtomicInteger();
            ServerSocket listener = new ServerSocket(0, 1, idle.localAddress().getAddress()) {
                @Override
                public Socket accept() throws IOException {
                    switch (tries.incrementAndGet()) {
                        case 1, 2 -> throw new IOException("WSAEMFILE");
                        case 3 -> throw new OutOfMemoryError("unable to create native thread");
                        default -> {
                            return super.accept();
                        }
                    }
                }
            };
            long start = System.nanoTime();
            try (FaultControl control = new FaultControl(faults, listener); Socket client = connect(control)) {
                say(client, "list\n");
                assertThat(reader(client).readLine()).isEqualTo("ok");
            }
            assertThat(System.nanoTime() - start).as("it waits between its tries")
                    .isGreaterThan(TimeUnit.MILLISECONDS.toNanos(2 * FaultControl.RETRY_MILLIS));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"fly", "", "quit now"})
    void anUnknownWordEndsItsConnection(String line) {
        on((faults, control) -> {
            try (Socket client = connect(control)) {
                BufferedReader in = reader(client);
                say(client, "list\n" + line + "\n");
                assertThat(in.readLine()).isEqualTo("ok");
                assertThat(in.readLine()).isEqualTo("error '" + line.split(" ", 2)[0]
                        + "' is not allowed, must be add, remove, clear, list or quit");
                assertThat(in.readLine()).isNull();
            }
        });
    }

    @Test
    void whatAWebPagePostsIsNotObeyed() {
        on((faults, control) -> {
            faults.add(Fault.neverRead());
            try (Socket client = connect(control)) {
                BufferedReader in = reader(client);
                say(client, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\nclear\r\nadd drop=1\r\n");
                assertThat(in.readLine()).startsWith("error 'POST' is not allowed");
                assertThat(in.readLine()).isNull();
            }
            assertThat(faults.active()).singleElement().extracting(ActiveFault::fault).isEqualTo(Fault.neverRead());
        });
    }

    @Test
    void aLineOfMoreBytesThanItMayHaveEndsItsConnection() {
        on((faults, control) -> {
            try (Socket client = connect(control)) {
                BufferedReader in = reader(client);
                say(client, "list" + " ".repeat(FaultControl.MAX_LINE_BYTES - 4) + "\n");
                assertThat(in.readLine()).isEqualTo("ok");
                say(client, "a".repeat(FaultControl.MAX_LINE_BYTES + 1));
                assertThat(in.readLine()).isEqualTo("error a line has at most 1000 bytes");
                assertThat(in.readLine()).isNull();
            }
        });
    }

    @Test
    void oneConnectionMoreIsClosed() {
        on((faults, control) -> {
            List<Socket> clients = new ArrayList<>();
            try {
                for (int i = 0; i < FaultControl.MAX_CONNECTIONS; i++) {
                    clients.add(connect(control));
                    say(clients.getLast(), "list\n");
                    assertThat(reader(clients.getLast()).readLine()).isEqualTo("ok");
                }
                try (Socket more = connect(control)) {
                    assertThat(more.getInputStream().read()).isEqualTo(-1);
                }
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
        });
    }
}
