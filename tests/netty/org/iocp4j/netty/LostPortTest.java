package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.util.function.Consumer;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Other code closes a loop's port: its channels hear of it, and end. */
@Timeout(60)
class LostPortTest {
    private Channel child;

    @Sharable
    private final class Child extends Seen {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            child = context.channel();
            super.channelActive(context);
        }
    }

    private final Child seen = new Child();

    private void run(boolean reuses, Consumer<SimulatedLoop> test) {
        DomainOptions options = DomainOptions.loop();
        SimulatedLoop.run(reuses ? options.withReuse(DisconnectMethod.DISCONNECT_EX, 4) : options, test);
    }

    private Channel listen(SimulatedLoop loop) {
        return loop.listen(seen, bootstrap -> bootstrap.option(IocpChannelOption.ACCEPTS, 1));
    }

    /** A client that does not read holds a send up. */
    private ChannelFuture writeWhatIsNotRead(SimulatedLoop loop, Channel server) {
        SimulatedClient client = loop.connect(server).window(100);
        client.stopReading();
        assertThat(loop.until(() -> child != null)).isTrue();
        ChannelFuture written = child.writeAndFlush(Unpooled.directBuffer(1 << 20).writeZero(1 << 20));
        loop.drive(10);
        assertThat(written.isDone()).isFalse();
        return written;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachChannelIsClosed(boolean reuses) {
        run(reuses, loop -> {
            Channel server = listen(loop);
            ChannelFuture written = writeWhatIsNotRead(loop, server);
            loop.kernel.losePort(0);
            loop.drive(20);
            assertThat(child.closeFuture().isDone()).as("the connection is closed").isTrue();
            assertThat(server.closeFuture().isDone()).as("the listener is closed").isTrue();
            assertThat(written.cause()).isInstanceOf(IOException.class);
            assertThat(seen.failures).singleElement().satisfies(e -> assertThat(e).isInstanceOf(IOException.class)
                    .hasMessageContaining("completion port was closed"));
            loop.drive(5);
            assertThat(seen.events).contains("inactive", "unregistered");
            assertThat(loop.kernel.openSockets()).as("the accept's, until the loop ends").isOne();
        });
    }

    /** It waits for a send, whose packet is in the port. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aCloseThatIsUnderWayEnds(boolean byTheLoopsEnd) {
        run(false, loop -> {
            Channel server = listen(loop);
            ChannelFuture written = writeWhatIsNotRead(loop, server);
            ChannelFuture closed = child.close();
            assertThat(closed.isDone()).isFalse();
            loop.kernel.losePort(0);
            if (byTheLoopsEnd) {
                loop.end();
            } else {
                loop.drive(20);
            }
            assertThat(closed.isDone()).isTrue();
            assertThat(child.closeFuture().isDone()).isTrue();
            assertThat(written.isSuccess()).isFalse();
            assertThat(written.isDone()).isTrue();
        });
    }
}
