package org.iocp4j.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A handler that an executor calls: meanwhile the connection sends on, and there is room at any moment. */
class TlsRoomTest {
    private static final int MORE_THAN_HALF = 40_000;
    private static final int BYTES = 100;

    private final DirectSession connection = new DirectSession();
    private int received;
    private int looks;

    /** Between two looks at the queue, whichever: the input goes on. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_000})
    void roomThatComesWhileNobodyLooksIsUsed(int looksBefore) throws Exception {
        TlsHandler handler = TlsHandler.server(TestKeys.context()).taskExecutor(Runnable::run)
                .build((session, data) -> {
                    received += data.remaining();
                    data.position(data.limit());
                });
        DirectClient client = new DirectClient("TLSv1.3", connection.sent);
        handler.opened(connection);
        client.shakeHands(() -> connection.receive(handler, client.toServer));
        connection.wantsRoom = false;
        client.encrypt(BYTES);
        connection.queued = () -> looks++ < looksBefore ? MORE_THAN_HALF : 0;
        connection.receive(handler, client.toServer);
        looks = looksBefore;
        if (connection.wantsRoom) {
            handler.writable(connection);
            connection.receive(handler, client.toServer); // what was left unread
        }
        assertThat(received).isEqualTo(BYTES);
        assertThat(connection.paused).isFalse();
    }
}
