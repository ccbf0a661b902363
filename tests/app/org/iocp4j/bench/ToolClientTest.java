package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Load generators of others, where they are installed. */
@Timeout(120)
class ToolClientTest {
    @ParameterizedTest
    @EnabledOnOs(OS.LINUX)
    @CsvSource({"WRK, http-50", "AB, http-churn-20", "REDIS_BENCHMARK, redis-50-p16"})
    void measuresAServer(ClientKind kind, String load) throws IOException {
        assumeInstalled(kind);
        Load its = Load.of(load);
        assertThat(kind.drives(its)).isTrue();
        int port = ServerKind.HANDLERS_SELECTOR.peer(its.service()).start();
        try (Client client = kind.factory(null).make(its, address(port), () -> false)) {
            client.open();
            BenchClient.Counted counted = client.work(Duration.ofMillis(500));
            client.leave();
            assertThat(counted.operations()).isPositive().isLessThanOrEqualTo(counted.all());
            assertThat(counted.nanos()).isPositive();
            assertThat(counted.micros().getValueAtPercentile(50)).isPositive();
        }
    }

    /** The other two try for long. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void failsWhereNobodyAnswers() throws IOException {
        assumeInstalled(ClientKind.AB);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        try (Client client = ClientKind.AB.factory(null).make(Load.of("http-churn-20"), address(port), () -> false)) {
            client.open();
            assertThatIOException().isThrownBy(() -> client.work(Duration.ofSeconds(1)))
                    .withMessageStartingWith("http-churn-20: the client ends with ");
        }
    }

    private static void assumeInstalled(ClientKind kind) {
        assumeThatCode(() -> kind.factory(null)).as("%s is not installed", kind).doesNotThrowAnyException();
    }

    private static InetSocketAddress address(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }

    @Test
    void saysWhichPackageHasTheProgram() {
        assertThatIOException().isThrownBy(() -> ToolClient.require("no-such-tool", "a-package"))
                .withMessage("--client no-such-tool needs the program of that name in PATH; Debian and Ubuntu have it"
                        + " in the package a-package");
    }
}
