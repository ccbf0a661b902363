package org.iocp4j.tls;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What TLS allocates on the Java heap for an echo, once it runs: what the engine does for a record in and a record out,
 * and nothing of ours. The session around is the test's, for a server allocates nothing either (AllocationTest).
 */
@Tag("slow")
@Timeout(300)
class TlsAllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int BATCH = 2_000;
    /** In a row: then it has not been chance. */
    private static final int BATCHES = 5;
    /** For the compiler, which may be slow; before it has compiled all of it, some of it allocates. */
    private static final Duration LONGEST_WARM_UP = Duration.ofSeconds(120);

    @ParameterizedTest
    @CsvSource({"TLSv1.3, 64", "TLSv1.3, 16000", "TLSv1.2, 64"})
    void anEchoAllocatesWhatItsEngineDoes(String protocol, int bytes) throws Exception {
        Bare bare = new Bare(protocol);
        long engines = steadyBytes(() -> echo(bare.client, bare::answer, bytes), Long.MAX_VALUE);
        TlsHandler handler = TlsHandler.server(TestKeys.context()).taskExecutor(Runnable::run)
                .build((session, data) -> session.send(data));
        DirectSession connection = new DirectSession();
        DirectClient client = new DirectClient(protocol, connection.sent);
        DirectClient.Answer answer = () -> connection.receive(handler, client.toServer);
        handler.opened(connection);
        client.shakeHands(answer);
        assertThat(steadyBytes(() -> echo(client, answer, bytes), engines)).as("of %d echoes", BATCH)
                .isLessThanOrEqualTo(engines);
    }

    /** One echo; what it has allocated. */
    private interface Operation {
        long run() throws Exception;
    }

    /** The least of a batch, when it is so few several times or at the end of the time. */
    private static long steadyBytes(Operation operation, long few) throws Exception {
        long deadline = System.nanoTime() + LONGEST_WARM_UP.toNanos();
        long least = Long.MAX_VALUE;
        int same = 0;
        while (same < BATCHES && System.nanoTime() - deadline < 0) {
            long bytes = 0;
            for (int i = 0; i < BATCH; i++) {
                bytes += operation.run();
            }
            same = bytes <= few && bytes >= least ? same + 1 : 0;
            least = Math.min(least, bytes);
        }
        return least;
    }

    /** What the answer to so many bytes has allocated. */
    private static long echo(DirectClient client, DirectClient.Answer answer, int bytes) throws Exception {
        client.encrypt(bytes);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        answer.run();
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertThat(client.decrypt().bytesProduced()).isEqualTo(bytes);
        return allocated;
    }

    /** Nothing but the engine. */
    private static final class Bare {
        private final DirectClient client;
        private final SSLEngine server = TestKeys.context().createSSLEngine();
        private final ByteBuffer decrypted = ByteBuffer.allocate(1 << 15);

        Bare(String protocol) throws Exception {
            client = new DirectClient(protocol, ByteBuffer.allocate(1 << 16));
            server.setUseClientMode(false);
            client.shakeHands(this::answer);
        }

        void answer() throws SSLException {
            do {
                server.unwrap(client.toServer, decrypted.clear());
                for (Runnable task = server.getDelegatedTask(); task != null; task = server.getDelegatedTask()) {
                    task.run();
                }
                decrypted.flip();
                while (decrypted.hasRemaining() || server.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                    server.wrap(decrypted, client.toClient);
                }
            } while (client.toServer.hasRemaining());
        }
    }
}
