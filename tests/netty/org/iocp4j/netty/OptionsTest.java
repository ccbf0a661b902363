package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.iocp4j.FullListener;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Bed.Ends;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Options of sockets, before there is one and afterwards; the same for Netty's NIO transport. */
@NeedsCompletionPorts
@Timeout(120)
class OptionsTest {
    private static final Map<ChannelOption<?>, Object> OTHERS = Map.of(ChannelOption.SO_KEEPALIVE, true,
            ChannelOption.TCP_NODELAY, false, ChannelOption.SO_RCVBUF, 70_000, ChannelOption.SO_SNDBUF, 80_000,
            ChannelOption.SO_LINGER, 3, ChannelOption.SO_REUSEADDR, true, ChannelOption.ALLOW_HALF_CLOSURE, true,
            ChannelOption.AUTO_READ, false, ChannelOption.CONNECT_TIMEOUT_MILLIS, 1234,
            ChannelOption.WRITE_SPIN_COUNT, 7);

    @SuppressWarnings("unchecked")
    private static void setOthers(Channel channel) {
        OTHERS.forEach((option, value) -> assertThat(
                channel.config().setOption((ChannelOption<Object>) option, value)).as("%s", option).isTrue());
    }

    private static void assertOthers(Channel channel) {
        OTHERS.forEach((option, value) -> assertThat((Object) channel.config().getOption(option))
                .as("%s", option).isEqualTo(value));
        assertThat(channel.config().getOptions()).containsAllEntriesOf(OTHERS);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void optionsAreKeptBeforeAndAfterTheRegistration(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel early = transport.clientClass.getConstructor().newInstance();
            setOthers(early);
            assertOthers(early);
            bed.group.register(early).sync();
            assertOthers(early);
            Channel late = bed.client(Bed.nothing()).register().sync().channel();
            assertThat(late.config().getOption(ChannelOption.TCP_NODELAY)).isTrue();
            assertThat(late.config().getOption(ChannelOption.SO_LINGER)).isEqualTo(-1);
            assertThat(late.config().getOption(ChannelOption.SO_KEEPALIVE)).isFalse();
            setOthers(late);
            assertOthers(late);
            early.close().sync();
            late.close().sync();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void optionsAreKeptDuringAConnect(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); FullListener full = new FullListener()) {
            Channel channel = bed.client(Bed.nothing()).register().sync().channel();
            var connect = channel.connect(full.address());
            Bed.turns(channel);
            setOthers(channel);
            assertOthers(channel);
            full.accept();
            assertThat(connect.await(Bed.SECONDS, TimeUnit.SECONDS)).isTrue();
            assertOthers(channel);
            channel.close().sync();
        }
    }

    /** They are still there when the socket is connected, and on accepted ones. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void optionsReachTheConnection(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport);
                Ends client = bed.connected(Bed.nothing(), bootstrap -> bootstrap
                        .option(ChannelOption.TCP_NODELAY, false).option(ChannelOption.SO_KEEPALIVE, true));
                Ends child = bed.accepted(Bed.nothing(), server -> server
                        .childOption(ChannelOption.TCP_NODELAY, false)
                        .childOption(ChannelOption.SO_KEEPALIVE, true))) {
            for (Channel channel : new Channel[] {client.channel(), child.channel()}) {
                assertThat(channel.config().getOption(ChannelOption.TCP_NODELAY)).isFalse();
                assertThat(channel.config().getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
                assertThat(channel.config().getOption(ChannelOption.SO_RCVBUF)).isPositive();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void wrongValuesAreRefused(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.connected(Bed.nothing())) {
            Channel early = transport.clientClass.getConstructor().newInstance();
            for (Channel channel : new Channel[] {early, ends.channel()}) {
                var config = ((SocketChannel) channel).config();
                assertThatThrownBy(() -> config.setReceiveBufferSize(0)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> config.setSendBufferSize(-1)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> config.setTrafficClass(256)).isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> config.setOption(ChannelOption.SO_LINGER, null))
                        .isInstanceOf(NullPointerException.class);
                config.setSoLinger(1_000_000);
                assertThat(config.getSoLinger()).isEqualTo(65_535);
                config.setSoLinger(-7);
                assertThat(config.getSoLinger()).isEqualTo(-1);
                assertThat(config.setOption(ChannelOption.IP_MULTICAST_TTL, 3)).as("unknown").isFalse();
            }
            early.unsafe().closeForcibly();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aClosedChannelHasNoOptions(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport); Ends ends = bed.connected(Bed.nothing())) {
            ends.channel().close().sync();
            assertThat(catchThrowable(() -> ends.channel().config().setOption(ChannelOption.SO_KEEPALIVE, true)))
                    .isInstanceOf(ChannelException.class);
            assertThat(catchThrowable(() -> ends.channel().config().getOption(ChannelOption.SO_KEEPALIVE)))
                    .isInstanceOf(ChannelException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void aServerKeepsItsOptions(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            ServerSocketChannel server = (ServerSocketChannel) bed.server(Bed.nothing())
                    .option(ChannelOption.SO_BACKLOG, 33).option(ChannelOption.SO_RCVBUF, 60_000)
                    .option(ChannelOption.SO_REUSEADDR, true).bind(Bed.loopback()).sync().channel();
            assertThat(server.config().getOption(ChannelOption.SO_BACKLOG)).isEqualTo(33);
            assertThat(server.config().getOption(ChannelOption.SO_RCVBUF)).isEqualTo(60_000);
            assertThat(server.config().getOption(ChannelOption.SO_REUSEADDR)).isTrue();
            assertThatThrownBy(() -> server.config().setBacklog(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> server.config().setReceiveBufferSize(0))
                    .isInstanceOf(IllegalArgumentException.class);
            server.close().sync();
        }
    }

    @Test
    void oursHaveTheirOwn() throws Exception {
        try (Bed bed = new Bed(Transport.IOCP); Ends ends = bed.connected(Bed.nothing(), client -> client
                .option(IocpChannelOption.TCP_KEEPIDLE, 100))) {
            Channel server = bed.server(Bed.nothing()).option(IocpChannelOption.ACCEPTS, 3).bind(Bed.loopback())
                    .sync().channel();
            assertThat(server.config().getOption(IocpChannelOption.ACCEPTS)).isEqualTo(3);
            assertThat(server.config().getOptions()).containsEntry(IocpChannelOption.ACCEPTS, 3);
            assertThatThrownBy(() -> server.config().setOption(IocpChannelOption.ACCEPTS, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(ends.channel().config().setOption(IocpChannelOption.ACCEPTS, 3)).isFalse();
            assertThat(ends.channel().config().getOption(IocpChannelOption.TCP_KEEPIDLE)).as("Wine has none [wine]")
                    .isIn(null, 100);
            assertThat(ends.channel().config().setOption(IocpChannelOption.TCP_KEEPCNT, 5))
                    .isEqualTo(ends.channel().config().getOption(IocpChannelOption.TCP_KEEPCNT) != null);
        }
    }
}
