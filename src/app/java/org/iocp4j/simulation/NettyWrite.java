package org.iocp4j.simulation;

import io.netty.channel.Channel;
import io.netty.channel.DefaultChannelPromise;
import java.util.function.BiConsumer;

/** The promise of one write. It is completed once. */
final class NettyWrite extends DefaultChannelPromise {
    private final NettySimulation simulation;
    private final BiConsumer<NettyWrite, Throwable> whenDone;
    /** Where in the stream what it writes ends; negative if none of it may ever be sent. */
    private int end = -1;

    /** @param whenDone is told the cause, null of a success */
    NettyWrite(Channel channel, NettySimulation simulation, BiConsumer<NettyWrite, Throwable> whenDone) {
        super(channel);
        this.simulation = simulation;
        this.whenDone = whenDone;
    }

    void end(int inStream) {
        end = inStream;
    }

    int end() {
        return end;
    }

    @Override
    public boolean trySuccess(Void result) {
        complete(null);
        return super.trySuccess(result);
    }

    @Override
    public boolean tryFailure(Throwable cause) {
        complete(cause);
        return super.tryFailure(cause);
    }

    @Override
    public NettyWrite setFailure(Throwable cause) {
        complete(cause);
        super.setFailure(cause);
        return this;
    }

    private void complete(Throwable cause) {
        simulation.require(!isDone(), "a write of " + channel() + " is completed twice");
        whenDone.accept(this, cause);
    }
}
