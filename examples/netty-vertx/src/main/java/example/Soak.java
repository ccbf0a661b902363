package example;

import io.netty.buffer.ByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Requests of all kinds while either side closes connections at random. Run it without the jars of iocp4j, with
 * {@code --minutes 10 >nio.txt}, and then with them and {@code --minutes 10 --known nio.txt}; each time with
 * {@code -Dio.netty.leakDetection.level=paranoid}.
 */
final class Soak {
    private final Outcome outcome = new Outcome();
    private final List<HttpConnection> open = new ArrayList<>();
    private final Vertx vertx;

    private Soak() {
        outcome.watchLog();
        vertx = Vertx.vertx();
    }

    public static void main(String[] arguments) throws Exception {
        new Soak().run(arguments);
    }

    private void run(String... arguments) throws Exception {
        X509Bundle bundle = new CertificateBuilder().subject("CN=localhost").addSanDnsName("localhost")
                .algorithm(CertificateBuilder.Algorithm.ecp256).setIsCertificateAuthority(true).buildSelfSigned();
        Buffer chain = Buffer.buffer(bundle.getCertificatePathPEM());
        Path file = Files.write(Files.createTempFile("netty-vertx", ".bin"), new byte[300_000]);
        file.toFile().deleteOnExit();
        Map<String, Integer> ports = new ConcurrentHashMap<>();
        result(vertx.deployVerticle(new Application(new PemKeyCertOptions().addCertValue(chain)
                .addKeyValue(Buffer.buffer(bundle.getPrivateKeyPEM())), file.toString(), ports, new AtomicInteger())));
        long end = System.nanoTime() + (long) (Outcome.minutes(arguments) * TimeUnit.MINUTES.toNanos(1));
        List<Thread> clients = new ArrayList<>();
        for (HttpVersion version : List.of(HttpVersion.HTTP_1_1, HttpVersion.HTTP_2)) {
            for (boolean tls : new boolean[] {false, true}) {
                HttpClient client = vertx.httpClientBuilder().with(new HttpClientOptions().setProtocolVersion(version)
                                .setSsl(tls).setUseAlpn(tls).setTrustOptions(new PemTrustOptions().addCertValue(chain))
                                .setDefaultHost("localhost").setDefaultPort(ports.get(tls ? "https" : "http")))
                        .withConnectHandler(this::opened).build();
                String name = version + (tls ? " by TLS" : "");
                clients.add(Thread.startVirtualThread(() -> client(client, name, end)));
                clients.add(Thread.startVirtualThread(() -> client(client, name, end)));
            }
        }
        while (System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(200));
            kill();
        }
        for (Thread client : clients) {
            client.join();
        }
        result(vertx.close());
        for (int i = 0; i < 20; i++) { // Netty tells of a leak when it makes a buffer after the collector has found it
            System.gc();
            TimeUnit.MILLISECONDS.sleep(50);
            ByteBufAllocator.DEFAULT.buffer().release();
        }
        outcome.end(arguments);
    }

    private static <T> T result(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private void opened(HttpConnection connection) {
        synchronized (open) {
            open.add(connection);
        }
        connection.closeHandler(closed -> {
            synchronized (open) {
                open.remove(connection);
            }
        });
    }

    private void kill() {
        HttpConnection connection;
        synchronized (open) {
            if (open.isEmpty()) {
                return;
            }
            connection = open.get(ThreadLocalRandom.current().nextInt(open.size()));
        }
        connection.close();
        outcome.done("connections closed");
    }

    private void client(HttpClient client, String name, long end) {
        Random random = new Random();
        while (System.nanoTime() < end) {
            attempt(name, () -> {
                switch (random.nextInt(20)) {
                    case 0 -> result(get(client, "/break"));
                    case 1, 2, 3 -> check(result(get(client, "/file")).length() == 300_000, "another file");
                    case 4, 5, 6 -> check(result(get(client, "/stream?parts=50")).length() == 500_000, "another stream");
                    case 7, 8 -> {
                        List<Future<Buffer>> answers = new ArrayList<>();
                        for (int i = 0; i < 50; i++) {
                            answers.add(get(client, "/hello"));
                        }
                        for (Future<Buffer> answer : answers) {
                            attempt(name, () -> result(answer));
                        }
                    }
                    default -> echo(client, random);
                }
            });
        }
        for (int i = 0; i < 10; i++) {
            try {
                result(get(client, "/hello"));
                return;
            } catch (Exception e) {
                if (i == 9) {
                    outcome.error("after the kills: " + Outcome.kind(e));
                }
            }
        }
    }

    private interface Request {
        void run() throws Exception;
    }

    private void attempt(String name, Request request) {
        try {
            request.run();
            outcome.done(name);
        } catch (ExecutionException e) {
            outcome.error(Outcome.kind(e.getCause()));
        } catch (TimeoutException e) {
            outcome.error("no answer");
        } catch (Exception e) {
            outcome.error(Outcome.kind(e));
        }
    }

    private void check(boolean held, String otherwise) {
        if (!held) {
            outcome.error(otherwise);
        }
    }

    private static Future<Buffer> get(HttpClient client, String path) {
        return client.request(HttpMethod.GET, path)
                .compose(request -> request.send().compose(HttpClientResponse::body));
    }

    private void echo(HttpClient client, Random random) throws Exception {
        byte[] bytes = new byte[random.nextInt(100_000)];
        random.nextBytes(bytes);
        Buffer sent = Buffer.buffer(bytes);
        Buffer answer = result(client.request(HttpMethod.POST, "/echo")
                .compose(request -> request.send(sent).compose(HttpClientResponse::body)));
        check(answer.equals(sent), "another answer");
    }
}
