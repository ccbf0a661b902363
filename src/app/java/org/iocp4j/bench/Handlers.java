package org.iocp4j.bench;

import example.http.Answer;
import example.http.Content;
import example.http.HttpHandler;
import example.http.Request;
import example.http.Response;
import example.http.Site;
import example.http.Status;
import example.redis.RedisHandler;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.iocp4j.server.SessionHandler;

/** The handlers of {@code examples} that are measured on several servers. */
final class Handlers {
    private static final long STORE_BYTES = 256 << 20;

    private Handlers() {
    }

    /** For a service that there is one for. */
    static SessionHandler of(Service service) {
        return switch (service) {
            case HTTP -> new HttpHandler(new SizedBodies(), 0);
            case REDIS -> new RedisHandler(STORE_BYTES);
            case ECHO, HTTPS -> throw new IllegalArgumentException("no handler for " + service);
        };
    }

    /** {@code /N} has N bytes. */
    private static final class SizedBodies implements Site {
        private final Map<String, ByteBuffer> bodies = new ConcurrentHashMap<>();

        @Override
        public Answer answer(Request request) {
            ByteBuffer body = bodies.computeIfAbsent(request.path(),
                    path -> Exchange.bytes(GetExchange.bodyBytes(path)).asReadOnlyBuffer());
            return new Response(Status.OK, "application/octet-stream", "", Content.of(body));
        }
    }
}
