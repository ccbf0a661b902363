package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.iocp4j.server.ServerOptions.Builder;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ServerOptionsTest {
    private static Arguments option(String name, BiFunction<Builder, Integer, Builder> set, int least, int most) {
        return Arguments.of(name, set, least, most);
    }

    static Stream<Arguments> ranges() {
        return Stream.of(
                option("workers", Builder::workers, 1, 1024),
                option("ports", (b, value) -> b.workers(1024).ports(value), 1, 128),
                option("concurrency", Builder::concurrency, 0, 1024),
                option("acceptsPosted", Builder::acceptsPosted, 1, 10_000),
                option("pool", Builder::pool, 0, 100_000),
                option("maxSessions", Builder::maxSessions, 1, 1_000_000),
                option("bufferBytes", (b, value) -> b.maxSessions(1).bufferBytes(value).sendQueueBytes(1 << 24),
                        64, 1 << 20),
                option("sendQueueFiles", Builder::sendQueueFiles, 1, 1024),
                option("maxActions", Builder::maxActions, 1, 1_000_000),
                option("sendQueueBytes", (b, value) -> b.maxSessions(1).bufferBytes(64).sendQueueBytes(value),
                        64, 1 << 24));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ranges")
    void numberOutsideItsRangeIsRefusedByNameValueAndRange(
            String name, BiFunction<Builder, Integer, Builder> set, int least, int most) {
        for (int wrong : new int[] {least - 1, most + 1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> set.apply(ServerOptions.builder(), wrong).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(name + ": " + wrong + " is not from " + least + " to " + most);
        }
        for (int right : new int[] {least, most}) {
            assertThatCode(() -> set.apply(ServerOptions.builder(), right).build()).doesNotThrowAnyException();
        }
    }

    private static Arguments time(String name, BiFunction<Builder, Duration, Builder> set, Duration least) {
        return Arguments.of(name, set, least);
    }

    static Stream<Arguments> times() {
        return Stream.of(
                time("idleTime", Builder::idleTime, Duration.ZERO),
                time("disconnectTime", Builder::disconnectTime, Duration.ofMillis(100)),
                time("drainTime", Builder::drainTime, Duration.ZERO));
    }

    /**
     * {@code FOREVER} among them: the server counts in nanoseconds, and a worker would end with an ArithmeticException.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("times")
    void timeOutsideItsRangeIsRefusedByNameValueAndRange(
            String name, BiFunction<Builder, Duration, Builder> set, Duration least) {
        Duration most = Duration.ofDays(1);
        for (Duration wrong : List.of(least.minusNanos(1), most.plusNanos(1), ChronoUnit.FOREVER.getDuration())) {
            assertThatThrownBy(() -> set.apply(ServerOptions.builder(), wrong).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(name + ": " + wrong + " is not from " + least + " to " + most);
        }
        for (Duration right : List.of(least, most)) {
            assertThatCode(() -> set.apply(ServerOptions.builder(), right).build()).doesNotThrowAnyException();
        }
    }

    @Test
    void moreBuffersThanThereCanBeAreRefused() {
        Builder most = ServerOptions.builder().maxSessions(1_000_000).bufferBytes(64).sendQueueBytes(1 << 24);
        assertThatThrownBy(most::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("maxSessions", "1000000", "sendQueueBytes", "16777216", "bufferBytes", "64");
        ServerOptions options = ServerOptions.builder().maxSessions(10).bufferBytes(100).sendQueueBytes(1050).build();
        assertThat(options.group().buffers()).as("for each one to receive, and 11 to send")
                .isGreaterThanOrEqualTo(10 * 12);
    }

    @Test
    void thereIsAPortForEveryEightWorkers() {
        int[][] portsByWorkers = {{1, 1}, {8, 1}, {9, 2}, {16, 2}, {17, 3}, {1024, 128}};
        for (int[] pair : portsByWorkers) {
            assertThat(ServerOptions.builder().workers(pair[0]).build().ports()).as("%d workers", pair[0])
                    .isEqualTo(pair[1]);
        }
    }

    @Test
    void morePortsThanWorkersAreRefused() {
        assertThat(ServerOptions.builder().workers(3).ports(3).build().ports()).isEqualTo(3);
        assertThatThrownBy(() -> ServerOptions.builder().workers(3).ports(4).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ports: 4 is more than workers, 3: each port needs one");
    }

    @Test
    void anAddressThatIsNotResolvedIsRefused() {
        InetSocketAddress unknown = InetSocketAddress.createUnresolved("nowhere.invalid", 7);
        assertThatThrownBy(() -> ServerOptions.builder().address(unknown).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("address: the host name nowhere.invalid was not resolved to an address");
    }

    /** Whichever of the two was set. */
    @Test
    void aQueueThatIsSmallerThanABufferIsRefused() {
        assertThatThrownBy(() -> ServerOptions.builder().bufferBytes(1 << 17).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bufferBytes: 131072 is more than sendQueueBytes, 65536: a send queue holds one buffer"
                        + " at least");
        assertThatThrownBy(() -> ServerOptions.builder().sendQueueBytes(8_191).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("8192").hasMessageContaining("sendQueueBytes, 8191");
    }

    @Test
    void whatAllSessionsTogetherMayNeedIsBounded() {
        Builder options = ServerOptions.builder().maxSessions(1_000_000).bufferBytes(1_000);
        assertThat(options.sendQueueBytes(13_000).build().maxSessions()).isEqualTo(1_000_000);
        assertThatThrownBy(() -> options.sendQueueBytes(14_000).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("maxSessions: 1000000 with sendQueueBytes 14000 and bufferBytes 1000 takes more than"
                        + " 16777216 buffers: maxSessions x (sendQueueBytes / bufferBytes + 3)");
    }

    @Test
    void negativeSocketSendBufferIsRefused() {
        assertThatThrownBy(() -> ServerOptions.builder().socketSendBufferBytes(-1).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("socketSendBufferBytes: -1 ");
        assertThat(ServerOptions.builder().socketSendBufferBytes(0).build().socketSendBufferBytes()).hasValue(0);
    }

    @Test
    void withoutASettingItListensOnAFreePortOfTheLoopbackAddress() {
        ServerOptions options = ServerOptions.defaults();
        assertThat(options.address().getAddress().isLoopbackAddress()).isTrue();
        assertThat(options.address().getPort()).isZero();
        assertThat(options.disconnectMethod()).isEmpty();
        assertThat(options.socketSendBufferBytes()).isEmpty();
        assertThat(options.workers()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void eachSettingArrivesInItsOption() {
        Executor executor = Runnable::run;
        ServerOptions options = ServerOptions.builder().port(7).workers(3).ports(2).concurrency(4).acceptsPosted(5)
                .pool(6).maxSessions(8).bufferBytes(900).sendQueueBytes(1000).sendQueueFiles(17).maxActions(18)
                .lendBytes(1L << 33)
                .idleTime(Duration.ofSeconds(11))
                .disconnectTime(Duration.ofSeconds(12)).closeTime(Duration.ofSeconds(15))
                .lingerTime(Duration.ofSeconds(16)).drainTime(Duration.ofSeconds(13))
                .disconnectMethod(DisconnectMethod.GRACEFUL).reuseLatest(true).listenerLinger(true)
                .socketSendBufferBytes(14).onWorkerFailure(OnWorkerFailure.STOP).handlerExecutor(executor).build();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 7);
        assertThat(options).isEqualTo(new ServerOptions(address, 3, 2, 4, 5, 6, 8, 900, 1000, 17, 18, 1L << 33,
                Duration.ofSeconds(11), Duration.ofSeconds(12), Duration.ofSeconds(15), Duration.ofSeconds(16),
                Duration.ofSeconds(13), Optional.of(DisconnectMethod.GRACEFUL), true, true, OptionalInt.of(14),
                OnWorkerFailure.STOP, Optional.of(executor)));
    }

    /** On every platform: before anything else is looked at. */
    @Test
    void whatIsNullIsNamed() {
        ServerOptions options = ServerOptions.defaults();
        SessionHandler handler = (session, data) -> { };
        assertThatThrownBy(() -> IocpServer.start(handler, null)).hasMessage("options is null");
        assertThatThrownBy(() -> IocpServer.start(null, options)).hasMessage("handler is null");
        assertThatThrownBy(() -> ServerOptions.builder().address(null).build()).hasMessage("address is null");
        assertThatThrownBy(() -> ServerOptions.builder().idleTime(null).build()).hasMessage("idleTime is null");
        assertThatThrownBy(() -> ServerOptions.builder().disconnectTime(null).build())
                .hasMessage("disconnectTime is null");
        assertThatThrownBy(() -> ServerOptions.builder().closeTime(null)).hasMessage("closeTime is null");
        assertThatThrownBy(() -> ServerOptions.builder().drainTime(null).build()).hasMessage("drainTime is null");
        assertThatThrownBy(() -> ServerOptions.builder().disconnectMethod(null)).hasMessage("disconnectMethod is null");
        assertThatThrownBy(() -> ServerOptions.builder().onWorkerFailure(null).build())
                .hasMessage("onWorkerFailure is null");
        assertThatThrownBy(() -> ServerOptions.builder().handlerExecutor(null)).hasMessage("handlerExecutor is null");
    }

    @Test
    void theCloseTimeIsNotBelowTheDisconnectTime() {
        assertThatThrownBy(() -> ServerOptions.builder().disconnectTime(Duration.ofSeconds(9))
                .closeTime(Duration.ofSeconds(8)).build())
                .hasMessage("closeTime: PT8S is below disconnectTime, PT9S");
        assertThat(ServerOptions.builder().disconnectTime(Duration.ofMinutes(2)).build().closeTime())
                .isEqualTo(Duration.ofMinutes(2));
    }
}
