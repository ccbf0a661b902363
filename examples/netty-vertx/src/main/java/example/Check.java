package example;

import static example.Cases.expect;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The application and its clients in one process. Nothing here names a transport: the class path decides. */
final class Check {
    private final Vertx vertx = Vertx.vertx();
    private final Map<String, Integer> ports = new ConcurrentHashMap<>();
    private final AtomicInteger parts = new AtomicInteger();
    private final PemKeyCertOptions certificate;
    private final PemTrustOptions trust;
    private final Path file;

    private Check() throws Exception {
        X509Bundle bundle = new CertificateBuilder().subject("CN=localhost").addSanDnsName("localhost")
                .algorithm(CertificateBuilder.Algorithm.ecp256).setIsCertificateAuthority(true).buildSelfSigned();
        certificate = new PemKeyCertOptions().addCertValue(Buffer.buffer(bundle.getCertificatePathPEM()))
                .addKeyValue(Buffer.buffer(bundle.getPrivateKeyPEM()));
        trust = new PemTrustOptions().addCertValue(Buffer.buffer(bundle.getCertificatePathPEM()));
        file = Files.write(Files.createTempFile("netty-vertx", ".bin"), random(3_000_000).getBytes());
        file.toFile().deleteOnExit();
    }

    public static void main(String[] arguments) throws Exception {
        Check check = new Check();
        Cases cases = new Cases();
        int at = List.of(arguments).indexOf("--transport");
        if (at >= 0) {
            boolean nio = arguments[at + 1].equals("nio");
            cases.run("the transport is " + arguments[at + 1],
                    () -> expect(check.vertx.isNativeTransportEnabled() != nio, "it is the other one"));
        }
        cases.run("the application starts", () -> result(check.vertx.deployVerticle(
                new Application(check.certificate, check.file.toString(), check.ports, check.parts))));
        check.http(cases, "HTTP/1.1", "http", new HttpClientOptions());
        check.http(cases, "HTTP/1.1 by TLS", "https", check.tls());
        check.http(cases, "HTTP/2, upgraded", "http", new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_2));
        check.http(cases, "HTTP/2, known before", "http", new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2).setHttp2ClearTextUpgrade(false));
        check.http(cases, "HTTP/2 by TLS", "https", check.tls().setUseAlpn(true)
                .setProtocolVersion(HttpVersion.HTTP_2));
        cases.run("HTTP/1.1 without keep-alive", check::withoutKeepAlive);
        cases.run("HTTP/1.1 on 50 connections", check::manyConnections);
        cases.run("a web socket", () -> check.webSocket("http", new WebSocketClientOptions()));
        cases.run("a web socket by TLS", () -> check.webSocket("https", new WebSocketClientOptions().setSsl(true)
                .setTrustOptions(check.trust)));
        cases.run("TCP by TLS", () -> check.tcp(true));
        cases.run("TCP, upgraded to TLS", () -> check.tcp(false));
        cases.run("a certificate that is not trusted", check::untrusted);
        cases.run("nobody listens", check::nobodyListens);
        cases.run("Vert.x ends", () -> result(check.vertx.close()));
        cases.end();
    }

    private HttpClientOptions tls() {
        return new HttpClientOptions().setSsl(true).setTrustOptions(trust);
    }

    private static Buffer random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return Buffer.buffer(bytes);
    }

    private static <T> T result(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private void http(Cases cases, String name, String port, HttpClientOptions options) throws Exception {
        HttpClient client = vertx.createHttpClient(options.setDefaultHost("localhost").setDefaultPort(ports.get(port)));
        cases.run(name + ": hello", () -> {
            String hello = result(get(client, "/hello")).toString();
            expect(hello.equals("hello, " + options.getProtocolVersion()), hello);
        });
        cases.run(name + ": 200 in turn", () -> {
            for (int i = 0; i < 200; i++) {
                echo(client, i);
            }
        });
        cases.run(name + ": 200 at once", () -> {
            List<Future<Buffer>> answers = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                answers.add(get(client, "/hello"));
            }
            result(Future.all(answers));
        });
        cases.run(name + ": 1 MiB there and back", () -> echo(client, 1 << 20));
        cases.run(name + ": a file", () -> expect(result(get(client, "/file")).equals(random(3_000_000)), "another"));
        // By TLS the client of Vert.x 5.2.3 reads HTTP/1.1 into its memory whoever reads, on NIO and on Linux as well.
        if (!options.isSsl() || options.getProtocolVersion() == HttpVersion.HTTP_2) {
            cases.run(name + ": a slow reader", () -> slowReader(client));
        }
        cases.run(name + ": a connection closed inside an answer", () -> broken(client));
        cases.run(name + ": hello again", () -> result(get(client, "/hello")));
        cases.run(name + ": the client ends", () -> result(client.close()));
    }

    private static Future<Buffer> get(HttpClient client, String path) {
        return client.request(HttpMethod.GET, path)
                .compose(request -> request.send().compose(HttpClientResponse::body));
    }

    private static void echo(HttpClient client, int length) throws Exception {
        Buffer sent = random(length);
        Buffer answer = result(client.request(HttpMethod.POST, "/echo")
                .compose(request -> request.send(sent).compose(HttpClientResponse::body)));
        expect(answer.equals(sent), "another answer, of " + answer.length() + " bytes");
    }

    /** The server must stop while nobody reads, and go on then. */
    private void slowReader(HttpClient client) throws Exception {
        int all = 2000;
        parts.set(0);
        HttpClientResponse response = result(client.request(HttpMethod.GET, "/stream?parts=" + all)
                .compose(request -> request.send().map(HttpClientResponse::pause)));
        int written = -1;
        for (int now = 0; now == 0 || now != written; now = parts.get()) {
            written = now;
            TimeUnit.MILLISECONDS.sleep(200);
        }
        expect(written < all, "the server went on writing: " + written + " parts");
        Future<Buffer> body = response.body();
        response.resume();
        int length = result(body).length();
        expect(length == all * 10_000, length + " bytes");
    }

    private static void broken(HttpClient client) throws Exception {
        Throwable cause = failure(get(client, "/break"));
        expect(cause != null, "a whole answer");
    }

    private static Throwable failure(Future<?> future) throws Exception {
        return result(future.<Throwable>transform(done -> Future.succeededFuture(done.cause())));
    }

    private void withoutKeepAlive() throws Exception {
        HttpClient client = vertx.createHttpClient(new HttpClientOptions().setKeepAlive(false)
                .setDefaultHost("localhost").setDefaultPort(ports.get("http")));
        for (int i = 0; i < 100; i++) {
            echo(client, i);
        }
        result(client.close());
    }

    private void manyConnections() throws Exception {
        HttpClient client = vertx.createHttpClient(new HttpClientOptions().setDefaultHost("localhost")
                .setDefaultPort(ports.get("http")), new PoolOptions().setHttp1MaxSize(50));
        List<Future<Buffer>> answers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            answers.add(get(client, "/hello"));
        }
        result(Future.all(answers));
        result(client.close());
    }

    private void webSocket(String port, WebSocketClientOptions options) throws Exception {
        // A client that nobody refers to is closed by the garbage collector, and its connections with it.
        WebSocketClient client = vertx.createWebSocketClient(options);
        WebSocket socket = result(client.connect(ports.get(port), "localhost", "/"));
        for (int length : new int[] {0, 1, 1000, 60_000}) {
            Promise<String> text = Promise.promise();
            socket.textMessageHandler(text::complete);
            String sent = "t".repeat(length);
            result(socket.writeTextMessage(sent));
            expect(result(text.future()).equals(sent), "another text");
            Promise<Buffer> binary = Promise.promise();
            socket.binaryMessageHandler(binary::complete);
            result(socket.writeBinaryMessage(random(length)));
            expect(result(binary.future()).equals(random(length)), "other bytes");
        }
        Promise<Void> closed = Promise.promise();
        socket.closeHandler(closed::complete);
        result(socket.close());
        result(closed.future());
        result(client.close());
    }

    /** @param atOnce whether TLS begins with the connection, or is asked for later */
    private void tcp(boolean atOnce) throws Exception {
        NetClientOptions options = new NetClientOptions().setSsl(atOnce).setTrustOptions(trust)
                .setHostnameVerificationAlgorithm("HTTPS");
        NetClient client = vertx.createNetClient(options);
        NetSocket socket = result(client.connect(ports.get("tcp"), "localhost"));
        if (!atOnce) {
            result(socket.upgradeToSsl());
        }
        Buffer sent = random(2_000_000);
        Buffer came = Buffer.buffer();
        Promise<Void> all = Promise.promise();
        socket.handler(part -> {
            came.appendBuffer(part);
            if (came.length() >= sent.length()) {
                all.tryComplete();
            }
        });
        socket.closeHandler(v -> all.tryFail("closed after " + came.length() + " bytes"));
        result(socket.write(sent));
        result(all.future());
        expect(came.equals(sent), "other bytes");
        result(socket.close());
        result(client.close());
    }

    private void untrusted() throws Exception {
        HttpClient client = vertx.createHttpClient(new HttpClientOptions().setSsl(true).setDefaultHost("localhost")
                .setDefaultPort(ports.get("https")));
        expect(failure(get(client, "/hello")) instanceof javax.net.ssl.SSLException, "no complaint");
        result(client.close());
    }

    private void nobodyListens() throws Exception {
        var server = result(vertx.createNetServer().connectHandler(NetSocket::close).listen(0, "localhost"));
        int port = server.actualPort();
        result(server.close());
        NetClient client = vertx.createNetClient();
        Throwable cause = failure(client.connect(port, "localhost"));
        expect(cause instanceof ConnectException, "not refused: " + cause);
        result(client.close());
    }
}
