package org.iocp4j.simulation;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ConnectionPendingException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.ShutdownChannelGroupException;
import java.util.concurrent.CancellationException;
import org.iocp4j.simkernel.SeededRandom;

/** A connection of the program: how it begins, what it does, how it ends. */
final class ChannelsConnection {
    private final ChannelsGroup group;
    private final ChannelsSimulation simulation;
    private final SeededRandom random;
    private final AsynchronousSocketChannel channel;
    private final boolean accepted;
    private Connect connecting;
    private final ChannelsInput in;
    private final ChannelsOutput out;
    private ChannelsConnection peer;
    private boolean closing;

    ChannelsConnection(ChannelsGroup group, AsynchronousSocketChannel channel, boolean accepted) {
        this.group = group;
        this.channel = channel;
        this.accepted = accepted;
        simulation = group.simulation;
        random = simulation.random;
        in = new ChannelsInput(this, group);
        out = new ChannelsOutput(this, group);
        group.has(this);
    }

    AsynchronousSocketChannel channel() {
        return channel;
    }

    /** The program has closed it, or is about to. */
    boolean isClosing() {
        return closing;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    // ---- its beginning ----

    void connect(InetSocketAddress to) {
        Connect next = new Connect();
        connecting = next;
        try {
            if (random.chance(0.2)) {
                next.future(channel.connect(to));
                next.poll();
            } else {
                channel.connect(to, next.attachment(), next);
            }
        } catch (ShutdownChannelGroupException e) {
            simulation.require(group.isShut(), this + ": " + e);
            next.neverWas();
            return;
        }
        if (random.chance(0.1)) {
            connectTwice(to);
        }
    }

    private void connectTwice(InetSocketAddress to) {
        try {
            var second = channel.connect(to);
            simulation.require(!channel.isOpen() && second.isDone(), this + " connects twice");
        } catch (ConnectionPendingException e) {
            return; // as it should be
        } catch (IllegalStateException e) { // already connected
            simulation.require(channel.isOpen() || closing || group.isShut(), this + ": " + e);
        }
    }

    void accepted() {
        if (!knowsStreams()) {
            return;
        }
        try {
            boolean kept = channel.getOption(StandardSocketOptions.SO_KEEPALIVE);
            simulation.require(!kept, this + " has an option of an earlier connection");
        } catch (IOException e) {
            simulation.require(!channel.isOpen() || simulation.optionsFail(), this + ": " + e);
        }
        if (random.chance(0.8) || simulation.isSettling()) {
            in.read();
        }
    }

    /** Whether it has been connected: from then on bytes may go. */
    private boolean knowsStreams() {
        if (out.stream != null) {
            return true;
        }
        int port;
        try {
            var client = (InetSocketAddress) (accepted ? channel.getRemoteAddress() : channel.getLocalAddress());
            port = client.getPort();
        } catch (IOException e) {
            simulation.require(!channel.isOpen(), this + ": " + e);
            return false; // closed already
        }
        in.stream = simulation.streams.of(port, !accepted);
        out.stream = simulation.streams.of(port, accepted);
        peer = simulation.connected(port, this);
        if (peer != null) {
            peer.peer = this;
        }
        return true;
    }

    // ---- what it does ----

    void act() {
        if (connecting != null && !connecting.isOver()) {
            actBeforeConnected();
            return;
        }
        switch (random.below(50)) {
            case 0, 1 -> close();
            case 2, 3 -> shutdownOutput();
            case 4 -> shutdownInput();
            case 5 -> setOption();
            case 6, 7 -> cancel(in);
            case 8, 9 -> cancel(out);
            case 10, 11 -> in.transferNothing();
            case 12, 13 -> out.transferNothing();
            case 14 -> cancelConnect();
            case 15 -> connectTwice(new InetSocketAddress("127.0.0.1", 1));
            default -> {
                if (random.chance(0.5)) {
                    in.read();
                } else {
                    out.write();
                }
            }
        }
    }

    private void actBeforeConnected() {
        switch (random.below(8)) {
            case 0 -> close();
            case 1, 2 -> cancelConnect();
            case 3 -> {
                if (!connecting.hasFuture()) {
                    in.transferNothing();
                }
            }
            case 4 -> setOption();
            default -> {
                // it waits
            }
        }
    }

    void close() {
        closing = true;
        try {
            channel.close();
        } catch (IOException e) {
            require(false, "does not close: " + e);
        }
        simulation.require(!channel.isOpen(), this + " is closed, and open");
        // A connect may be about to fail on another thread, which closes the channel first and tells of it then.
        for (ChannelsOperation<?> one : new ChannelsOperation<?>[] {in.current(), out.current()}) {
            if (one != null && one.hasFuture()) {
                one.poll();
                simulation.require(one.isOver() || one.isBeingCancelled(), one + " is not done after the close");
            }
        }
    }

    private void setOption() {
        try {
            if (random.chance(0.5)) {
                channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            } else {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
        } catch (IOException e) {
            simulation.require(!channel.isOpen() || simulation.optionsFail(), this + ": " + e);
        }
    }

    private void shutdownOutput() {
        out.shut();
        try {
            channel.shutdownOutput();
            out.end();
        } catch (NotYetConnectedException e) {
            simulation.require(in.stream == null, this + ": " + e);
        } catch (IOException e) {
            requireIsLost(e);
        }
    }

    private void shutdownInput() {
        in.shut();
        try {
            channel.shutdownInput();
        } catch (NotYetConnectedException e) {
            simulation.require(in.stream == null, this + ": " + e);
        } catch (IOException e) {
            requireIsLost(e);
        }
    }

    /** The connection may be over in ways that only its operations tell. */
    private void requireIsLost(IOException e) {
        simulation.require(!(e instanceof ClosedChannelException) || !channel.isOpen(), this + ": " + e);
    }

    private void cancel(ChannelsDirection direction) {
        ChannelsOperation<?> one = direction.current();
        if (mayCancel(one)) {
            direction.kill();
            cancel(one);
        }
    }

    private void cancelConnect() {
        if (mayCancel(connecting)) {
            in.kill();
            out.kill();
            cancel(connecting);
        }
    }

    private static boolean mayCancel(ChannelsOperation<?> one) {
        return one != null && one.hasFuture() && !one.isOver();
    }

    private void cancel(ChannelsOperation<?> one) {
        boolean closes = random.chance(0.2);
        closing |= closes;
        one.cancel(closes);
        one.poll();
    }

    void write() {
        out.write();
    }

    // ---- connecting ----

    private final class Connect extends ChannelsOperation<Void> {
        Connect() {
            super(group, 0);
        }

        @Override
        void succeeded(Void result) {
            require(knowsStreams() || !isOpen(), "is connected, and has no address");
        }

        @Override
        void failed(Throwable cause) {
            boolean isRight = switch (cause) {
                case AsynchronousCloseException e -> !isOpen();
                case CancellationException e -> in.isKilled();
                case IOException e -> !isOpen();
                default -> false;
            };
            require(isRight, "fails by " + cause);
        }

        @Override
        void react() {
            if (simulation.isSettling()) {
                settle();
            } else if (random.chance(0.8)) {
                in.read();
                out.write();
            }
        }

        @Override
        public String toString() {
            return "a connect of " + ChannelsConnection.this;
        }
    }

    // ---- checks ----

    /** Whether no connect of its own goes on. */
    boolean hasConnected() {
        if (connecting != null && connecting.hasFuture()) {
            connecting.poll();
        }
        return connecting == null || connecting.isOver();
    }

    /** From now on it only reads. */
    void settle() {
        if (in.reads()) {
            in.read();
        }
    }

    /** Null if all that was to come has come; else what is missing. */
    String missing() {
        if (!hasConnected()) {
            return "its connect does not end";
        }
        if (in.stream == null || !isOpen() || peer == null || !peer.isOpen() || !in.reads()
                || peer.out.hasFailed()) {
            return null;
        }
        if (!in.hasAll()) {
            return "bytes do not come";
        }
        // A shutdown that has waited for a write may fail, and nobody is told.
        return peer.out.ends() && !simulation.makingFails() ? "its peer's end does not come" : null;
    }

    void checkAtRest() {
        in.checkAtRest();
        out.checkAtRest();
    }

    void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, this + " " + violation);
        }
    }

    void checkEnd() {
        simulation.require(hasConnected(), connecting + " never ends");
        in.checkEnd();
        out.checkEnd();
    }

    @Override
    public String toString() {
        return (accepted ? "accepted " : "connecting ") + channel;
    }
}
