package org.iocp4j.load;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;

/**
 * One client: connects, awaits the login message, sends a batch, checks what comes back, and so on. All of it on its
 * {@link LoadThread}.
 *
 * <p>A value is the client's number (upper 24 bits) and a message number that starts at random and never repeats,
 * not even across reconnects. So no byte of another client, of an earlier connection or of an earlier run can pass
 * for a right one, and no value is the login value. Because the values are computed, a client keeps no copy of what it
 * sent.
 */
final class Connection {
    private enum State { WAITING, CONNECTING, LOGIN, READY, BATCH, PAUSE, FINISHED }

    private static final int NUMBER_SHIFT = 40;
    private static final long FIRST_BACKOFF_NANOS = 10_000_000;
    private static final long LONGEST_BACKOFF_NANOS = 1_000_000_000;
    /** A batch overdue for this many echo timeouts is given up, and the client starts over with a new connection. */
    private static final int GIVE_UP_FACTOR = 10;

    /** When {@link #expired} is to be called; {@link Timers} holds the other two. */
    long deadline = Timers.NONE;
    long armedAt;
    int heapIndex = -1;

    private final LoadThread loop;
    private final int batchMessages;
    private State state = State.WAITING;
    /** Null while there is no connection, and no connect. */
    private Transport transport;
    private long backoff = FIRST_BACKOFF_NANOS;
    /** The batch: its first value, the next batch's first, and how far it is sent and back. */
    private long first;
    private long next;
    private int sentBytes;
    private int returned;
    private long batchStart;
    private boolean overdue;

    Connection(LoadThread loop, int number) {
        this.loop = loop;
        batchMessages = loop.options.overSend();
        next = ((long) number << NUMBER_SHIFT) + loop.random.nextLong(1L << (NUMBER_SHIFT - 1));
    }

    /** Starts a connect; the thread calls it when there is room for one more. */
    void connect() {
        state = State.CONNECTING;
        returned = batchMessages;
        try {
            transport = loop.io.newTransport(this);
            if (transport.connect()) {
                connected();
            } else {
                setDeadline(loop.now() + loop.options.connectTimeout().toNanos());
            }
        } catch (IOException e) {
            connectFailed(e);
        }
    }

    /** The deadline has come. */
    void expired() {
        switch (state) {
            case WAITING -> loop.enqueue(this);
            case CONNECTING -> connectFailed(new SocketTimeoutException("Connection timed out"));
            case LOGIN -> {
                loop.counters.add(Counter.LOGIN_MISSING, 1);
                close(false);
                again(loop.now());
            }
            case BATCH -> echoOverdue();
            case PAUSE -> startBatch(loop.now());
            default -> { }
        }
    }

    /** Time is up: a client that awaits no answer closes; the others close when they have it. */
    void drain() {
        switch (state) {
            case WAITING -> state = State.FINISHED;
            case PAUSE -> finish();
            case BATCH -> {
                if (overdue) {
                    finish();
                }
            }
            default -> { }
        }
    }

    /** The time to drain is up as well. */
    void giveUp() {
        switch (state) {
            case CONNECTING -> {
                loop.counters.add(Counter.CONNECT_FAILURES, 1);
                abandon(false);
            }
            case LOGIN -> loop.counters.add(Counter.LOGIN_MISSING, 1);
            case BATCH -> countEchoMissing();
            default -> { }
        }
        if (isOpen()) {
            finish();
        }
    }

    /** Whether the thread has to wait for it at the end. */
    boolean isOpen() {
        return transport != null;
    }

    void connected() {
        loop.connectEnded();
        loop.counters.add(Counter.CONNECTS, 1);
        loop.counters.add(Counter.SESSIONS, 1);
        if (loop.options.protocol().hasLogin()) {
            state = State.LOGIN;
            setDeadline(loop.now() + loop.options.loginTimeout().toNanos());
        } else {
            state = State.READY;
            nextBatch(loop.now());
        }
    }

    void connectFailed(IOException reason) {
        loop.connectEnded();
        loop.counters.add(Counter.CONNECT_FAILURES, 1);
        loop.client.connectFailed(LocalPorts.explained(reason, loop.address));
        abandon(false);
        again(loop.now());
    }

    private void startBatch(long now) {
        state = State.BATCH;
        first = next;
        next += batchMessages;
        sentBytes = 0;
        returned = 0;
        overdue = false;
        batchStart = now;
        setDeadline(now + loop.options.echoTimeout().toNanos());
        write();
    }

    /** The system takes more. */
    void writable() {
        if (state == State.BATCH) {
            write();
        }
    }

    /** Sends what the system takes of the batch; the rest when it can take more. */
    private void write() {
        int batchBytes = batchMessages * Protocol.MESSAGE_BYTES;
        try {
            while (sentBytes < batchBytes) {
                ByteBuffer buffer = fill();
                int before = sentBytes / Protocol.MESSAGE_BYTES;
                sentBytes += transport.send(buffer);
                loop.counters.add(Counter.SENT_MESSAGES, sentBytes / Protocol.MESSAGE_BYTES - before);
                if (buffer.hasRemaining()) {
                    return;
                }
            }
        } catch (IOException e) {
            lost();
        }
    }

    private ByteBuffer fill() {
        ByteBuffer buffer = loop.writeBuffer.clear();
        int message = sentBytes / Protocol.MESSAGE_BYTES;
        int count = Math.min(batchMessages - message, buffer.capacity() / Protocol.MESSAGE_BYTES);
        for (int i = 0; i < count; i++) {
            buffer.putShort((short) Protocol.PAYLOAD_BYTES).putLong(first + message + i);
        }
        return buffer.flip().position(sentBytes % Protocol.MESSAGE_BYTES);
    }

    /** Checks the whole messages in the buffer, which is little-endian, and leaves there what follows them. */
    void received(ByteBuffer buffer) {
        long now = loop.now();
        int good = 0;
        boolean framed = true;
        while (framed && buffer.remaining() >= Protocol.MESSAGE_BYTES) {
            int length = buffer.getShort();
            long value = buffer.getLong();
            if (length == Protocol.PAYLOAD_BYTES && value == first + returned && returned < batchMessages) {
                returned++;
                good++;
            } else {
                framed = unexpected(length, value);
            }
        }
        if (good > 0) {
            loop.counters.add(Counter.RECEIVED_MESSAGES, good);
            loop.roundTrips.recordValueWithCount(RoundTrip.clamp(now - batchStart), good);
        }
        if (!framed) {
            close(true);
            again(now);
            return;
        }
        progress(good, now);
    }

    private void progress(int good, long now) {
        if (state == State.READY) {
            nextBatch(now);
        } else if (state == State.BATCH && returned == batchMessages) {
            batchReturned(now);
        } else if (state == State.BATCH && good > 0 && !overdue) {
            setDeadline(now + loop.options.echoTimeout().toNanos());
        }
    }

    /** A message that is not the next of the batch. False if messages can no longer be told apart. */
    private boolean unexpected(int length, long value) {
        boolean messages = loop.options.protocol().hasLogin();
        if (messages && length == Protocol.PAYLOAD_BYTES && value == Protocol.LOGIN_VALUE) {
            if (state == State.LOGIN) {
                state = State.READY;
            } else {
                loop.counters.add(Counter.LOGIN_DUPLICATES, 1);
            }
            return true;
        }
        loop.counters.add(Counter.RECEIVED_MESSAGES, 1);
        loop.counters.add(Counter.MESSAGE_ERRORS, 1);
        resume(value);
        return !messages || length == Protocol.PAYLOAD_BYTES;
    }

    /**
     * Goes on after a wrong message. If its value belongs to the batch, that is where the next is expected, so that a
     * lost or doubled message is one error and not as many as follow it. Any other replaces the message that was due.
     */
    private void resume(long value) {
        if (state != State.BATCH) {
            return;
        }
        long place = value - first;
        if (place >= 0 && place < batchMessages) {
            returned = (int) place + 1;
        } else if (returned < batchMessages) {
            returned++;
        }
    }

    private void batchReturned(long now) {
        backoff = FIRST_BACKOFF_NANOS;
        state = State.READY;
        double percent = loop.options.reconnectPercent();
        if (!loop.draining && percent > 0 && loop.random.nextDouble() * 100 < percent) {
            close(loop.random.nextBoolean());
            state = State.WAITING;
            loop.enqueue(this);
        } else if (!loop.draining && !loop.options.loopDelay().isZero()) {
            state = State.PAUSE;
            setDeadline(now + loop.options.loopDelay().toNanos());
        } else {
            nextBatch(now);
        }
    }

    private void nextBatch(long now) {
        if (loop.draining) {
            finish();
        } else {
            startBatch(now);
        }
    }

    private void echoOverdue() {
        if (overdue) {
            close(true);
            again(loop.now());
            return;
        }
        countEchoMissing();
        if (loop.draining) {
            finish();
        } else {
            setDeadline(loop.now() + GIVE_UP_FACTOR * loop.options.echoTimeout().toNanos());
        }
    }

    private void countEchoMissing() {
        if (!overdue) {
            overdue = true;
            loop.counters.add(Counter.ECHO_MISSING, 1);
        }
    }

    /** The connection ended, and not by us. */
    void lost() {
        loop.counters.add(Counter.DISCONNECTS_FROM_SERVER, 1);
        loop.counters.add(Counter.SESSIONS, -1);
        abandon(false);
        again(loop.now());
    }

    /** Connects again after a pause, which grows while nothing succeeds: no error may turn into a busy loop. */
    private void again(long now) {
        if (loop.draining) {
            state = State.FINISHED;
            return;
        }
        state = State.WAITING;
        setDeadline(now + backoff);
        backoff = Math.min(backoff * 2, LONGEST_BACKOFF_NANOS);
    }

    private void finish() {
        close(false);
        state = State.FINISHED;
    }

    private void close(boolean reset) {
        loop.counters.add(reset ? Counter.CLOSED_BY_RESET : Counter.CLOSED_BY_FIN, 1);
        loop.counters.add(Counter.SESSIONS, -1);
        abandon(reset);
    }

    /** Closes the connection, if there is one, and forgets it. */
    private void abandon(boolean reset) {
        deadline = Timers.NONE;
        if (transport != null) {
            transport.close(reset);
            transport = null;
        }
    }

    private void setDeadline(long nanos) {
        deadline = nanos;
        loop.timers.arm(this);
    }
}
