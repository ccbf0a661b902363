package org.iocp4j.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;
import javax.net.ssl.SSLContext;

/**
 * What a client does with a server.
 *
 * @param name         on the command line
 * @param service      what the server offers for it
 * @param kind         what one operation is
 * @param connections  open at a time
 * @param active       of these, how many are at work; the others are held
 * @param bytes        of a batch, which is sent together and echoed before the next; of HTTP, of the body that is got;
 *                     of Redis, of the value that is set
 * @param messages     how many operations a batch counts for
 */
public record Load(String name, Service service, Kind kind, int connections, int active, int bytes, int messages) {
    /** What one operation is. */
    public enum Kind {
        /** A batch there and back, a GET and its answer, or some SETs and their replies. */
        EXCHANGE,
        /** Connect, one exchange, both sides close. */
        CHURN,
        /** Connect and one exchange; then the connection is held. */
        HOLD,
        /** The same of all at once and for the second time: what they made a server get the first time is there. */
        BURST
    }

    private static final List<Load> ALL = List.of(
            new Load("ping-pong-1", Kind.EXCHANGE, 1, 1, 64, 1),
            new Load("ping-pong-50", Kind.EXCHANGE, 50, 50, 64, 1),
            new Load("ping-pong-500", Kind.EXCHANGE, 500, 500, 64, 1),
            new Load("over-send-50", Kind.EXCHANGE, 50, 50, 1_000, 100),
            new Load("16k-50", Kind.EXCHANGE, 50, 50, 16_384, 1),
            new Load("churn-1", Kind.CHURN, 1, 1, 64, 1),
            new Load("churn-50", Kind.CHURN, 50, 50, 64, 1),
            new Load("churn-500", Kind.CHURN, 500, 500, 64, 1),
            new Load("burst-5000", Kind.BURST, 5_000, 0, 64, 1),
            new Load("held-5000", Kind.HOLD, 5_000, 0, 64, 1),
            new Load("held-5000-active-50", Kind.EXCHANGE, 5_000, 50, 64, 1),
            new Load("http-1", Service.HTTP, Kind.EXCHANGE, 1, 1, 64, 1),
            new Load("http-50", Service.HTTP, Kind.EXCHANGE, 50, 50, 64, 1),
            new Load("http-500", Service.HTTP, Kind.EXCHANGE, 500, 500, 64, 1),
            new Load("http-1m-50", Service.HTTP, Kind.EXCHANGE, 50, 50, 1 << 20, 1),
            new Load("http-churn-20", Service.HTTP, Kind.CHURN, 20, 20, 64, 1),
            new Load("https-50", Service.HTTPS, Kind.EXCHANGE, 50, 50, 64, 1),
            new Load("redis-50", Service.REDIS, Kind.EXCHANGE, 50, 50, 64, 1),
            new Load("redis-50-p16", Service.REDIS, Kind.EXCHANGE, 50, 50, 64, 16));

    /** One of echoes. */
    Load(String name, Kind kind, int connections, int active, int bytes, int messages) {
        this(name, Service.ECHO, kind, connections, active, bytes, messages);
    }

    public static List<Load> all() {
        return ALL;
    }

    /** @throws IllegalArgumentException if there is none of that name */
    public static Load of(String name) {
        return ALL.stream().filter(load -> load.name.equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no such load: " + name));
    }

    /** What each connection does. Those of one client share its memory. */
    IntFunction<Exchange> exchanges() throws IOException {
        ByteBuffer all = Exchange.bytes(bytes);
        if (service == Service.ECHO) {
            return number -> new EchoExchange(number, all);
        }
        if (service == Service.REDIS) {
            return number -> new RedisExchange(number, all, messages);
        }
        ByteBuffer request = GetExchange.request(bytes, kind == Kind.CHURN);
        if (service == Service.HTTP) {
            return _ -> new GetExchange(request, all);
        }
        SSLContext tls = SelfSigned.client();
        return _ -> new TlsExchange(new GetExchange(request, all), tls.createSSLEngine());
    }

    /** Whether it measures the cost of idle connections. */
    boolean holds() {
        return active < connections && kind != Kind.BURST;
    }
}
