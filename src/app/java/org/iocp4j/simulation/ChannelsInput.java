package org.iocp4j.simulation;

import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** What a connection of the program reads. */
final class ChannelsInput extends ChannelsDirection {
    private boolean ended;

    ChannelsInput(ChannelsConnection connection, ChannelsGroup group) {
        super(connection, group, "read");
    }

    /** Whether what the peer has sent comes, if it is asked for. */
    boolean reads() {
        return stream != null && !isClosed() && !connection.isClosing() && !isKilled() && !isShut() && !ended
                && !hasFailed();
    }

    /** Whether all has come that is said to have gone. */
    boolean hasAll() {
        return stream.hasWhatHasGone();
    }

    @Override
    void kill() {
        super.kill();
        if (stream != null) {
            stream.lost(); // if the read has just ended, nothing is read any more, all the same
        }
    }

    @Override
    void shut() {
        super.shut();
        if (stream != null) {
            stream.lost();
        }
    }

    void read() {
        if (mayBegin()) {
            begin(new Read());
        }
    }

    @Override
    Future<Integer> post(ByteBuffer buffer) {
        return channel.read(buffer);
    }

    @Override
    <A> void post(ByteBuffer buffer, long nanos, TimeUnit unit, A attachment,
            CompletionHandler<Integer, ? super A> handler) {
        channel.read(buffer, nanos, unit, attachment, handler);
    }

    @Override
    <A> void post(ByteBuffer[] buffers, int offset, int length, long nanos, TimeUnit unit, A attachment,
            CompletionHandler<Long, ? super A> handler) {
        channel.read(buffers, offset, length, nanos, unit, attachment, handler);
    }

    @Override
    boolean failsWhenShut() {
        return false;
    }

    private final class Read extends Transfer {
        private final ChannelsMemory memory = ChannelsMemory.toRead(random, MOST_BYTES);

        @Override
        ChannelsMemory memory() {
            return memory;
        }

        @Override
        void undo() {
            // nothing has come
        }

        @Override
        void succeeded(long count) {
            memory.requireRead((int) Math.max(0, count), this);
            if (count < 0) {
                require(count == -1, "has read " + count);
                if (!isShut()) {
                    ended = true;
                    stream.ended();
                }
            } else if (count == 0) {
                require(memory.room() == 0, "has read nothing");
            } else {
                require(!ended, "has read behind the end");
                stream.arrived(memory.read((int) count), (int) count);
            }
        }

        @Override
        void lose() {
            memory.requireRead(0, this, true);
            stream.lost();
        }

        @Override
        void react() {
            if (simulation.isSettling()) {
                connection.settle();
            } else if (simulation.mayAct() && random.chance(0.8)) {
                read();
                if (random.chance(0.4)) {
                    connection.write();
                }
                simulation.mayActInHandler();
            }
        }
    }
}
