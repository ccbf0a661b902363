package org.iocp4j.simkernel;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * A client in the simulated network. It is no thread: its {@link Script} runs between two steps of the threads, in
 * virtual time, and makes no call to Windows.
 */
public final class SimulatedClient {
    /** What a client does when something happens to it. */
    public interface Script {
        default void connected(SimulatedClient client) {
        }

        /** No connection came about. */
        default void refused(SimulatedClient client) {
        }

        default void received(SimulatedClient client, byte[] bytes) {
        }

        /** The server's FIN. */
        default void ended(SimulatedClient client) {
        }

        /** An RST. */
        default void reset(SimulatedClient client) {
        }
    }

    private enum State {
        NEW, CONNECTING, CONNECTED, REFUSED, CLOSED, RESET
    }

    private final SimulatedKernel kernel;
    private final int number;
    private final Script script;
    private final InetSocketAddress localAddress;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private int window = 16 * 1024;
    private State state = State.NEW;
    private @Nullable Connection connection;
    private boolean reading = true;
    private boolean endSeen;

    SimulatedClient(SimulatedKernel kernel, int number, Script script) {
        this.kernel = kernel;
        this.number = number;
        this.script = script;
        try {
            localAddress = new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 10_000 + number);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** In the trace. */
    public int number() {
        return number;
    }

    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /** How many bytes may lie unread here before the server's sends wait; to be said before {@link #connect}. */
    public SimulatedClient window(int bytes) {
        window = bytes;
        return this;
    }

    int window() {
        return window;
    }

    public SimulatedClient connect(InetSocketAddress server) {
        require(state == State.NEW, "has connected before");
        state = State.CONNECTING;
        kernel.network.connect(this, server);
        return this;
    }

    /** Queues bytes; they go as the server's window allows. */
    public void send(byte[] bytes) {
        if (state == State.CONNECTED) {
            requireConnection().out().write(bytes, 0, bytes.length);
        }
    }

    /** FIN behind what is queued; goes on reading. */
    public void finish() {
        if (state == State.CONNECTED) {
            requireConnection().out().finish();
        }
    }

    /** FIN, and whatever comes from now on is answered by an RST. */
    public void close() {
        if (state == State.CONNECTED) {
            state = State.CLOSED;
            requireConnection().out().finish();
        }
    }

    /** RST. */
    public void reset() {
        if (state == State.CONNECTED || state == State.CLOSED) {
            state = State.RESET;
            requireConnection().reset(false);
        }
    }

    /** Reads no more: when its window is full, the server's sends wait. */
    public void stopReading() {
        reading = false;
    }

    public void startReading() {
        reading = true;
        if (connection != null) {
            arrived();
            finish(endSeen);
        }
    }

    /** Half-open: from now on nothing comes and nothing goes, and nobody is told. */
    public void vanish() {
        if (connection != null) {
            connection.silence();
        }
    }

    /** Runs something in virtual time. */
    public void after(long nanos, Runnable action) {
        kernel.timeline.after(nanos, () -> kernel.runScript(action));
    }

    /** Everything read since the start. */
    public byte[] received() {
        return received.toByteArray();
    }

    public boolean isConnected() {
        return state == State.CONNECTED;
    }

    public boolean isRefused() {
        return state == State.REFUSED;
    }

    /** The server's FIN has come, and everything before it was read. */
    public boolean hasEnded() {
        return endSeen && reading;
    }

    public boolean isReset() {
        return state == State.RESET;
    }

    // ---- what the network does to it ----

    private final class Owner implements Connection.Owner {
        @Override
        public void arrived() {
            SimulatedClient.this.arrived();
        }

        @Override
        public void finArrived() {
            endSeen = true;
            finish(reading);
        }

        @Override
        public void finDelivered() {
            // Nothing waits for it.
        }

        @Override
        public void moved() {
            // What it sends has no limit.
        }

        @Override
        public void wasReset() {
            if (state == State.CONNECTED || state == State.CLOSED) {
                state = State.RESET;
                kernel.runScript(() -> script.reset(SimulatedClient.this));
            }
        }
    }

    void established(Connection newConnection) {
        connection = newConnection;
        connection.owner = new Owner();
        state = State.CONNECTED;
        kernel.runScript(() -> script.connected(this));
    }

    void turnedAway() {
        state = State.REFUSED;
        kernel.runScript(() -> script.refused(this));
    }

    private void arrived() {
        if (state == State.CLOSED) {
            state = State.RESET;
            requireConnection().reset(true);
            return;
        }
        int count = requireConnection().in.available();
        if (reading && count > 0 && state == State.CONNECTED) {
            byte[] bytes = requireConnection().in.read(count);
            received.writeBytes(bytes);
            kernel.runScript(() -> script.received(this, bytes));
        }
    }

    private void finish(boolean seen) {
        if (seen && state == State.CONNECTED) {
            kernel.runScript(() -> script.ended(this));
        }
    }

    /** That of a client that is, or was, connected. */
    private Connection requireConnection() {
        assert connection != null : "client " + number + " has no connection";
        return connection;
    }

    private void require(boolean condition, String otherwise) {
        if (!condition) {
            throw kernel.fail("client " + number + " " + otherwise);
        }
    }
}
