package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.time.Duration;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;

/** A server as it comes, with a gigabyte of reserved addresses. */
class DefaultServerTest {
    @Test
    void servesAsItComes() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.UNRULY).forbidMisuse();
        kernel.run(() -> {
            EchoServer server = EchoServer.start(EchoOptions.defaults(), kernel::attach);
            EchoClient client = new EchoClient(kernel, new SeededRandom(1), EchoClient.Behaviour.POLITE, 30);
            client.connect(server.localAddress());
            assertThat(kernel.until(client::isComplete, Duration.ofSeconds(5))).isTrue();
            server.close();
            kernel.requireNothingLeft();
        });
    }

    @Test
    void aPoolThatTheSystemHasNoSocketsForIsAnErrorAndLeavesNothing() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM).forbidMisuse().socketLimit(100);
        kernel.run(() -> {
            assertThatIOException().isThrownBy(() -> EchoServer.start(EchoOptions.defaults(), kernel::attach))
                    .withMessage("WSASocketW: WSAEMFILE (10024), socket 101 of the pool's 256");
            kernel.requireNothingLeft();
        });
    }
}
