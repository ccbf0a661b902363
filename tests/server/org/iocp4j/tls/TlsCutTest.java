package org.iocp4j.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngineResult.Status;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection that fails while something is queued in it: its peer may not take what has come for all. */
class TlsCutTest {
    private final DirectSession connection = new DirectSession();
    private SessionRef ref;
    private CloseReason reason;

    /** The client's FIN overtakes the wake of another thread that has just sent. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsTakenAndLostIsFollowedByNoCloseNotify(boolean isSomethingQueued) throws Exception {
        TlsHandler handler = TlsHandler.server(TestKeys.context()).taskExecutor(Runnable::run)
                .build(new SessionHandler() {
                    @Override
                    public void opened(Session session) {
                        ref = session.ref();
                    }

                    @Override
                    public void received(Session session, ByteBuffer data) {
                        throw new AssertionError("nothing comes");
                    }

                    @Override
                    public void closed(Session session, CloseReason why, Throwable failure) {
                        reason = why;
                    }
                });
        DirectClient client = new DirectClient("TLSv1.3", connection.sent);
        handler.opened(connection);
        client.shakeHands(() -> connection.receive(handler, client.toServer));
        if (isSomethingQueued) {
            assertThat(ref.send(ByteBuffer.allocate(10))).isEqualTo(SendResult.TAKEN);
        }
        handler.inputEnded(connection);
        assertThat(client.decrypt().getStatus()).isEqualTo(isSomethingQueued ? Status.BUFFER_UNDERFLOW : Status.CLOSED);
        assertThat(connection.aborted).isEqualTo(isSomethingQueued);
        assertThat(connection.disconnected).isEqualTo(!isSomethingQueued);
        handler.closed(connection, CloseReason.DISCONNECTED, null);
        assertThat(reason).isEqualTo(CloseReason.TLS_FAILED);
    }
}
