package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPortTest {
    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1:6000",
        "0.0.0.0, 0.0.0.0:6000",
        "::1, [::1]:6000",
        "::, [::]:6000",
        "2001:db8:0:0:1:0:0:1, [2001:db8::1:0:0:1]:6000",
        "2001:db8:0:1:1:1:1:1, [2001:db8:0:1:1:1:1:1]:6000",
        "fe80:0:0:0:0:0:0:0, [fe80::]:6000",
    })
    void isWhatAClientTakes(String address, String text) throws Exception {
        assertThat(HostPort.text(new InetSocketAddress(InetAddress.getByName(address), 6000))).isEqualTo(text);
    }
}
