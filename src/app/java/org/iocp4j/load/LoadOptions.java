package org.iocp4j.load;

import java.time.Duration;
import java.util.Objects;

/**
 * What a {@link LoadClient} does. Made by {@link #to(String, int)}, which starts from the defaults.
 *
 * @param host             name or address of the server, IPv4 or IPv6; resolved once, when the run starts
 * @param port             the server's port
 * @param clients          connections held at the same time
 * @param overSend         messages of a batch, all in flight at the same time; when all came back the next follows
 * @param loopDelay        pause between a batch and the next; rounded up to a millisecond
 * @param reconnectPercent chance, 0 to 100, that a client disconnects (FIN or RST at random) after a batch
 * @param duration         how long new batches are started
 * @param protocol         what is spoken
 * @param engine           what moves the bytes
 * @param connectTimeout   longest time for a connect, then it counts as failed
 * @param loginTimeout     longest time from the connect to the login message
 * @param echoTimeout      longest time without any echo while a batch is out
 * @param drainTimeout     longest time, after the end, that batches still out are awaited
 * @param threads          threads that share the clients
 */
public record LoadOptions(String host, int port, int clients, int overSend, Duration loopDelay,
        double reconnectPercent, Duration duration, Protocol protocol, Engine engine, Duration connectTimeout,
        Duration loginTimeout, Duration echoTimeout, Duration drainTimeout, int threads) {

    /** Most clients: a TCP peer has no more ports towards one server address. */
    public static final int MAX_CLIENTS = 60_000;
    /** Most messages of a batch. */
    public static final int MAX_OVER_SEND = 100_000;

    /** Checks the ranges; a value outside is an {@link IllegalArgumentException}. */
    public LoadOptions {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(protocol, "protocol");
        Objects.requireNonNull(engine, "engine");
        check("port", port, 1, 65_535);
        check("clients", clients, 1, MAX_CLIENTS);
        check("overSend", overSend, 1, MAX_OVER_SEND);
        check("threads", threads, 1, 64);
        if (!(reconnectPercent >= 0 && reconnectPercent <= 100)) {
            throw new IllegalArgumentException("reconnectPercent: " + reconnectPercent + " is not 0 to 100");
        }
        for (Duration time : new Duration[] {loopDelay, duration, connectTimeout, loginTimeout, echoTimeout,
                drainTimeout}) {
            if (time.isNegative() || time.toDays() > 365) {
                throw new IllegalArgumentException("a time must be 0 to 365 days, not " + time);
            }
        }
    }

    /**
     * Options with the defaults: 50 clients, 100 messages a batch, no pause, no reconnects, 10 seconds,
     * {@link Protocol#MESSAGES}, {@link Engine#NIO}.
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    private static void check(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + ": " + value + " is not " + min + " to " + max);
        }
    }

    /** Takes what differs from the defaults. Not safe for use by several threads. */
    public static final class Builder {
        /** A second thread helps only where one has more connections than its caches hold. */
        private static final int CLIENTS_OF_ONE_THREAD = 2_000;

        private final String host;
        private final int port;
        private int clients = 50;
        private int overSend = 100;
        private Duration loopDelay = Duration.ZERO;
        private double reconnectPercent;
        private Duration duration = Duration.ofSeconds(10);
        private Protocol protocol = Protocol.MESSAGES;
        private Engine engine = Engine.NIO;
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration loginTimeout = Duration.ofSeconds(3);
        private Duration echoTimeout = Duration.ofMillis(500);
        private Duration drainTimeout = Duration.ofSeconds(5);
        private int threads;

        private Builder(String host, int port) {
            this.host = host;
            this.port = port;
        }

        public Builder clients(int count) {
            clients = count;
            return this;
        }

        public Builder overSend(int messages) {
            overSend = messages;
            return this;
        }

        public Builder loopDelay(Duration pause) {
            loopDelay = pause;
            return this;
        }

        public Builder reconnectPercent(double percent) {
            reconnectPercent = percent;
            return this;
        }

        public Builder duration(Duration time) {
            duration = time;
            return this;
        }

        public Builder protocol(Protocol spoken) {
            protocol = spoken;
            return this;
        }

        public Builder engine(Engine used) {
            engine = used;
            return this;
        }

        public Builder connectTimeout(Duration limit) {
            connectTimeout = limit;
            return this;
        }

        public Builder loginTimeout(Duration limit) {
            loginTimeout = limit;
            return this;
        }

        public Builder echoTimeout(Duration limit) {
            echoTimeout = limit;
            return this;
        }

        public Builder drainTimeout(Duration limit) {
            drainTimeout = limit;
            return this;
        }

        /** Without it: one thread, two from 2,000 clients on. */
        public Builder threads(int count) {
            threads = count;
            return this;
        }

        public LoadOptions build() {
            int shared = threads != 0 ? threads : clients > CLIENTS_OF_ONE_THREAD ? 2 : 1;
            return new LoadOptions(host, port, clients, overSend, loopDelay, reconnectPercent, duration, protocol,
                    engine, connectTimeout, loginTimeout, echoTimeout, drainTimeout, shared);
        }
    }
}
