package org.iocp4j.vertx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.dns.AddressResolverOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.internal.VertxBootstrap;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.spi.VertxServiceProvider;
import io.vertx.core.spi.transport.Transport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.netty.Iocp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar of {@code iocp4j-vertx} on a class path with Vert.x: no test but the first names a class of it. */
@Timeout(60)
class IocpVertxProviderTest {
    private Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        result(vertx.close());
    }

    @Test
    void vertxFindsIt() {
        assertThat(ServiceLoader.load(VertxServiceProvider.class)).hasAtLeastOneElementOfType(IocpVertxProvider.class);
    }

    @Test
    void vertxHasCompletionPortsWhereTheyAreAvailable() {
        assertThat(vertx.isNativeTransportEnabled()).isEqualTo(Iocp.isAvailable());
    }

    @Test
    void soItHasByABuilderWithOptions() throws Exception {
        result(vertx.close());
        vertx = Vertx.builder().with(new VertxOptions().setPreferNativeTransport(true)).build();
        if (Iocp.isAvailable()) {
            assertThat(vertx.isNativeTransportEnabled()).isTrue();
        }
    }

    @Test
    void aTransportThatTheApplicationChoseStays() throws Exception {
        Transport chosen = new ChosenTransport();
        VertxBootstrap bootstrap = VertxBootstrap.create();
        bootstrap.transport(chosen).init();
        assertThat(bootstrap.transport()).isSameAs(chosen);
    }

    @Test
    void aClientFindsAServerByTheNameOfItsHost() throws Exception {
        int port = serve();
        assertThat(get(port, "/hello")).isEqualTo("GET /hello");
    }

    /** Whose name servers would be asked by datagrams. */
    @Test
    @NeedsCompletionPorts
    void namesAreResolvedByTheJdkWhateverTheOptionsSay() throws Exception {
        result(vertx.close());
        vertx = Vertx.vertx(new VertxOptions().setAddressResolverOptions(
                new AddressResolverOptions().addServer("127.0.0.1:1").setQueryTimeout(100)));
        assertThat(get(serve(), "/again")).isEqualTo("GET /again");
    }

    @Test
    void aFileIsSent(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file.txt"), "a line of 20 letters\n".repeat(10_000));
        int port = result(vertx.createHttpServer(new HttpServerOptions().setHost("localhost").setPort(0))
                .requestHandler(request -> request.response().sendFile(file.toString())).listen()).actualPort();
        assertThat(get(port, "/")).isEqualTo(Files.readString(file));
    }

    @Test
    @NeedsCompletionPorts
    void aDatagramSocketEndsWithASentence() {
        assertThatThrownBy(() -> vertx.createDatagramSocket()).isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("the transport on completion ports has no datagrams");
    }

    @Test
    @NeedsCompletionPorts
    void aDomainSocketEndsWithASentence(@TempDir Path folder) {
        assertThatThrownBy(() -> result(vertx.createNetServer().connectHandler(socket -> {
        }).listen(SocketAddress.domainSocketAddress(folder.resolve("socket").toString()))))
                .hasStackTraceContaining("domain sockets");
    }

    @Test
    @NeedsCompletionPorts
    void itsLoopsAreThoseOfTheTransport() {
        assertThat(((VertxInternal) vertx).transport()).isInstanceOf(IocpTransport.class);
    }

    private int serve() throws Exception {
        return result(vertx.createHttpServer(new HttpServerOptions().setHost("localhost").setPort(0))
                .requestHandler(request -> request.response().end(request.method() + " " + request.path()))
                .listen()).actualPort();
    }

    private String get(int port, String path) throws Exception {
        HttpClient client = vertx.createHttpClient(); // the garbage collector closes one that nobody refers to
        String body = result(client.request(HttpMethod.GET, port, "localhost", path)
                .compose(request -> request.send())
                .compose(response -> response.body()).map(Buffer::toString));
        result(client.close());
        return body;
    }

    private static <T> T result(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    /** NIO's, but not the object that Vert.x takes by itself. */
    private static final class ChosenTransport implements Transport {
        private final Transport nio = io.vertx.core.transport.Transport.NIO.implementation();

        @Override
        public IoHandlerFactory ioHandlerFactory() {
            return NioIoHandler.newFactory();
        }

        @Override
        public DatagramChannel datagramChannel(
                InternetProtocolFamily family) {
            return nio.datagramChannel(family);
        }

        @Override
        public ChannelFactory<? extends DatagramChannel> datagramChannelFactory() {
            return nio.datagramChannelFactory();
        }

        @Override
        public ChannelFactory<? extends Channel> channelFactory(boolean domain) {
            return nio.channelFactory(domain);
        }

        @Override
        public ChannelFactory<? extends ServerChannel> serverChannelFactory(
                boolean domain) {
            return nio.serverChannelFactory(domain);
        }
    }
}
