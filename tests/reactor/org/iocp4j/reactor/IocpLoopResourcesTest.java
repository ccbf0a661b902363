package org.iocp4j.reactor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Iocp;
import org.iocp4j.netty.IocpServerSocketChannel;
import org.iocp4j.netty.IocpSocketChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.Connection;
import reactor.netty.DisposableServer;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

@Timeout(60)
class IocpLoopResourcesTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    private final IocpLoopResources loops = IocpLoopResources.create("test", 2, true);

    @AfterEach
    void dispose() {
        loops.disposeLater(Duration.ZERO, LONG).block(LONG);
    }

    @Test
    void aClientFindsAServerByTheNameOfItsHost() {
        DisposableServer server = server();
        Connection client = loops.client(TcpClient.create()).host("localhost").port(server.port()).connectNow(LONG);
        client.outbound().sendString(Mono.just("hello")).then().block(LONG);
        assertThat(client.inbound().receive().asString().blockFirst(LONG)).isEqualTo("hello");
        client.disposeNow(LONG);
        server.disposeNow(LONG);
    }

    private DisposableServer server() {
        return TcpServer.create().runOn(loops).host("localhost").port(0)
                .handle((in, out) -> out.send(in.receive().retain())).bindNow(LONG);
    }

    /** Its resolver runs on Reactor Netty's global loops. */
    @Test
    void soDoesAClientWithItsOwnResolverWhereTheLoopsAreNotTheGlobalOnes() {
        DisposableServer server = server();
        Connection client = TcpClient.create().runOn(loops).host("localhost").port(server.port()).connectNow(LONG);
        client.disposeNow(LONG);
        server.disposeNow(LONG);
    }

    @Test
    void itsLoopsAreOnCompletionPortsWhereTheyAreAvailable() {
        EventLoopGroup group = loops.onServer(true);
        assertThat(loops.onChannelClass(ServerSocketChannel.class, group).equals(IocpServerSocketChannel.class))
                .isEqualTo(Iocp.isAvailable());
        assertThat(loops.onChannel(SocketChannel.class, loops.onClient(true)) instanceof IocpSocketChannel)
                .isEqualTo(Iocp.isAvailable());
    }

    @Test
    void whoeverPrefersNoNativeTransportHasNio() {
        EventLoopGroup group = loops.onClient(false);
        assertThat(loops.onChannel(SocketChannel.class, group)).isInstanceOf(NioSocketChannel.class);
        assertThat(loops.onChannel(DatagramChannel.class, group)).isInstanceOf(NioDatagramChannel.class);
    }

    @Test
    @NeedsCompletionPorts
    void datagramsEndWithASentence() {
        assertThatThrownBy(() -> loops.onChannel(DatagramChannel.class, loops.onClient(true)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("IocpLoopResources.client");
    }

    @Test
    void nobodyMayBlockOnItsThreads() throws Exception {
        CompletableFuture<Boolean> nonBlocking = new CompletableFuture<>();
        loops.onServer(true).next().execute(() -> nonBlocking.complete(Schedulers.isInNonBlockingThread()));
        assertThat(nonBlocking.get(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void itsThreadsAreDaemonsWithTheName() throws Exception {
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        loops.onServer(true).next().execute(() -> thread.complete(Thread.currentThread()));
        assertThat(thread.get(30, TimeUnit.SECONDS).getName()).startsWith("test-");
        assertThat(thread.get().isDaemon()).isTrue();
        assertThat(loops.daemon()).isTrue();
    }

    @Test
    void allLoopsEnd() {
        EventLoopGroup group = loops.onServer(true);
        EventLoopGroup nio = loops.onServer(false);
        assertThat(loops.isDisposed()).isFalse();
        loops.disposeLater(Duration.ZERO, LONG).block(LONG);
        assertThat(loops.isDisposed()).isTrue();
        assertThat(group.isTerminated()).isTrue();
        assertThat(nio.isTerminated()).isTrue();
    }
}
