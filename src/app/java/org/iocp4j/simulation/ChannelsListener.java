package org.iocp4j.simulation;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AcceptPendingException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ShutdownChannelGroupException;
import java.util.concurrent.CancellationException;
import org.iocp4j.simkernel.SeededRandom;

/** A listening channel of the program. */
final class ChannelsListener {
    private final ChannelsGroup group;
    private final ChannelsSimulation simulation;
    private final SeededRandom random;
    private final AsynchronousServerSocketChannel channel;
    private final InetSocketAddress address;
    private Accept accepting;
    private boolean closing;
    private boolean killed;
    /** Second accepts that may be pending. */
    private int others;

    /** @throws IOException if the system refuses it, or the group is shut down */
    ChannelsListener(ChannelsGroup group, AsynchronousServerSocketChannel channel) throws IOException {
        this.group = group;
        this.channel = channel;
        simulation = group.simulation;
        random = simulation.random;
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1 + random.below(5));
        address = (InetSocketAddress) channel.getLocalAddress();
    }

    InetSocketAddress address() {
        return address;
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    void act() throws IOException {
        switch (random.below(20)) {
            case 0 -> close();
            case 1, 2, 3 -> acceptTwice();
            case 4 -> cancel();
            default -> accept();
        }
    }

    void close() throws IOException {
        closing = true;
        channel.close();
        simulation.require(!channel.isOpen(), this + " is closed, and open");
    }

    private void cancel() {
        Accept present = accepting;
        if (present != null && present.hasFuture()) {
            boolean closes = random.chance(0.3);
            closing |= closes;
            killed = true; // if it comes too late, nobody accepts any more, which is no harm
            present.cancel(closes);
        }
    }

    /** Beside one that goes on, if it has not just ended. */
    private void acceptTwice() {
        if (accepting == null || closing || killed) {
            return;
        }
        Accept second = new Accept();
        others++;
        try {
            channel.accept(second.attachment(), second);
        } catch (AcceptPendingException e) {
            never(second, true, e);
        } catch (ShutdownChannelGroupException e) {
            never(second, group.isShut(), e);
        } catch (IllegalStateException e) {
            never(second, killed, e);
        }
    }

    void accept() {
        if (accepting != null) {
            accepting.pollIfFuture();
        }
        if (accepting != null || killed) {
            return;
        }
        Accept next = new Accept();
        accepting = next;
        try {
            if (random.chance(0.3)) {
                next.future(channel.accept());
                next.poll();
            } else {
                channel.accept(next.attachment(), next);
            }
        } catch (AcceptPendingException e) {
            never(next, others > 0, e);
        } catch (ShutdownChannelGroupException e) {
            never(next, group.isShut(), e);
        } catch (IllegalStateException e) {
            never(next, killed, e);
        }
    }

    private void never(Accept next, boolean isRight, Exception why) {
        simulation.require(isRight, this + ": " + why);
        next.neverWas();
        next.over();
    }

    boolean isIdle() {
        if (accepting != null) {
            accepting.pollIfFuture();
        }
        return accepting == null;
    }

    private final class Accept extends ChannelsOperation<AsynchronousSocketChannel> {
        private final boolean comesTooLate = group.takesNoMore();

        Accept() {
            super(group, 0);
        }

        void pollIfFuture() {
            if (hasFuture()) {
                poll();
            }
        }

        @Override
        void succeeded(AsynchronousSocketChannel child) {
            over();
            require(!comesTooLate, "succeeds after a shutdown");
            simulation.accepted(group, child);
        }

        @Override
        void failed(Throwable cause) {
            over();
            boolean isRight = switch (cause) {
                case CancellationException e -> isCancelled();
                case AsynchronousCloseException e -> !channel.isOpen();
                case ClosedChannelException e -> !channel.isOpen();
                case IOException e -> e.getCause() instanceof ShutdownChannelGroupException && group.isShut();
                default -> false;
            };
            require(isRight, "fails by " + cause);
        }

        private void over() {
            if (accepting == this) {
                accepting = null;
            } else {
                others--;
            }
        }

        @Override
        void react() {
            if (isOpen() && simulation.mayAct() && random.chance(0.8)) {
                accept();
            }
        }

        @Override
        public String toString() {
            return "an accept of " + ChannelsListener.this;
        }
    }

    @Override
    public String toString() {
        return "the listener on " + address.getPort();
    }
}
