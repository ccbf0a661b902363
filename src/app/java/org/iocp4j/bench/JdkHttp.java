package org.iocp4j.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/** The JDK's own HTTP server, with a pool of threads. */
final class JdkHttp implements Peer {
    private final Service service;
    private final Map<String, byte[]> bodies = new ConcurrentHashMap<>();

    JdkHttp(Service service) {
        this.service = service;
    }

    @Override
    public int start() throws IOException {
        // Without these it waits for the client's ACK between head and body, and closes all idle connections but 200.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxIdleConnections", String.valueOf(BACKLOG));
        HttpServer server = service == Service.HTTPS ? https() : HttpServer.create(Peer.anyPort(), BACKLOG);
        server.setExecutor(Executors.newFixedThreadPool(THREADS, Thread.ofPlatform().daemon().factory()));
        server.createContext("/", this::answer);
        server.start();
        return server.getAddress().getPort();
    }

    private static HttpServer https() throws IOException {
        HttpsServer server = HttpsServer.create(Peer.anyPort(), BACKLOG);
        server.setHttpsConfigurator(new HttpsConfigurator(SelfSigned.make().server()));
        return server;
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = bodies.computeIfAbsent(exchange.getRequestURI().getPath(), JdkHttp::body);
        exchange.sendResponseHeaders(200, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static byte[] body(String path) {
        byte[] body = new byte[GetExchange.bodyBytes(path)];
        Exchange.bytes(body.length).get(body);
        return body;
    }
}
