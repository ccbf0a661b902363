package org.iocp4j.channels;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousChannel;
import java.nio.channels.ClosedChannelException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.iocp4j.port.IoThread;

/** What connections and listeners have alike: each is in a group, open until it is closed, and has options. */
final class ChannelState {
    private final AsynchronousChannel channel;
    private final IocpChannelGroup group;
    private final Set<SocketOption<?>> options;
    private final AtomicBoolean closed = new AtomicBoolean();
    /** As the program has set it; Windows' own means something else. */
    private volatile boolean reuseAddress;

    ChannelState(AsynchronousChannel channel, IocpChannelGroup group, Set<SocketOption<?>> options) {
        this.channel = channel;
        this.group = group;
        this.options = options;
    }

    // ---- open, or closed ----

    boolean isOpen() {
        return !closed.get();
    }

    void requireOpen() throws ClosedChannelException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    /** Whether this call is the one that closes it. */
    boolean beginClose() {
        return closed.compareAndSet(false, true);
    }

    /** The group, which may end with it, has one less. */
    void endClose() {
        group.remove(channel);
    }

    /** @param release what the channel does when it closes */
    void close(Runnable release) {
        if (beginClose()) {
            try {
                release.run();
            } finally {
                endClose();
            }
        }
    }

    // ---- options ----

    /** Sets an option that Windows has; returns minus an error. */
    interface Setter {
        int set(ChannelOptions.Code code, int value, IoThread io);
    }

    /** Gets an option that Windows has, or minus an error. */
    interface Getter {
        long get(ChannelOptions.Code code, IoThread io);
    }

    <T> void setOption(SocketOption<T> option, T value, Setter setter) throws IOException {
        ChannelOptions.require(option, options);
        int encoded = ChannelOptions.encode(option, value);
        requireOpen();
        if (option.equals(StandardSocketOptions.SO_REUSEADDR)) {
            reuseAddress = encoded != 0;
            return;
        }
        ChannelOptions.Code code = ChannelOptions.code(option);
        IoThread io = group.transport().take();
        try {
            int outcome = setter.set(code, encoded, io);
            requireOpen();
            ChannelOptions.check(option, outcome);
        } finally {
            group.transport().give(io);
        }
    }

    @SuppressWarnings("unchecked") // the option's own type
    <T> T getOption(SocketOption<T> option, Getter getter) throws IOException {
        ChannelOptions.require(option, options);
        requireOpen();
        if (option.equals(StandardSocketOptions.SO_REUSEADDR)) {
            return (T) Boolean.valueOf(reuseAddress);
        }
        ChannelOptions.Code code = ChannelOptions.code(option);
        IoThread io = group.transport().take();
        try {
            long value = getter.get(code, io);
            requireOpen();
            return ChannelOptions.decode(option, value);
        } finally {
            group.transport().give(io);
        }
    }
}
