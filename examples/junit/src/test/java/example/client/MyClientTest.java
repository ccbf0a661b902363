package example.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.iocp4j.echo.EchoEvent;
import org.iocp4j.echo.Fault;
import org.iocp4j.echo.Faults;
import org.iocp4j.junit.EchoEvents;
import org.iocp4j.junit.IocpEcho;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MyClientTest {
    @RegisterExtension
    static final IocpEcho echo = IocpEcho.builder().build(); // a free port, one server for all tests here

    @Test
    void getsItsEcho() throws IOException {
        try (MyClient client = new MyClient(echo.address())) {
            assertEquals(42, client.ask(42));
        }
    }

    @Test
    void doesNotWaitForEver() throws IOException {
        try (MyClient client = new MyClient(echo.address());
                var late = echo.faults().add(Fault.latency(Duration.ofMinutes(1)))) {
            assertThrows(SocketTimeoutException.class, () -> client.ask(42));
            assertEquals(1, late.count());
        }
    }

    @Test
    void noticesThatTheServerEnds(Faults faults, EchoEvents events) throws Exception {
        try (MyClient client = new MyClient(echo.address()); var end = faults.add(Fault.halfClose(1))) {
            assertEquals(1, client.ask(1));
            assertThrows(IOException.class, () -> client.ask(2));
        }
        var ended = events.await(EchoEvent.Disconnected.class, event -> event.by() == EchoEvent.Side.SERVER);
        assertEquals(EchoEvent.How.FIN, ended.how());
    }
}
