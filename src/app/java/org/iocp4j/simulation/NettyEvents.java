package org.iocp4j.simulation;

import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.io.IOException;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulationFailure;

/** The one handler of a channel of the program: what it is told comes in legal order, on the loop's thread. */
abstract class NettyEvents extends ChannelDuplexHandler {
    /** What a handler of the program throws. */
    private static final class Whim extends RuntimeException {
        private static final long serialVersionUID = 1;

        Whim() {
            super("a whim", null, false, false);
        }
    }

    final NettySimulation simulation;
    final SeededRandom random;
    private boolean everRegistered;
    private boolean registered;
    private boolean active;
    private boolean inactive;
    /** It was closed when it was not registered: Netty tells nobody. */
    private boolean untold;
    /** The program has asked for that. */
    private boolean deregistered;
    private boolean neverWas;
    /** It was registered and closed in channelUnregistered, whereupon Netty takes the pipeline to pieces. */
    private boolean removed;
    /** How many of the program's calls to the channel are on the stack. */
    private int calls;
    /** A read was asked for, by the program or by auto-read, and nothing has come of it. */
    private boolean readWanted;
    private boolean readUnfinished;

    NettyEvents(NettySimulation simulation) {
        this.simulation = simulation;
        random = simulation.random;
    }

    abstract Channel channel();

    void begin() {
        channel().pipeline().addLast(this);
        channel().closeFuture().addListener(closed -> untold = !channel().isRegistered());
    }

    /** It was closed before it was registered: nothing is told of it. */
    void neverWas() {
        neverWas = true;
    }

    /** Does something with its channel. */
    abstract void act();

    /** Something has come. */
    abstract void arrived(Object message);

    /** The transport tells of a failure. */
    abstract void failed(IOException cause);

    boolean isActive() {
        return active && !inactive && !untold && !removed;
    }

    boolean wasNeverRegistered() {
        return !everRegistered;
    }

    /** Nothing happens to it any more. */
    boolean isOver() {
        return neverWas || channel().closeFuture().isDone()
                && (removed || !registered && (inactive || !active || untold));
    }

    /** A call of the program's, inside which nothing is read. */
    void call(Runnable call) {
        calls++;
        try {
            call.run();
        } finally {
            calls--;
        }
    }

    void autoRead(boolean on) {
        if (!on && channel().config().isAutoRead()) {
            readWanted = false;
        }
        call(() -> channel().config().setAutoRead(on));
    }

    void react() {
        if (simulation.mayAct()) {
            if (random.chance(0.2)) {
                simulation.act();
            }
            if (random.chance(0.5)) {
                act();
            }
            if (random.chance(0.03)) {
                throw new Whim();
            }
        }
    }

    void checkAtRest() {
        require(!readUnfinished, "reads, and is not told that the read is complete");
    }

    void checkEnd() {
        require(!active || inactive || untold || removed, "was active, and never inactive");
        require(!registered || removed, "is registered after its loop's end");
        require(neverWas || channel().closeFuture().isDone(), "is not closed after its loop's end");
    }

    final void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, this + " " + violation);
        }
    }

    private void told(boolean legal, String what) {
        require(simulation.isLoopsThread(), what + " is told on another thread");
        require(legal, "is told of " + what + " (registered " + registered + ", active " + active + ", inactive "
                + inactive + ")");
    }

    @Override
    public void channelRegistered(ChannelHandlerContext context) {
        told(!registered && !inactive, "channelRegistered");
        registered = true;
        everRegistered = true;
        react();
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext context) {
        told(registered, "channelUnregistered");
        registered = false;
        untold |= deregistered && !channel().isOpen(); // when it was being closed
        deregistered = false;
        react();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        told(everRegistered && !active, "channelActive");
        active = true;
        activated();
        react();
    }

    abstract void activated();

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        told(everRegistered && !inactive, "channelInactive"); // perhaps closed before it was told that it is active
        inactive = true;
        deactivated();
        react();
    }

    abstract void deactivated();

    @Override
    public void deregister(ChannelHandlerContext context, ChannelPromise promise) {
        deregistered = true;
        context.deregister(promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        removed = true;
    }

    @Override
    public void read(ChannelHandlerContext context) {
        readWanted = true;
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        told(isActive() && registered, "channelRead");
        require(calls == 0, "reads inside a call");
        require(readWanted || context.channel().config().isAutoRead(), "reads what nobody has asked for");
        readWanted = false;
        readUnfinished = true;
        arrived(message);
        react();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        told(active, "channelReadComplete");
        readUnfinished = false;
        react();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        told(everRegistered, "channelWritabilityChanged");
        react();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof SimulationFailure || cause instanceof Whim) {
            return;
        }
        told(everRegistered, "exceptionCaught");
        if (!(cause instanceof IOException)) {
            simulation.failed(this + " has " + cause, cause);
        }
        failed((IOException) cause);
        react();
    }
}
