package org.iocp4j.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.OverlappedFile;
import org.iocp4j.socket.StreamSocket;
import org.jspecify.annotations.Nullable;

/** What a channel sends: one send is in flight at a time. On the loop's thread. */
final class IocpSender {
    private static final long CANCEL_AGAIN_MILLIS = 50;

    private final IocpSocketChannel channel;
    /** The send in flight. */
    private @Nullable IocpOutbound sending;
    /** Of the file region in front, if it is another's: what was copied and has not been sent. */
    private @Nullable ByteBuf copied;
    /** The messages in front are being removed: a flush from their listeners would send them again. */
    private boolean trimming;
    /** A close or a shutdown of the output that waits for the send in flight. */
    private @Nullable Runnable finisher;
    /** How many messages were flushed before it, and are not sent yet. */
    private int last;
    private @Nullable Future<?> again;
    IocpSender(IocpSocketChannel channel) {
        this.channel = channel;
    }

    /** Whether nothing is in flight or being removed, and nobody waits for that. */
    boolean isIdle() {
        return sending == null && !trimming && finisher == null;
    }

    /**
     * Ends the sending and then does something, soon, whether the peer reads or not: as a socket without completion
     * ports would, Windows takes what was flushed as far as it has room for it. So each send is cancelled as soon as it
     * is posted. What had room was over by then.
     */
    void finish(Runnable then) {
        Runnable before = finisher;
        if (before != null) {
            finisher = () -> {
                before.run();
                then.run();
            };
            return;
        }
        finisher = then;
        ChannelOutboundBuffer messages = channel.unsafe().outboundBuffer();
        last = sending == null || messages == null ? 0 : messages.size();
        cancel();
    }

    /** A cancel may meet a TransmitFile in the middle of a step, and miss it [wine]: then it is made again. */
    private void cancel() {
        IocpOutbound cancelled = sending;
        StreamSocket socket = channel.socket();
        if (cancelled != null && socket != null) {
            socket.cancelSend(channel.loop().io());
            cancelNoMore();
            again = channel.eventLoop().schedule(() -> {
                if (finisher != null && cancelled.equals(sending)) {
                    cancel();
                }
            }, CANCEL_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void cancelNoMore() {
        Future<?> present = again;
        again = null;
        if (present != null) {
            present.cancel(false);
        }
    }

    /** Sends what else there is to send before the end, or comes to the end. */
    private void goOnToTheEnd(ChannelOutboundBuffer messages, boolean mayGoOn) {
        try {
            while (mayGoOn && sending == null && last > 0 && messages.current() != null) {
                post(messages, last);
            }
        } catch (Throwable e) {
            last = 0; // what cannot be sent is failed by the end
        }
        if (sending != null) {
            cancel();
        } else {
            runFinisher();
        }
    }

    /** Does what waits for the end of the sending, if anything does. What the kernel has stays retained. */
    void runFinisher() {
        Runnable then = finisher;
        finisher = null;
        cancelNoMore();
        if (then != null) {
            then.run();
        }
    }

    /** The socket is gone. */
    void release() {
        ByteBuf present = copied;
        copied = null;
        if (present != null) {
            present.release();
        }
    }

    /** Sends what is flushed, unless a send is in flight. */
    void send(ChannelOutboundBuffer messages) throws Exception {
        try {
            while (sending == null && messages.current() != null) {
                post(messages, Integer.MAX_VALUE);
                if (finisher != null && sending == null) { // by a listener of a message that is gone
                    runFinisher();
                    return;
                }
            }
        } catch (IOException e) {
            if (channel.isRegistered()) {
                throw e;
            } // else as in ended
        }
    }

    /** Posts a send of what is in front, or removes that if there is nothing to send of it. */
    private void post(ChannelOutboundBuffer messages, int most) throws Exception {
        if (messages.current() instanceof FileRegion region) {
            sendRegion(region, messages);
            return;
        }
        IocpOutbound outbound = channel.loop().takeOutbound();
        int buffers = 0;
        int outcome = 0;
        try {
            buffers = outbound.gather(messages, most);
            outcome = buffers == 0 ? 0 : channel.opened().send(buffers, channel.loop().io());
        } finally {
            posted(outbound, outcome);
        }
        if (buffers == 0) {
            removeBytes(messages, 0);
        }
    }

    /** The kernel has what is sent, or it is released. */
    private void posted(IocpOutbound outbound, int outcome) throws IOException {
        if (outcome == StreamSocket.PENDING) {
            sending = outbound;
            return;
        }
        giveBack(outbound);
        if (outcome < 0) {
            throw IoFailure.ofCall(-outcome);
        }
    }

    private void giveBack(IocpOutbound outbound) {
        outbound.release();
        channel.loop().giveBack(outbound);
    }

    private void sendRegion(FileRegion region, ChannelOutboundBuffer messages) throws Exception {
        long left = region.count() - region.transferred();
        if (left <= 0 && copied == null) {
            remove(messages);
            return;
        }
        IoThread io = channel.loop().io();
        IocpOutbound outbound = channel.loop().takeOutbound();
        int outcome = 0;
        try {
            if (region instanceof IocpFileRegion ours) {
                OverlappedFile file = ours.open(channel.loop());
                outbound.holdRegion(ours);
                outcome = channel.opened().transmit(file, ours.position() + ours.transferred(),
                        (int) Math.min(left, IocpFileRegion.MOST_BYTES), io);
            } else {
                outbound.processMessage(copyOf(region));
                outcome = channel.opened().send(1, io);
            }
        } finally {
            posted(outbound, outcome);
        }
    }

    /** What is next of another's region. */
    private ByteBuf copyOf(FileRegion region) throws IOException {
        ByteBuf present = copied;
        if (present == null) {
            present = IocpOutbound.copy(region, channel.alloc());
            copied = present;
        }
        if (!present.isReadable()) {
            fileIsShorter(region);
        }
        return present;
    }

    /** So much of it has been sent: a send may end with a part. */
    private void copySent(int bytes) {
        ByteBuf present = copied;
        if (present != null && !present.skipBytes(bytes).isReadable()) {
            copied = null;
            present.release();
        }
    }

    private void fileIsShorter(FileRegion region) throws IOException {
        if (region instanceof DefaultFileRegion file) {
            channel.validate(file);
        }
        throw new IOException("a file region ends after " + region.transferred() + " of " + region.count() + " bytes");
    }

    /** The send is over. */
    void ended(int status, int bytes) {
        IocpOutbound outbound = sending;
        sending = null;
        if (outbound != null) {
            giveBack(outbound);
        }
        ChannelOutboundBuffer messages = channel.unsafe().outboundBuffer();
        if (messages == null || channel.loop().isDestroyed()) {
            runFinisher();
            channel.closeLater();
            return;
        }
        IOException thrown = status < 0 ? IoFailure.ofStatus(status) : null;
        try {
            if (messages.current() instanceof FileRegion region) {
                regionSent(region, status, bytes, messages);
            } else {
                removeBytes(messages, bytes);
            }
        } catch (IOException e) {
            thrown = e;
        }
        if (finisher != null) {
            goOnToTheEnd(messages, thrown == null);
        } else if (thrown == null) {
            channel.flushMore();
        } else if (channel.isRegistered()) {
            channel.writeFailed(thrown);
        } // else the next send, when the channel comes back, fails as well: a close would not be told before
    }

    private void regionSent(FileRegion region, int status, int bytes, ChannelOutboundBuffer messages)
            throws IOException {
        if (region instanceof IocpFileRegion ours) {
            ours.sent(bytes);
            if (bytes == 0 && status >= 0) {
                fileIsShorter(region);
            }
        } else {
            copySent(bytes);
        }
        messages.progress(bytes);
        if (region.transferred() >= region.count() && copied == null && status >= 0) {
            remove(messages);
        }
    }

    private void removeBytes(ChannelOutboundBuffer messages, int bytes) {
        trimming = true;
        try {
            int left = bytes;
            // Not by ChannelOutboundBuffer: a listener may shut the output down, and there are no more messages.
            while (messages.current() instanceof ByteBuf buf) {
                int sent = Math.min(left, buf.readableBytes());
                left -= sent;
                buf.skipBytes(sent);
                if (sent > 0) {
                    messages.progress(sent);
                }
                if (buf.isReadable()) {
                    return;
                }
                removeOne(messages);
            }
        } finally {
            trimming = false;
        }
    }

    private void remove(ChannelOutboundBuffer messages) {
        trimming = true;
        try {
            removeOne(messages);
        } finally {
            trimming = false;
        }
    }

    private void removeOne(ChannelOutboundBuffer messages) {
        last = Math.max(0, last - 1);
        messages.remove();
    }
}
