package org.iocp4j.vertx;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import io.vertx.core.net.TcpConfig;
import io.vertx.core.net.TcpOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.iocp4j.netty.IocpChannelOption;
import org.junit.jupiter.api.Test;

/** Vert.x' options of a socket reach the channel's under the transport's own names. */
class IocpTransportTest {
    private final TcpConfig config = new TcpConfig().setSoKeepAlive(true).setOption(TcpOption.KEEPIDLE, 20)
            .setOption(TcpOption.KEEPCNT, 4).setOption(TcpOption.KEEPINTVL, 0);

    @Test
    void aServersConnectionsGetTheTimesOfTheirKeepAlive() {
        ServerBootstrap bootstrap = new ServerBootstrap();
        new IocpTransport().configure(config, false, bootstrap);
        areSet(bootstrap.config().childOptions());
    }

    @Test
    void aClientsConnectionsDo() {
        Bootstrap bootstrap = new Bootstrap();
        new IocpTransport().configure(config, false, bootstrap);
        areSet(bootstrap.config().options());
    }

    /** 0 is Vert.x' word for what the system has by itself. */
    private static void areSet(Map<ChannelOption<?>, Object> options) {
        Map<ChannelOption<?>, Object> keepAlive = new HashMap<>(options);
        keepAlive.keySet().retainAll(Set.of(ChannelOption.SO_KEEPALIVE, IocpChannelOption.TCP_KEEPIDLE,
                IocpChannelOption.TCP_KEEPCNT, IocpChannelOption.TCP_KEEPINTVL));
        assertThat(keepAlive).isEqualTo(Map.of(ChannelOption.SO_KEEPALIVE, true, IocpChannelOption.TCP_KEEPIDLE, 20,
                IocpChannelOption.TCP_KEEPCNT, 4));
    }
}
