package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.FaultPlan.Failures;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which closed channels' sockets serve the next connection, on a simulated kernel. */
@Timeout(60)
class SimulatedReuseTest {
    private static final int BUFFER_BYTES = 1024;
    private static final DomainOptions REUSE = DomainOptions.loop().withReuse(DisconnectMethod.DISCONNECT_EX, 4);

    private SimulatedLoop loop;
    private Channel server;
    private SocketChannel child;
    private int reads;

    @Sharable
    private final class Child extends Seen {
        private final boolean closesAtOnce;

        Child(boolean closesAtOnce) {
            this.closesAtOnce = closesAtOnce;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            child = (SocketChannel) context.channel();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            reads++;
            ReferenceCountUtil.release(message);
            if (closesAtOnce) {
                context.close();
            }
        }
    }

    private void run(boolean closesAtOnce, Runnable test) {
        SimulatedLoop.run(REUSE, on -> {
            loop = on;
            server = loop.listen(new Child(closesAtOnce), bootstrap -> bootstrap.option(IocpChannelOption.ACCEPTS, 1)
                    .childOption(ChannelOption.RCVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(BUFFER_BYTES)));
            test.run();
        });
    }

    private SimulatedClient connected() {
        child = null;
        SimulatedClient client = loop.connect(server);
        assertThat(loop.until(() -> child != null)).as("accepted").isTrue();
        loop.drive(5);
        return client;
    }

    /** The next two connections: the first of them has got its socket before. */
    private long reusedByTheNext() {
        loop.drive(50);
        connected();
        connected();
        return loop.handler().domain().reused();
    }

    @ParameterizedTest
    @CsvSource({"500, 1", "5000, 0"})
    void whatAHandlerHasNotReadIsLeftToNobody(int bytes, long reused) {
        run(true, () -> {
            SimulatedClient client = connected();
            client.send(new byte[bytes]);
            assertThat(loop.until(() -> !child.isOpen())).isTrue();
            assertThat(reads).isOne();
            loop.drive(50);
            client.close();
            SocketChannel before = child;
            assertThat(loop.until(() -> before.closeFuture().isDone())).isTrue();
            assertThat(reusedByTheNext()).isEqualTo(reused);
        });
    }

    @Test
    void whatComesAfterTheCloseIsNotRead() {
        run(false, () -> {
            SimulatedClient client = connected();
            client.send(new byte[10]);
            loop.kernel.sleep(Duration.ofMillis(5)); // its packet is in the port
            child.close();
            assertThat(reusedByTheNext()).isZero();
            assertThat(reads).isZero();
        });
    }

    /** By a receive without a buffer, which says that there is something. */
    @Test
    void whatComesAfterTheCloseOfAQuietConnectionIsNotRead() {
        run(false, () -> {
            SimulatedClient client = connected();
            loop.drive(3_000);
            client.send(new byte[10]);
            loop.kernel.sleep(Duration.ofMillis(5));
            child.close();
            assertThat(reusedByTheNext()).isZero();
        });
    }

    @Test
    void whatIsDroppedByAShutdownIsNotRead() {
        run(false, () -> {
            SimulatedClient client = connected();
            child.config().setAutoRead(false);
            client.send(new byte[10]);
            loop.drive(5);
            child.shutdownInput();
            loop.drive(5);
            child.close();
            assertThat(reusedByTheNext()).isZero();
            assertThat(reads).isZero();
        });
    }

    /** The socket is closed all the same: its receive would end when the peer says so. */
    @Test
    void aRefusedCancelClosesTheConnection() {
        run(false, () -> {
            SimulatedClient client = connected();
            loop.drive(3_000);
            loop.kernel.plan(FaultPlan.CALM.with(new Failures(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0)));
            child.close();
            assertThat(loop.until(() -> client.hasEnded() || client.isReset())).as("ended").isTrue();
            loop.kernel.plan(FaultPlan.CALM);
        });
    }
}
