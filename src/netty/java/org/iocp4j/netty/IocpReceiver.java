package org.iocp4j.netty;

import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.IoTask;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.TimerWheel;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * What a channel receives. While a read is wanted and data keeps coming, a receive with a buffer is pending; when none
 * has come for {@link #QUIET_NANOS}, or no read is wanted, one without a buffer is, which sees the peer's end all the
 * same. What a receive brings after auto-read was switched off is held until the next read. On the loop's thread.
 */
final class IocpReceiver implements IoTask {
    /** After so long without data, a connection gives its receive buffer back. */
    static final long QUIET_NANOS = 2_000_000_000;

    /** What is pending of the one receive. */
    private enum Pending {
        NONE,
        /** It is put off to the end of the batch: by then the bytes may be there, and no packet has to bring them. */
        DUE,
        /** Of no bytes: tells that there are some, or the end. */
        WATCH,
        /** Into {@link #receiving}. */
        DATA,
        /** It was refused, which is about to be told. */
        REFUSED
    }

    private final IocpSocketChannel channel;
    private Pending pending = Pending.NONE;
    /** Where the pending receive puts the bytes. */
    private @Nullable ByteBuf receiving;
    private @Nullable Quiet quiet;
    /** The pending receive was cancelled to be replaced by a watch. */
    private boolean replacing;
    /** Somebody waits for data. */
    private boolean readPending;
    /** In the loop of reads: it goes on by itself when it ends. */
    private boolean reading;
    /** Came when no read was wanted. */
    private @Nullable ByteBuf held;
    /** A watch has seen data that nobody has asked for yet, or the end has come while the channel was deregistered. */
    private boolean dataWaits;
    /** Has come while the channel was deregistered. */
    private @Nullable IOException failure;
    /** The socket may have bytes that nobody reads, or has had some. */
    private boolean mayHaveMore;
    private boolean readScheduled;
    private volatile boolean shutDown;
    private boolean endTold;

    IocpReceiver(IocpSocketChannel channel) {
        this.channel = channel;
    }

    /** Whether nothing is read any more. Any thread. */
    boolean isShutDown() {
        return shutDown;
    }

    private boolean hasUnread() {
        return held != null || dataWaits;
    }

    /** Whether something may have come that the handlers have not seen. */
    boolean mayHaveUnread() {
        return hasUnread() || mayHaveMore;
    }

    /** Reads no more: the handlers' next read is told the end. */
    void shutDown() {
        mayHaveMore |= !shutDown; // or its end has come
        shutDown = true;
        release(held);
        held = null;
        if (readPending && !reading) {
            goOn();
        }
    }

    /** The channel is registered again. */
    void comeBack() {
        IOException before = failure;
        if (!channel.isActive() || reading) {
            return;
        }
        if (before != null) {
            failure = null;
            readFailed(before);
        } else if (readPending) {
            goOn();
        } else if (dataWaits) {
            dataWaits = false;
            attend(); // it may be the end
        }
    }

    /** The socket is gone. */
    void release() {
        release(held);
        held = null;
        forgetQuiet();
    }

    /** A read is wanted. */
    void begin() {
        if (endTold || !channel.isOpen()) {
            return;
        }
        readPending = true;
        if (channel.isActive() && !reading) {
            goOn();
        }
    }

    /** A deregistered channel is told of no data, whatever it has asked for. */
    private boolean wantsData() {
        return readPending && channel.isRegistered();
    }

    /** Sees to it that what is wanted comes; never in the caller's call. */
    private void goOn() {
        if (failure != null) {
            return; // what comes next is to tell it
        }
        StreamSocket present = channel.socket();
        if (shutDown && isPosted() && present != null) {
            present.cancelReceive(channel.loop().io()); // its event ends the reading
        } else if (held != null || dataWaits || shutDown) {
            scheduleRead();
        } else if (pending == Pending.NONE && channel.loop().io().shouldDefer()) {
            pending = Pending.DUE;
            channel.loop().io().defer(this);
        } else {
            post(Pending.DATA);
        }
    }

    private boolean isPosted() {
        return pending == Pending.WATCH || pending == Pending.DATA;
    }

    /** The receive that was put off is due. */
    @Override
    public void run(IoThread io) {
        pending = Pending.NONE;
        attend();
    }

    private void scheduleRead() {
        if (!readScheduled) {
            readScheduled = true;
            channel.eventLoop().execute(() -> {
                readScheduled = false;
                if (wantsData() && channel.isOpen() && !isPosted() && pending != Pending.REFUSED) {
                    ByteBuf first = held;
                    held = null;
                    dataWaits = false;
                    readLoop(first, 0);
                }
            });
        }
    }

    /** Auto-read was switched off. */
    void pause() {
        readPending = false;
        attend();
    }

    /** Has a receive pending, or a watch if no read is wanted. */
    void attend() {
        boolean isIdle = pending == Pending.NONE && !reading && !shutDown && !hasUnread() && failure == null;
        if (isIdle && channel.isActive()) {
            post(readPending ? Pending.DATA : Pending.WATCH);
        }
    }

    private void post(Pending what) {
        StreamSocket present = channel.socket();
        if (pending != Pending.NONE || present == null || !channel.isOpen()) {
            return;
        }
        IoThread io = channel.loop().io();
        int outcome;
        ByteBuf buf = what == Pending.DATA ? tryAllocate() : null;
        if (buf != null) {
            io.buffer(0, writableAddress(buf), buf.writableBytes());
            outcome = present.receive(1, io);
        } else {
            outcome = present.waitReadable(io);
        }
        if (outcome == StreamSocket.PENDING) {
            pending = buf != null ? Pending.DATA : Pending.WATCH;
            receiving = buf;
            if (buf != null) {
                quiet().arm(io.nowNanos() + QUIET_NANOS);
            }
            return;
        }
        if (buf != null) {
            buf.release();
        }
        pending = Pending.REFUSED;
        channel.eventLoop().execute(() -> {
            pending = Pending.NONE;
            readFailed(IoFailure.ofCall(-outcome));
        });
    }

    /** Null if there is no room: that is told when there is something to put there. */
    private @Nullable ByteBuf tryAllocate() {
        try {
            ByteBuf buf = allocate();
            if (buf.isWritable()) {
                return buf;
            }
            buf.release();
        } catch (Throwable e) {
            // So it will be when the watch has ended, and then the handlers hear of it.
        }
        return null;
    }

    private ByteBuf allocate() {
        ByteBuf buf = channel.allocator().allocate(channel.alloc());
        if (buf.isDirect()) {
            return buf;
        }
        int capacity = buf.writableBytes();
        buf.release();
        return channel.alloc().directBuffer(capacity);
    }

    private static long writableAddress(ByteBuf buf) {
        return buf.hasMemoryAddress() ? buf.memoryAddress() + buf.writerIndex()
                : MemorySegment.ofBuffer(buf.internalNioBuffer(buf.writerIndex(), buf.writableBytes())).address();
    }

    private Quiet quiet() {
        Quiet present = quiet;
        if (present == null) {
            present = new Quiet(channel.loop().domain().timers());
            quiet = present;
        }
        return present;
    }

    private void forgetQuiet() {
        Quiet present = quiet;
        if (present != null) {
            quiet = null;
            present.retire();
        }
    }

    /** The connection has been quiet for a while: its receive is replaced by one without a buffer. */
    private final class Quiet extends Deadline {
        Quiet(TimerWheel wheel) {
            super(wheel);
        }

        @Override
        protected void expired(IoThread io) {
            StreamSocket present = channel.socket();
            if (pending == Pending.DATA && present != null) {
                replacing = true;
                present.cancelReceive(io);
            }
        }
    }

    /** The receive is over. */
    void ended(int status, int bytes) {
        ByteBuf buf = receiving;
        boolean wasReplaced = replacing;
        pending = Pending.NONE;
        receiving = null;
        replacing = false;
        if (status >= 0) { // what comes now is dropped if the channel is closed or reads no more
            mayHaveMore = buf == null || bytes == buf.writableBytes()
                    || (bytes > 0 && (shutDown || !channel.isOpen()));
        }
        if (!channel.isOpen()) {
            release(buf);
            channel.closeLater();
        } else if (shutDown && (status >= 0 || status == STATUS_CANCELLED())) {
            release(buf);
            if (wantsData()) {
                readLoop(null, -1);
            }
        } else if (status < 0) {
            release(buf);
            if (wasReplaced && status == STATUS_CANCELLED()) {
                forgetQuiet(); // an idle connection needs none
                post(Pending.WATCH);
            } else {
                readFailed(IoFailure.ofStatus(status));
            }
        } else if ((buf == null || bytes == 0) && !channel.isRegistered()) {
            release(buf);
            dataWaits = true;
        } else if (buf == null) {
            watchEnded();
        } else if (bytes == 0) {
            release(buf);
            readLoop(null, -1);
        } else if (wantsData()) {
            readLoop(buf, bytes);
        } else {
            held = buf.writerIndex(buf.writerIndex() + bytes);
        }
    }

    /** Whether a receive may have left something: one that was filled, or has failed. */
    private static boolean mayLeave(int outcome, int asked) {
        return outcome == asked || (outcome < 0 && outcome != -WSAEWOULDBLOCK());
    }

    private static void release(@Nullable ByteBuf buf) {
        if (buf != null) {
            buf.release();
        }
    }

    /** There is something to receive. Without a wish for it, it is left where it is, but for the end of the stream. */
    private void watchEnded() {
        if (wantsData()) {
            readLoop(null, 0);
            return;
        }
        ByteBuf peek = channel.alloc().directBuffer(1);
        try {
            int outcome = channel.opened().tryPeek(writableAddress(peek), 1, channel.loop().io());
            mayHaveMore = mayLeave(outcome, 1);
            if (outcome == 0) {
                readLoop(null, -1);
            } else if (outcome == -WSAEWOULDBLOCK()) {
                post(Pending.WATCH);
            } else if (outcome < 0) {
                readFailed(IoFailure.ofCall(-outcome));
            } else {
                dataWaits = true;
            }
        } catch (ClosedChannelException e) {
            throw new AssertionError("a watch of a closed channel", e);
        } finally {
            peek.release();
        }
    }

    /**
     * Tells what has come, and receives what else is there, as much as the channel's allocator has it.
     *
     * @param first what a receive brought; null to receive
     * @param bytes how many these are; -1 for the end of the stream
     */
    private void readLoop(@Nullable ByteBuf first, int bytes) {
        ChannelPipeline pipeline = channel.pipeline();
        var allocator = channel.allocator();
        allocator.reset(channel.config());
        ByteBuf buf = first;
        boolean ended = bytes < 0 || (shutDown && buf == null);
        Throwable thrown = null;
        reading = true;
        try {
            try {
                if (buf != null && bytes > 0) {
                    allocator.attemptedBytesRead(buf.writableBytes());
                    buf.writerIndex(buf.writerIndex() + bytes);
                    allocator.lastBytesRead(bytes);
                } else if (buf != null) {
                    allocator.attemptedBytesRead(buf.readableBytes());
                    allocator.lastBytesRead(buf.readableBytes());
                }
                while (!ended) {
                    if (buf == null) {
                        buf = allocate();
                        allocator.attemptedBytesRead(buf.writableBytes());
                        if (!buf.isWritable()) {
                            allocator.lastBytesRead(0);
                            break; // recv would return 0, as at the end
                        }
                        int outcome = channel.opened().tryReceive(writableAddress(buf), buf.writableBytes(),
                                channel.loop().io());
                        mayHaveMore = mayLeave(outcome, buf.writableBytes());
                        if (outcome == -WSAEWOULDBLOCK()) {
                            allocator.lastBytesRead(0);
                            break;
                        }
                        if (outcome < 0) {
                            throw IoFailure.ofCall(-outcome);
                        }
                        allocator.lastBytesRead(outcome == 0 ? -1 : outcome);
                        if (outcome == 0) {
                            ended = true;
                            break;
                        }
                        buf.writerIndex(buf.writerIndex() + outcome);
                    }
                    allocator.incMessagesRead(1);
                    readPending = false;
                    ByteBuf message = buf;
                    buf = null;
                    pipeline.fireChannelRead(message);
                    if (!channel.isOpen() || shutDown || !allocator.continueReading()) {
                        break;
                    }
                }
            } catch (Throwable e) {
                thrown = e;
            } finally {
                release(buf);
            }
            if (ended) {
                readPending = false;
            }
            allocator.readComplete();
            pipeline.fireChannelReadComplete();
            if (thrown != null) {
                pipeline.fireExceptionCaught(thrown);
            }
            if (ended || thrown instanceof IOException || thrown instanceof OutOfMemoryError) {
                inputEnded(thrown);
            }
        } finally {
            reading = false;
        }
        if (!channel.isOpen() || endTold) {
            return;
        }
        if (readPending) {
            goOn();
        } else if (!shutDown) {
            post(Pending.WATCH);
        }
    }

    /** A receive has failed: nothing more comes. A deregistered channel hears of it when it is registered again. */
    private void readFailed(IOException e) {
        if (!channel.isOpen()) {
            return;
        }
        mayHaveMore = true;
        if (!channel.isRegistered()) {
            failure = e;
            return;
        }
        readPending = false;
        reading = true; // a handler that reads on, now that the read is complete, is to get the end
        try {
            channel.allocator().readComplete();
            channel.pipeline().fireChannelReadComplete();
            channel.pipeline().fireExceptionCaught(e);
            inputEnded(e);
        } finally {
            reading = false;
        }
    }

    /** @param why null if the peer has sent all it will */
    private void inputEnded(@Nullable Throwable why) {
        if (!channel.isOpen()) {
            return;
        }
        if (!shutDown) {
            if (channel.config().isAllowHalfClosure()) {
                shutDown = true;
                channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            } else {
                if (why instanceof IOException e) {
                    channel.closeFor(e);
                } else {
                    channel.closeNow();
                }
                return;
            }
        }
        if (!endTold && channel.isOpen()) {
            endTold = true;
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownReadComplete.INSTANCE);
        }
    }
}
