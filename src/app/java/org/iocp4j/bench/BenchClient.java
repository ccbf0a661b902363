package org.iocp4j.bench;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;
import org.iocp4j.load.LocalPorts;

/**
 * The same engine for all loads and servers: ordinary non-blocking channels, one selector, the calling thread. Every
 * byte that comes back is checked.
 */
final class BenchClient implements Client {
    /** A server that sends nothing for this long has failed. */
    private static final long LONGEST_SILENCE_NANOS = Duration.ofSeconds(20).toNanos();
    /** So has one that needs longer to open, to work beyond its time, or to close. */
    static final Duration LONGEST_PHASE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 100;
    private static final int MOST_CONNECTING = 64;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int HIGHEST_MICROS = 60_000_000;

    /**
     * What was done.
     *
     * @param operations before the time was up: the time asked for, or until every connection has had one
     * @param nanos      that time; of connections that come and go, until the server is at rest behind the last one
     * @param all        those too that were under way when it was up: what the server has worked for
     * @param micros     how long each of all took
     */
    record Counted(long operations, long nanos, long all, Histogram micros) {
        double perSecond() {
            return operations * 1e9 / nanos;
        }

        Counted longer(long moreNanos) {
            return new Counted(operations, nanos + moreNanos, all, micros);
        }
    }

    /** A server did not do what it is to do, or the client could not. */
    static final class Failure extends IOException {
        private static final long serialVersionUID = 1;

        Failure(String message, Throwable cause) {
            super(message, cause);
        }
    }

    static Histogram newHistogram() {
        return new Histogram(HIGHEST_MICROS, 3);
    }

    private final Load load;
    private final InetSocketAddress server;
    private final BooleanSupplier stopped;
    private final Selector selector = Selector.open();
    private final List<Connection> connections = new ArrayList<>();
    private final IntFunction<Exchange> exchanges;
    private final ByteBuffer input = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private int connecting;
    /** Connections that do something now. */
    private int busy;
    private IOException failure;

    private Histogram micros = newHistogram();
    private long operations;
    private long all;
    private long deadline;
    private boolean working;
    /** When the time was up; 0 before. */
    private long upNanos;
    private long phaseEndNanos;

    /** @param stopped polled often; once true, whatever is under way ends with an exception */
    BenchClient(Load load, InetSocketAddress server, BooleanSupplier stopped) throws IOException {
        this.load = load;
        this.server = server;
        this.stopped = stopped;
        exchanges = load.exchanges();
    }

    @Override
    public Counted open() throws IOException {
        long start = begin(Duration.ZERO);
        int wanted = load.kind() == Load.Kind.CHURN ? 0 : load.connections();
        while (connections.size() < wanted || busy > 0) {
            while (connections.size() < wanted && connecting < MOST_CONNECTING) {
                Connection connection = new Connection(connections.size());
                connection.connect();
                connections.add(connection);
            }
            select();
        }
        return counted(wanted, System.nanoTime() - start);
    }

    @Override
    public void idle(Duration time) throws IOException {
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() - end < 0) {
            look();
        }
    }

    @Override
    public Counted work(Duration time) throws IOException {
        micros = newHistogram();
        operations = 0;
        all = 0;
        long start = begin(time);
        deadline = start + time.toNanos();
        upNanos = 0;
        working = true;
        for (int i = 0; i < load.active(); i++) {
            if (load.kind() == Load.Kind.CHURN) {
                new Connection(i).connect();
            } else {
                connections.get(i).send();
            }
        }
        while (busy > 0) {
            select();
        }
        working = false;
        return counted(operations, upNanos - start);
    }

    private Counted counted(long number, long nanos) {
        Counted counted = new Counted(number, nanos, Math.max(number, all), micros);
        micros = newHistogram();
        return counted;
    }

    @Override
    public void leave() throws IOException {
        begin(Duration.ZERO);
        for (Connection connection : connections) {
            busy++;
            connection.leave();
        }
        while (busy > 0) {
            select();
        }
        connections.clear();
    }

    /** Begins a phase of at least this time. */
    private long begin(Duration time) {
        long now = System.nanoTime();
        phaseEndNanos = now + time.plus(LONGEST_PHASE).toNanos();
        return now;
    }

    private void select() throws IOException {
        long start = System.nanoTime();
        while (look() == 0) {
            if (System.nanoTime() - start > LONGEST_SILENCE_NANOS) {
                throw failure("nothing came for " + Duration.ofNanos(LONGEST_SILENCE_NANOS).toSeconds() + " s, " + busy
                        + " connections wait", null);
            }
        }
        if (System.nanoTime() - phaseEndNanos > 0) {
            throw failure("not through after " + LONGEST_PHASE.toSeconds() + " s, " + busy + " connections wait", null);
        }
    }

    /** Does what can be done now, or soon, and returns on how many connections. */
    private int look() throws IOException {
        int ready = selector.select(this::ready, LOOK_MILLIS);
        if (stopped.getAsBoolean()) {
            throw new InterruptedIOException(load.name() + ": stopped");
        }
        if (failure != null) {
            throw failure;
        }
        return ready;
    }

    private void ready(SelectionKey key) {
        try {
            ((Connection) key.attachment()).ready();
        } catch (IOException e) {
            if (failure == null) {
                failure = e instanceof Failure told ? told : failure(e.getMessage(), e);
            }
        }
    }

    private Failure failure(String what, IOException cause) {
        String made = connections.isEmpty() ? ""
                : String.format(Locale.ROOT, ", %,d of %,d connections made", connections.size(), load.connections());
        return new Failure(load.name() + ": " + what + made, cause);
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    private enum State { CONNECTING, WAITING, HELD, LEAVING }

    private final class Connection {
        private final int number;
        private State state;
        private SocketChannel channel;
        private SelectionKey key;
        private long startNanos;
        private Exchange exchange;

        Connection(int number) {
            this.number = number;
        }

        void connect() throws Failure {
            try {
                tryConnect();
            } catch (IOException e) {
                throw failure("the client cannot connect: " + e.getMessage(), e);
            }
        }

        private void tryConnect() throws IOException {
            startNanos = System.nanoTime();
            busy++;
            connecting++;
            state = State.CONNECTING;
            exchange = exchanges.apply(number);
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            LocalPorts.SHARED.bind(channel, server);
            boolean connected;
            try {
                connected = channel.connect(server);
            } catch (IOException e) {
                throw LocalPorts.explained(e, server);
            }
            key = channel.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, this);
            if (connected) {
                connected();
            }
        }

        private void connected() throws IOException {
            connecting--;
            key.interestOps(SelectionKey.OP_READ);
            begin();
        }

        void send() throws IOException {
            startNanos = System.nanoTime();
            busy++;
            begin();
        }

        private void begin() throws IOException {
            state = State.WAITING;
            exchange.begin();
            write();
        }

        private void write() throws IOException {
            ByteBuffer unsent = exchange.unsent();
            while (unsent.hasRemaining() && channel.write(unsent) > 0) {
                unsent = exchange.unsent();
            }
            boolean waits = (key.interestOps() & SelectionKey.OP_WRITE) != 0;
            if (waits != unsent.hasRemaining()) {
                key.interestOps(SelectionKey.OP_READ | (waits ? 0 : SelectionKey.OP_WRITE));
            }
        }

        void ready() throws IOException {
            if (state == State.CONNECTING) {
                channel.finishConnect();
                connected();
                return;
            }
            if (key.isWritable()) {
                write();
            }
            if (key.isReadable()) {
                read();
            }
        }

        private void read() throws IOException {
            int bytes = channel.read(input.clear());
            if (bytes < 0) {
                if (state != State.LEAVING) {
                    throw new IOException("the server closed a connection that was " + state);
                }
                left();
                return;
            }
            boolean complete = exchange.receive(input.flip());
            if (state == State.WAITING) {
                if (complete) {
                    answered();
                } else {
                    write(); // what TLS has to say to what came
                }
            }
        }

        private void answered() throws IOException {
            if (load.kind() == Load.Kind.CHURN) { // and is at work until the server has closed its side too
                switch (load.service()) {
                    case ECHO, REDIS -> leave();
                    case HTTP, HTTPS -> state = State.LEAVING; // the server closes first
                }
                return;
            }
            busy--;
            state = State.HELD;
            if (goesOn(load.messages())) {
                send();
            }
        }

        /** An operation, or as many as a batch counts for, is done; whether there is to be another. */
        private boolean goesOn(int count) {
            long now = System.nanoTime();
            micros.recordValue(Math.min((now - startNanos) / 1_000, HIGHEST_MICROS));
            if (!working) {
                return false;
            }
            all += count;
            if (upNanos != 0) {
                return false;
            }
            operations += count;
            if (now >= deadline && micros.getTotalCount() >= load.active()) {
                upNanos = now;
            }
            return upNanos == 0;
        }

        void leave() throws IOException {
            state = State.LEAVING;
            channel.shutdownOutput();
        }

        private void left() throws IOException {
            busy--;
            channel.close();
            if (goesOn(1)) {
                connect();
            }
        }
    }
}
