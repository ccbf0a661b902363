package example;

import static example.Cases.expect;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.iocp4j.reactor.IocpLoopResources;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/** The application and its client in one process, and beside them Reactor Netty without Spring. */
final class Check {
    /** Nobody waits so long unless something hangs, on a busy machine either. */
    private static final Duration LONG = Duration.ofMinutes(2);

    private Check() {
    }

    public static void main(String[] arguments) throws Exception {
        int at = List.of(arguments).indexOf("--transport");
        boolean nio = at >= 0 && arguments[at + 1].equals("nio");
        Cases cases = new Cases();
        spring(cases, nio);
        LoopResources loops = nio ? LoopResources.create("http") : IocpLoopResources.create("http");
        X509Bundle certificate = new CertificateBuilder().subject("CN=localhost").addSanDnsName("localhost")
                .algorithm(CertificateBuilder.Algorithm.ecp256).setIsCertificateAuthority(true).buildSelfSigned();
        SslContext ours = SslContextBuilder.forServer(certificate.toKeyManagerFactory()).build();
        SslContext theirs = SslContextBuilder.forClient().trustManager(certificate.getCertificate()).build();
        HttpServer server = HttpServer.create().runOn(loops).host("localhost").port(0);
        HttpClient client = loops instanceof IocpLoopResources ports
                ? ports.client(HttpClient.create())
                : HttpClient.create().runOn(loops);
        reactor(cases, "HTTP/1.1", server, client);
        reactor(cases, "HTTP/2", server.protocol(HttpProtocol.H2C), client.protocol(HttpProtocol.H2C));
        reactor(cases, "HTTP/1.1 by TLS", server.secure(tls -> tls.sslContext(ours).handshakeTimeout(LONG)),
                client.secure(tls -> tls.sslContext(theirs).handshakeTimeout(LONG)));
        cases.run("a web socket", () -> webSocket(server, client));
        cases.run("nobody listens", () -> nobodyListens(server, client));
        cases.run("the loops end", () -> loops.disposeLater(Duration.ZERO, LONG).block(LONG));
        cases.end();
    }

    private static void spring(Cases cases, boolean nio) {
        ConfigurableApplicationContext application = SpringApplication.run(Application.class,
                "--transport=" + (nio ? "nio" : "iocp"));
        WebClient client = client(application);
        cases.run("Spring: the loops are " + (nio ? "NIO's" : "on completion ports"), () -> {
            String thread = get(client, "/thread").block(LONG);
            expect(thread.contains("iocp") != nio, thread);
        });
        cases.run("Spring: hello", () -> {
            String hello = get(client, "/hello?name=you").block(LONG);
            expect(hello.equals("hello, you"), hello);
        });
        cases.run("Spring: 1000 hellos, 50 at a time", () -> {
            long count = Flux.range(0, 1000).flatMap(i -> get(client, "/hello?name=" + i), 50).distinct().count()
                    .block(LONG);
            expect(count == 1000, count + " answers");
        });
        cases.run("Spring: 200 KB there and back", () -> {
            byte[] sent = new byte[200_000];
            new Random(1).nextBytes(sent);
            byte[] answer = client.post().uri("/echo").bodyValue(sent).retrieve().bodyToMono(byte[].class).block(LONG);
            expect(Arrays.equals(sent, answer), "another answer");
        });
        cases.run("Spring: a stream of numbers", () -> {
            int sum = client.get().uri("/numbers?count=1000").retrieve().bodyToFlux(Integer.class)
                    .reduce(0, Integer::sum).block(LONG);
            expect(sum == 999 * 1000 / 2, "sum " + sum);
        });
        cases.run("Spring: a stream that the client cancels", () -> {
            List<Integer> first = client.get().uri("/numbers?count=100000").retrieve().bodyToFlux(Integer.class)
                    .take(100).collectList().block(LONG);
            expect(first.size() == 100, first.size() + " numbers");
        });
        cases.run("Spring: events", () -> {
            long count = client.get().uri("/ticks").retrieve()
                    .bodyToFlux(new ParameterizedTypeReference<ServerSentEvent<Long>>() {
                    }).count().block(LONG);
            expect(count == 10, count + " events");
        });
        cases.run("Spring: the application ends", application::close);
    }

    /** As an application makes it: on the loops of the application's own resources, and with the JDK's resolver. */
    private static WebClient client(ConfigurableApplicationContext application) {
        ReactorResourceFactory resources = application.getBean(ReactorResourceFactory.class);
        var connector = new ReactorClientHttpConnector(resources, client ->
                resources.getLoopResources() instanceof IocpLoopResources loops ? loops.client(client) : client);
        return WebClient.builder().clientConnector(connector)
                .baseUrl("http://localhost:" + application.getEnvironment().getProperty("local.server.port")).build();
    }

    private static Mono<String> get(WebClient client, String path) {
        return client.get().uri(path).retrieve().bodyToMono(String.class);
    }

    private static void reactor(Cases cases, String name, HttpServer server, HttpClient client) {
        byte[] sent = new byte[1 << 20];
        new Random(1).nextBytes(sent);
        DisposableServer bound = server.handle((request, response) -> response.send(request.receive().retain()))
                .bindNow(LONG);
        HttpClient there = client.port(bound.port()).host("localhost");
        cases.run(name + ": 1 MiB there and back", () -> {
            byte[] answer = there.post().send(ByteBufFlux.fromInbound(Mono.just(sent)))
                    .responseContent().aggregate().asByteArray().block(LONG);
            expect(Arrays.equals(sent, answer), "another answer");
        });
        cases.run(name + ": 200 at once", () -> {
            long count = Flux.range(0, 200).flatMap(i -> there.post()
                    .send(ByteBufFlux.fromString(Mono.just("request " + i))).responseContent().aggregate().asString(), 200)
                    .distinct().count().block(LONG);
            expect(count == 200, count + " answers");
        });
        cases.run(name + ": the server ends", () -> bound.disposeNow(LONG));
    }

    private static void webSocket(HttpServer server, HttpClient client) {
        DisposableServer bound = server.handle((request, response) ->
                response.sendWebsocket((in, out) -> out.send(in.receive().retain()))).bindNow(LONG);
        List<String> came = client.port(bound.port()).host("localhost").websocket().uri("/")
                .handle((in, out) -> out.sendString(Flux.range(0, 100).map(i -> "message " + i)).then()
                        .thenMany(in.receive().asString().take(100)))
                .collectList().block(LONG);
        expect(came.size() == 100 && came.getLast().equals("message 99"), came.toString());
        bound.disposeNow(LONG);
    }

    private static void nobodyListens(HttpServer server, HttpClient client) {
        DisposableServer bound = server.bindNow(LONG);
        bound.disposeNow(LONG);
        Throwable cause = client.port(bound.port()).host("localhost").get().response()
                .<Throwable>map(response -> new AssertionError("an answer")).onErrorResume(Mono::just).block(LONG);
        expect(cause instanceof ConnectException, cause.toString());
    }
}
