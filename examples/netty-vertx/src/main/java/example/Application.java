package example;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.NetServerOptions;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** An ordinary application: HTTP/1.1, HTTP/2 and web sockets, in the clear and by TLS, and a TCP service by TLS. */
final class Application extends VerticleBase {
    private final KeyCertOptions certificate;
    private final String file;
    /** Where it listens: {@code http}, {@code https} and {@code tcp}. */
    private final Map<String, Integer> ports;
    /** Parts of {@code /stream} that are written, of all requests. */
    private final AtomicInteger parts;

    /** @param file what {@code /file} sends */
    Application(KeyCertOptions certificate, String file, Map<String, Integer> ports, AtomicInteger parts) {
        this.certificate = certificate;
        this.file = file;
        this.ports = ports;
        this.parts = parts;
    }

    @Override
    public Future<?> start() {
        return listen("http", new HttpServerOptions())
                .compose(v -> listen("https", new HttpServerOptions().setSsl(true).setUseAlpn(true)
                        .setKeyCertOptions(certificate)))
                .compose(v -> vertx.createNetServer(new NetServerOptions().setSsl(true).setKeyCertOptions(certificate))
                        .connectHandler(socket -> socket.pipeTo(socket))
                        .listen(0, "localhost"))
                .onSuccess(server -> ports.put("tcp", server.actualPort()));
    }

    private Future<?> listen(String name, HttpServerOptions options) {
        return vertx.createHttpServer(options)
                .requestHandler(this::answer)
                .webSocketHandler(socket -> {
                    socket.textMessageHandler(socket::writeTextMessage);
                    socket.binaryMessageHandler(socket::writeBinaryMessage);
                })
                .listen(0, "localhost")
                .onSuccess(server -> ports.put(name, server.actualPort()));
    }

    private void answer(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        switch (request.path()) {
            case "/hello" -> response.end("hello, " + request.version());
            case "/echo" -> request.body().onSuccess(response::end);
            case "/file" -> response.sendFile(file);
            case "/stream" -> stream(response.setChunked(true), Integer.parseInt(request.getParam("parts")));
            case "/break" -> response.setChunked(true).write("a part").onComplete(v -> request.connection().close());
            default -> response.setStatusCode(404).end();
        }
    }

    /** Writes while there is room, and goes on when there is again. */
    private void stream(HttpServerResponse response, int left) {
        int still = left;
        while (still > 0 && !response.writeQueueFull()) {
            response.write(Buffer.buffer(new byte[10_000]));
            parts.incrementAndGet();
            still--;
        }
        int rest = still;
        if (rest == 0) {
            response.end();
        } else {
            response.drainHandler(v -> stream(response, rest));
        }
    }
}
