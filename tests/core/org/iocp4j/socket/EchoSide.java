package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.port.IoThread;

/**
 * One side of an echo of words, client or server, whose socket anybody may close at any time: it requires of it one
 * event for each post, and gone once and last.
 */
final class EchoSide implements SocketEvents {
    /** What happens at each point in its life: before each post, and in each event. */
    interface Point {
        void at(StreamSocket socket, IoThread io);
    }

    private static final int WORD_BYTES = Long.BYTES;

    /** What a client sends, its own; 0 for a server, which sends what it gets. */
    private final long word;
    private final int rounds;
    private final Point point;
    private final Queue<String> violations;
    private final MemorySegment memory = Arena.ofAuto().allocate(WORD_BYTES, WORD_BYTES);
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicInteger posting = new AtomicInteger();
    private final AtomicInteger gone = new AtomicInteger();
    private volatile boolean isOver;
    private volatile int exchanges;
    private volatile int received;

    private EchoSide(long word, int rounds, Point point, Queue<String> violations) {
        this.word = word;
        this.rounds = rounds;
        this.point = point;
        this.violations = violations;
    }

    /** Sends {@code word} so often, then ends the connection. */
    static EchoSide client(long word, int rounds, Point point, Queue<String> violations) {
        return new EchoSide(word, rounds, point, violations);
    }

    static EchoSide server(Point point, Queue<String> violations) {
        return new EchoSide(0, Integer.MAX_VALUE, point, violations);
    }

    /** How many words have come back. */
    int exchanges() {
        return exchanges;
    }

    /** Whether gone was told, and its point is over. */
    boolean isGone() {
        return isOver;
    }

    // ---- posts ----

    private interface Post {
        int run();
    }

    /** Its event may come before it returns, so it is counted before. */
    private void post(StreamSocket socket, Post post, IoThread io) {
        point.at(socket, io);
        int outcome;
        posting.incrementAndGet();
        try {
            pending.incrementAndGet();
            outcome = post.run();
            if (outcome < 0) {
                pending.decrementAndGet();
            }
        } finally {
            posting.decrementAndGet();
        }
        if (outcome < 0) {
            socket.close(Closing.FIN, io);
        } else {
            require(outcome == StreamSocket.PENDING, "a post returns " + outcome);
        }
    }

    void connect(StreamSocket socket, InetSocketAddress address, IoThread io) {
        post(socket, () -> socket.connect(address, io), io);
    }

    private void send(StreamSocket socket, IoThread io) {
        post(socket, () -> {
            io.buffer(0, memory.address(), WORD_BYTES);
            return socket.send(1, io);
        }, io);
    }

    void receive(StreamSocket socket, IoThread io) {
        post(socket, () -> {
            io.buffer(0, memory.address() + received, WORD_BYTES - received);
            return socket.receive(1, io);
        }, io);
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            violations.add(violation);
        }
    }

    // ---- events ----

    private void event(StreamSocket socket, IoThread io) {
        require(pending.getAndDecrement() > 0, "an event without a post");
        require(gone.get() == 0, "an event after gone");
        point.at(socket, io);
    }

    @Override
    public void connected(StreamSocket socket, int status, IoThread io) {
        event(socket, io);
        if (status < 0) {
            socket.close(Closing.FIN, io);
            return;
        }
        memory.set(JAVA_LONG, 0, word);
        send(socket, io);
    }

    @Override
    public void sent(StreamSocket socket, int status, int bytes, IoThread io) {
        event(socket, io);
        if (status < 0) {
            socket.close(Closing.FIN, io);
            return;
        }
        require(bytes == WORD_BYTES, "sent " + bytes);
        if (word != 0) {
            memory.set(JAVA_LONG, 0, 0);
        }
        receive(socket, io);
    }

    @Override
    public void received(StreamSocket socket, int status, int bytes, IoThread io) {
        event(socket, io);
        received = received + Math.max(bytes, 0);
        if (status < 0 || bytes == 0) {
            socket.close(Closing.FIN, io);
        } else if (received < WORD_BYTES) {
            receive(socket, io);
        } else {
            received = 0;
            require(word == 0 || memory.get(JAVA_LONG, 0) == word, "a word of another connection");
            exchanges = exchanges + 1;
            if (exchanges < rounds) {
                send(socket, io);
            } else {
                socket.close(Closing.FIN, io);
            }
        }
    }

    @Override
    public void gone(StreamSocket socket, IoThread io) {
        require(gone.incrementAndGet() == 1, "gone twice");
        while (posting.get() > 0) { // a post to the closed socket is being refused, and takes its count back
            Thread.onSpinWait();
        }
        require(pending.get() == 0, "gone before " + pending + " events");
        point.at(socket, io);
        isOver = true;
    }
}
