package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;

/** The options of a group, its listeners and its connects; those that a server has too are tested as the server's. */
class GroupOptionsTest {
    private static final Executor EXECUTOR = Runnable::run;

    @Test
    void eachSettingArrivesInItsOption() {
        assertThat(GroupOptions.builder().workers(3).ports(2).concurrency(4).pool(6).maxSessions(8).maxAcceptsPosted(9)
                .bufferBytes(900).sendQueueBytes(1000).sendQueueFiles(17).maxActions(18).lendBytes(1L << 33)
                .disconnectTime(Duration.ofSeconds(12))
                .lingerTime(Duration.ofSeconds(10)).drainTime(Duration.ofSeconds(13))
                .disconnectMethod(DisconnectMethod.GRACEFUL).reuseLatest(true)
                .onWorkerFailure(OnWorkerFailure.STOP).handlerExecutor(EXECUTOR).build())
                .isEqualTo(new GroupOptions(3, 2, 4, 6, 8, 9, 900, 1000, 17, 18, 1L << 33, Duration.ofSeconds(12),
                        Duration.ofSeconds(10), Duration.ofSeconds(13), Optional.of(DisconnectMethod.GRACEFUL), true,
                        OnWorkerFailure.STOP, Optional.of(EXECUTOR)));
        AcceptFilter filter = (remote, local) -> true;
        assertThat(ListenOptions.builder().acceptsPosted(5).idleTime(Duration.ofSeconds(11))
                .closeTime(Duration.ofSeconds(15))
                .sendQueueBytes(100).socketSendBufferBytes(14).filter(filter).build())
                .isEqualTo(new ListenOptions(5, Duration.ofSeconds(11), Optional.of(Duration.ofSeconds(15)),
                        OptionalInt.of(100), OptionalInt.of(14), Optional.of(filter)));
        InetSocketAddress local = new InetSocketAddress("127.0.0.1", 0);
        assertThat(ConnectOptions.builder().localAddress(local).connectTime(Duration.ofSeconds(9))
                .idleTime(Duration.ofSeconds(11)).closeTime(Duration.ofSeconds(15)).sendQueueBytes(100)
                .socketSendBufferBytes(14).build())
                .isEqualTo(new ConnectOptions(Optional.of(local), Duration.ofSeconds(9), Duration.ofSeconds(11),
                        Optional.of(Duration.ofSeconds(15)), OptionalInt.of(100), OptionalInt.of(14)));
    }

    /** So that a server and a group with one listener are the same, but that a server has its own accepts besides. */
    @Test
    void theDefaultsAreAServers() {
        ServerOptions server = ServerOptions.defaults();
        GroupOptions group = GroupOptions.builder().maxAcceptsPosted(10_000 + server.acceptsPosted()).build();
        assertThat(server.group()).isEqualTo(group);
        assertThat(GroupOptions.defaults().maxAcceptsPosted()).isEqualTo(10_000);
        ListenOptions listener = server.listen();
        SessionHandler handler = (session, data) -> { };
        assertThat(ListenOptions.defaults().acceptsPosted()).isEqualTo(listener.acceptsPosted());
        assertThat(SessionSettings.accepted(handler, ListenOptions.defaults(), group, DisconnectMethod.DISCONNECT_EX))
                .isEqualTo(SessionSettings.accepted(handler, listener, group, DisconnectMethod.DISCONNECT_EX));
    }

    /** Nobody who has a server could say that there is to be room. */
    @Test
    void aServerHasRoomForAFurtherListenersAccepts() {
        assertThat(ServerOptions.builder().acceptsPosted(10_000).build().group().maxAcceptsPosted()).isEqualTo(20_000);
    }

    @Test
    void whatIsOutOfItsRangeIsRefused() {
        assertThatThrownBy(() -> GroupOptions.builder().maxAcceptsPosted(0).build())
                .hasMessage("maxAcceptsPosted: 0 is not from 1 to 1000000");
        assertThatThrownBy(() -> GroupOptions.builder().sendQueueFiles(0).build())
                .hasMessage("sendQueueFiles: 0 is not from 1 to 1024");
        assertThatThrownBy(() -> GroupOptions.builder().lendBytes(-1).build())
                .hasMessage("lendBytes: -1 is not from 0 to 1099511627776");
        assertThatThrownBy(() -> ListenOptions.builder().acceptsPosted(10_001).build())
                .hasMessage("acceptsPosted: 10001 is not from 1 to 10000");
        assertThatThrownBy(() -> ListenOptions.builder().idleTime(Duration.ofDays(2)).build())
                .hasMessage("idleTime: PT48H is not from PT0S to PT24H");
        assertThatThrownBy(() -> ListenOptions.builder().socketSendBufferBytes(-1).build())
                .hasMessageStartingWith("socketSendBufferBytes: -1 ");
        assertThatThrownBy(() -> ConnectOptions.builder().connectTime(Duration.ZERO).build())
                .hasMessage("connectTime: PT0S is not from PT0.001S to PT24H");
        assertThatThrownBy(() -> ConnectOptions.builder()
                .localAddress(InetSocketAddress.createUnresolved("nowhere.invalid", 1)).build())
                .hasMessage("localAddress: the host name nowhere.invalid was not resolved to an address");
    }

    @Test
    void whatIsNullIsNamed() {
        assertThatThrownBy(() -> IocpGroup.start(null)).hasMessage("options is null");
        assertThatThrownBy(() -> GroupOptions.builder().drainTime(null).build()).hasMessage("drainTime is null");
        assertThatThrownBy(() -> ListenOptions.builder().closeTime(null)).hasMessage("closeTime is null");
        assertThatThrownBy(() -> ListenOptions.builder().filter(null)).hasMessage("filter is null");
        assertThatThrownBy(() -> ListenOptions.builder().idleTime(null).build()).hasMessage("idleTime is null");
        assertThatThrownBy(() -> ConnectOptions.builder().localAddress(null)).hasMessage("localAddress is null");
        assertThatThrownBy(() -> ConnectOptions.builder().connectTime(null).build()).hasMessage("connectTime is null");
    }
}
