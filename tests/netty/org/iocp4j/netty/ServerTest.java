package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a listening channel accepts, and when; the same for Netty's NIO transport. */
@NeedsCompletionPorts
@Timeout(120)
class ServerTest {
    private final AtomicInteger accepted = new AtomicInteger();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    private final class Counts extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            accepted.incrementAndGet();
            context.fireChannelRead(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
        }
    }

    private static Socket connect(Channel listener) throws Exception {
        Socket peer = new Socket();
        peer.setSoTimeout(Bed.SECONDS * 1000);
        peer.connect(listener.localAddress());
        return peer;
    }

    /** Each read accepts at least one connection and at most what is there; nothing is lost meanwhile. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void withoutAutoReadEachReadAccepts(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel listener = bed.server(Bed.nothing()).handler(new Counts()).option(ChannelOption.AUTO_READ, false)
                    .bind(Bed.loopback()).sync().channel();
            List<Socket> peers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                peers.add(connect(listener));
            }
            Bed.turns(listener);
            assertThat(accepted).hasValue(0);
            listener.read();
            Bed.await(() -> assertThat(accepted.get()).isPositive());
            Bed.await(() -> {
                listener.read();
                assertThat(accepted).hasValue(5);
            });
            for (Socket peer : peers) {
                peer.close();
            }
            assertThat(failures).isEmpty();
        }
    }

    /** Asked for before the bind. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aReadBeforeTheBindCounts(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel listener = bed.server(Bed.nothing()).handler(new Counts()).option(ChannelOption.AUTO_READ, false)
                    .register().sync().channel();
            listener.read();
            listener.bind(Bed.loopback()).sync();
            try (Socket peer = connect(listener)) {
                Bed.await(() -> assertThat(accepted).hasValue(1));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void whatIsAcceptedAfterAutoReadWentOffWaits(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel listener = bed.server(Bed.nothing()).handler(new Counts()).bind(Bed.loopback()).sync().channel();
            connect(listener).close();
            Bed.await(() -> assertThat(accepted).hasValue(1));
            listener.config().setAutoRead(false);
            Bed.turns(listener);
            List<Socket> peers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                peers.add(connect(listener));
            }
            Bed.turns(listener);
            assertThat(accepted).hasValue(1);
            listener.config().setAutoRead(true);
            Bed.await(() -> assertThat(accepted).hasValue(21));
            for (Socket peer : peers) {
                peer.close();
            }
            assertThat(failures).isEmpty();
        }
    }

    /** It accepts again when it is registered again. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aListenerIsRegisteredAgain(Transport transport) throws Exception {
        try (Bed bed = new Bed(transport)) {
            Channel listener = bed.server(Bed.nothing()).handler(new Counts()).bind(Bed.loopback()).sync().channel();
            connect(listener).close();
            Bed.await(() -> assertThat(accepted).hasValue(1));
            listener.deregister().sync();
            assertThat(listener.isRegistered()).isFalse();
            bed.group.next().register(listener).sync();
            try (Socket peer = connect(listener)) {
                Bed.await(() -> assertThat(accepted).hasValue(2));
            }
        }
    }

    /** A storm over several loops: each client is served, each end is seen. */
    @ParameterizedTest
    @EnumSource(Transport.class)
    void aStormOfClientsIsServed(Transport transport) throws Exception {
        AtomicInteger ended = new AtomicInteger();
        try (Bed bed = new Bed(transport, 3)) {
            Channel listener = bed.server(new EchoHandler(ended)).handler(new Counts())
                    .option(ChannelOption.SO_BACKLOG, 500).bind(Bed.loopback()).sync().channel();
            int clients = 300;
            List<Socket> peers = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                Socket peer = connect(listener);
                peer.getOutputStream().write(i);
                peers.add(peer);
            }
            for (int i = 0; i < clients; i++) {
                assertThat(peers.get(i).getInputStream().read()).isEqualTo(i & 0xFF);
                if (i % 3 == 0) {
                    peers.get(i).setSoLinger(true, 0);
                }
                peers.get(i).close();
            }
            Bed.await(() -> assertThat(ended).hasValue(clients));
            assertThat(accepted).hasValue(clients);
            assertThat(failures).isEmpty();
        }
    }
}
