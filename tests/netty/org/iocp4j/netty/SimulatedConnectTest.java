package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.iocp4j.socket.DomainOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Options that are set while a channel connects, on a simulated kernel. */
@Timeout(60)
class SimulatedConnectTest {
    private static final Duration LONG = Duration.ofSeconds(1);

    /** As another thread may do it, before the loop has noted that it connects. */
    @Test
    void whatIsSetBeforeConnectExHasReturnedIsSetOnTheConnection() {
        AtomicReference<Channel> channel = new AtomicReference<>();
        SimulatedLoop.run(DomainOptions.loop(), (kernel, method, arguments, call) -> {
            Object outcome = call.call();
            if (method.equals("connectEx")) {
                kernel.sleep(LONG); // it is connected by then
                assertThat(channel.get().config().setOption(ChannelOption.SO_KEEPALIVE, true)).isTrue();
            }
            return outcome;
        }, loop -> {
            Channel server = loop.listen(Bed.nothing(), bootstrap -> { });
            channel.set(loop.client());
            ChannelFuture connected = channel.get().connect(server.localAddress());
            assertThat(channel.get().config().getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
            assertThat(loop.until(connected::isDone)).isTrue();
            assertThat(connected.isSuccess()).isTrue();
            assertThat(channel.get().config().getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
        });
    }

    @Test
    void anOptionThatThrowsDoesNotLoseTheConnect() {
        AtomicBoolean hasThrown = new AtomicBoolean();
        SimulatedLoop.run(DomainOptions.loop(), (kernel, method, arguments, call) -> {
            if (method.equals("setsockopt") && arguments[2].equals(SO_KEEPALIVE())) {
                hasThrown.set(true);
                throw new StackOverflowError("a test's");
            }
            return call.call();
        }, loop -> {
            Channel server = loop.listen(Bed.nothing(), bootstrap -> { });
            Channel channel = loop.client();
            ChannelFuture connected = channel.connect(server.localAddress());
            channel.config().setOption(ChannelOption.SO_KEEPALIVE, true);
            assertThat(loop.until(connected::isDone)).isTrue();
            assertThat(connected.isSuccess()).isTrue();
            assertThat(hasThrown).isTrue();
        });
    }
}
