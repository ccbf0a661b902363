package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.FaultPlan.Failures;
import org.iocp4j.socket.DomainOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many connections a listening channel takes, on a simulated kernel. */
@Timeout(60)
class SimulatedListenerTest {
    private static final int ACCEPTS = 4;
    private static final int CLIENTS = 50;

    /** Passes no read on after a connection, as a handler does that limits their number. */
    private static final class Limiter extends ChannelDuplexHandler {
        private boolean withholds = true;
        private int accepted;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            accepted++;
            context.fireChannelRead(message);
        }

        @Override
        public void read(ChannelHandlerContext context) {
            if (accepted == 0 || !withholds) {
                context.read();
            }
        }
    }

    private final Limiter limiter = new Limiter();

    private Channel listen(SimulatedLoop loop, int accepts) {
        return loop.listen(Bed.nothing(), bootstrap -> bootstrap.handler(limiter)
                .option(IocpChannelOption.ACCEPTS, accepts).option(ChannelOption.SO_BACKLOG, 2 * CLIENTS));
    }

    @Test
    void whoseReadsAreWithheldAcceptsNoMore() {
        SimulatedLoop.run(DomainOptions.loop(), loop -> {
            Channel server = listen(loop, ACCEPTS);
            for (int i = 0; i < CLIENTS; i++) {
                loop.connect(server);
                loop.drive(2);
            }
            assertThat(limiter.accepted).isOne();
            assertThat(loop.kernel.openSockets()).isLessThanOrEqualTo(2 * ACCEPTS + 2); // the listener's is one
            limiter.withholds = false;
            server.read();
            assertThat(loop.until(() -> limiter.accepted == CLIENTS)).as("accepts on").isTrue();
        });
    }

    /** An accept that auto-read has left fails: the read still brings a connection, and no more than it. */
    @Test
    void aReadOutlivesTheAcceptThatItFinds() {
        limiter.withholds = false;
        SimulatedLoop.run(DomainOptions.loop(), loop -> {
            Channel server = listen(loop, 1);
            server.config().setAutoRead(false);
            server.read();
            loop.kernel.plan(FaultPlan.CALM.with(new Failures(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)));
            loop.connect(server);
            loop.drive(5);
            loop.kernel.plan(FaultPlan.CALM);
            assertThat(limiter.accepted).isZero();
            for (int i = 1; i <= 5; i++) {
                int now = i;
                loop.connect(server);
                loop.connect(server);
                assertThat(loop.until(() -> limiter.accepted == now)).as("accepts after its read").isTrue();
                loop.drive(5);
                assertThat(limiter.accepted).isEqualTo(i);
                server.read();
            }
        });
    }
}
