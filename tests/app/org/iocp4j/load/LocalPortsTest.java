package org.iocp4j.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalPortsTest {
    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.0.1", 6000);
    private static final int LOWEST_DYNAMIC_PORT = 32_768;

    @Test
    void aPlaceComesAgainWhenAllOthersHaveBeenThere() {
        BitSet seen = new BitSet();
        for (int n = -LocalPorts.PLACES / 2; n < LocalPorts.PLACES / 2; n++) {
            InetSocketAddress place = LocalPorts.place(n);
            byte[] address = place.getAddress().getAddress();
            assert place.getPort() > 1_024 && place.getPort() < LOWEST_DYNAMIC_PORT : place;
            assert address[0] == 127 && address[1] == 0 && address[2] == 0 && address[3] != 1 : place;
            seen.set((address[3] & 0xFF) << 16 | place.getPort());
        }
        assertThat(seen.cardinality()).isEqualTo(LocalPorts.PLACES);
    }

    @Test
    void aPlaceThatIsTakenIsLeftOut() throws IOException {
        for (int n = 0; n < 2; n++) {
            InetSocketAddress place = LocalPorts.place(n);
            try (ServerSocket other = new ServerSocket(); SocketChannel channel = SocketChannel.open()) {
                other.bind(place);
                new LocalPorts(n).bind(channel, SERVER);
                assertThat(channel.getLocalAddress()).isNotNull().isNotEqualTo(place);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "::1", "0.0.0.0"})
    void theSystemChoosesTowardsOtherServers(String host) throws IOException {
        try (SocketChannel channel = SocketChannel.open()) {
            new LocalPorts(0).bind(channel, new InetSocketAddress(host, 6000));
            assertThat(channel.getLocalAddress()).isNull();
        }
    }

    @Test
    void aConnectThatFoundNoPortSaysSo() {
        IOException[] shortages = {
            new BindException("Cannot assign requested address"), // Linux
            new BindException("Cannot assign requested address: connect"), // Windows, 10049
            new BindException("Address already in use: connect"), // 10048
            new SocketException("No buffer space available (maximum connections reached?): connect"), // 10055
        };
        for (IOException shortage : shortages) {
            assertThat(LocalPorts.explained(shortage, SERVER)).hasCause(shortage)
                    .message().startsWith("no local port is free; reconnects leave ports in TIME_WAIT")
                    .endsWith("(" + shortage.getMessage().split(": ")[0] + ")");
        }
        IOException refused = new ConnectException("Connection refused");
        assertThat(LocalPorts.explained(refused, SERVER)).isSameAs(refused);
        assertThat(LocalPorts.explained(shortages[1], new InetSocketAddress("0.0.0.0", 6000))).isSameAs(shortages[1]);
    }
}
