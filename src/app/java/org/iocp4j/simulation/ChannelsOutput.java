package org.iocp4j.simulation;

import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** What a connection of the program writes. */
final class ChannelsOutput extends ChannelsDirection {
    private boolean ends;

    ChannelsOutput(ChannelsConnection connection, ChannelsGroup group) {
        super(connection, group, "write");
    }

    /** Its shutdown has succeeded: the peer hears of an end. */
    void end() {
        ends = true;
    }

    boolean ends() {
        return ends;
    }

    void write() {
        if (mayBegin() && !isShut()) {
            if (hasFailed()) {
                stream.lost(); // how much of the last one has gone?
            }
            begin(new Write());
        }
    }

    @Override
    Future<Integer> post(ByteBuffer buffer) {
        return channel.write(buffer);
    }

    @Override
    <A> void post(ByteBuffer buffer, long nanos, TimeUnit unit, A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        channel.write(buffer, nanos, unit, attachment, handler);
    }

    @Override
    <A> void post(ByteBuffer[] buffers, int offset, int length, long nanos, TimeUnit unit, A attachment,
            CompletionHandler<Long, ? super A> handler) {
        channel.write(buffers, offset, length, nanos, unit, attachment, handler);
    }

    @Override
    boolean failsWhenShut() {
        return true;
    }

    private final class Write extends Transfer {
        private final byte[] bytes = stream.next(random.chance(0.1) ? random.below(8 * MOST_BYTES)
                : random.below(MOST_BYTES));
        private final ChannelsMemory memory = ChannelsMemory.toWrite(random, bytes);

        Write() {
            stream.sending(bytes);
        }

        @Override
        ChannelsMemory memory() {
            return memory;
        }

        @Override
        void undo() {
            stream.sent(0, 0);
        }

        @Override
        void succeeded(long count) {
            require(count == bytes.length, "has written " + count + " of " + bytes.length);
            memory.requireWritten(bytes.length, this);
            stream.sent(bytes.length, bytes.length);
        }

        @Override
        void lose() {
            memory.requireWritten(0, this);
            fail();
            stream.sent(0, bytes.length);
        }

        @Override
        void react() {
            if (simulation.mayAct() && random.chance(0.6)) {
                write();
                simulation.mayActInHandler();
            }
        }
    }
}
