package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.Settled;
import org.iocp4j.server.TestClient;
import org.iocp4j.server.identity.SessionIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** As another project's integration test would use it. */
@NeedsCompletionPorts
@Timeout(180)
class EchoServerTest {
    @Test
    void startsOnAFreePortGreetsAndEchoes() throws IOException {
        try (var server = EchoServer.start(EchoOptions.defaults());
             var socket = new Socket(server.localAddress().getAddress(), server.port())) {
            socket.setSoTimeout((int) Settled.LONGEST.toMillis());
            assertThat(server.port()).isPositive();

            byte[] login = socket.getInputStream().readNBytes(10);
            assertThat(login).isEqualTo(HexFormat.ofDelimiter(" ").parseHex("08 00 FF FF FF FF FF FF FF 7F"));

            byte[] packet = {8, 0, 1, 2, 3, 4, 5, 6, 7, 8};
            socket.getOutputStream().write(packet);
            assertThat(socket.getInputStream().readNBytes(10)).isEqualTo(packet);
        }
    }

    @Test
    void valuesComeBackInOrderAndAreCounted() throws IOException {
        EchoOptions options = EchoOptions.defaults();
        try (EchoServer server = EchoServer.start(options)) {
            try (TestClient client = TestClient.logIn(server.localAddress())) {
                for (long value : new long[] {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x0102030405060708L}) {
                    client.echo(value);
                }
                client.sendBytes(TestClient.packets(1_000, 100));
                client.expect(TestClient.packets(1_000, 100));
                assertThat(server.statistics().server().connections().sessions()).isEqualTo(1);
            }
            var figures = Settled.of(() -> server.statistics().server(), options.server()).cleanly();

            assertThat(server.statistics().receivedMessages()).isEqualTo(106);
            assertThat(server.statistics().sentMessages()).as("with the login message").isEqualTo(107);
            assertThat(server.statistics().protocolErrors()).isZero();
            assertThat(figures.connections().accepts()).isEqualTo(1);
            assertThat(figures.traffic().receivedBytes()).isEqualTo(1_060);
            assertThat(figures.traffic().sentBytes()).isEqualTo(1_070);
            assertThat(figures.traffic().receiveCompletions()).isBetween(1L, 1_060L);
            assertThat(figures.traffic().sendCompletions()).isBetween(1L, 107L);
        }
    }

    @Test
    void clientsDoNotSeeEachOther() throws IOException {
        EchoOptions options = EchoOptions.defaults();
        try (EchoServer server = EchoServer.start(options)) {
            try (TestClient one = TestClient.logIn(server.localAddress());
                 TestClient other = TestClient.logIn(server.localAddress())) {
                for (int i = 0; i < 20; i++) {
                    one.sendBytes(TestClient.packet(i));
                    other.sendBytes(TestClient.packet(1_000 + i));
                    other.expect(TestClient.packet(1_000 + i));
                    one.expect(TestClient.packet(i));
                }
                await().until(() -> server.statistics().server().connections().sessions() == 2);
            }
            var figures = Settled.of(() -> server.statistics().server(), options.server()).cleanly();
            assertThat(figures.connections().accepts()).isEqualTo(2);
        }
    }

    @Test
    void rawEchoSendsNoLoginAndReturnsEveryByte() throws IOException {
        EchoOptions options = new EchoOptions(ServerOptions.defaults(), EchoProtocol.RAW,
                SessionIdentity.OVERLAPPED);
        try (EchoServer server = EchoServer.start(options)) {
            try (TestClient client = TestClient.connect(server.localAddress())) {
                byte[] text = "grüß Gott".getBytes(StandardCharsets.UTF_8);
                client.sendBytes(text);
                client.expect(text);
                client.endOutput();
                client.expectEndOfStream();
            }
            var figures = Settled.of(() -> server.statistics().server(), options.server()).cleanly();
            assertThat(figures.traffic().receivedBytes()).isEqualTo(figures.traffic().sentBytes()).isEqualTo(11);
        }
    }
}
