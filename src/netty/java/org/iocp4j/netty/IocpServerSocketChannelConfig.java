package org.iocp4j.netty;

import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DefaultServerSocketChannelConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Netty's own configuration of a server channel. What is set counts from the next bind. Any thread. */
final class IocpServerSocketChannelConfig extends DefaultServerSocketChannelConfig {
    private volatile int accepts = IocpChannelOption.DEFAULT_ACCEPTS;

    IocpServerSocketChannelConfig(IocpServerSocketChannel channel) {
        super(channel, options());
    }

    private static Options options() {
        try {
            return new Options();
        } catch (IOException e) {
            throw new UncheckedIOException("a server socket that is not bound", e);
        }
    }

    int accepts() {
        return accepts;
    }

    /** SO_RCVBUF, if it was set. */
    OptionalInt receiveBufferBytes() {
        return ((Options) javaSocket).receiveBufferBytes;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        return getOptions(super.getOptions(), IocpChannelOption.ACCEPTS);
    }

    @Override
    @SuppressWarnings("unchecked") // ACCEPTS is an integer
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        return option.equals(IocpChannelOption.ACCEPTS) ? (T) (Integer) accepts : super.getOption(option);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        if (!option.equals(IocpChannelOption.ACCEPTS)) {
            return super.setOption(option, value);
        }
        validate(option, value);
        int number = (Integer) value;
        if (number < 1 || number > IocpChannelOption.MOST_ACCEPTS) {
            throw new IllegalArgumentException("ACCEPTS = " + number + ": 1 to " + IocpChannelOption.MOST_ACCEPTS
                    + " can be pending");
        }
        accepts = number;
        return true;
    }

    @Override
    protected void autoReadCleared() {
        ((IocpServerSocketChannel) channel).autoReadCleared();
    }

    /** Stands where Netty's configuration has a java.net.ServerSocket. */
    private static final class Options extends ServerSocket {
        private volatile OptionalInt receiveBufferBytes = OptionalInt.empty();
        private volatile boolean reuseAddress;

        Options() throws IOException {
        }

        @Override
        public void setReceiveBufferSize(int size) {
            if (size <= 0) {
                throw new IllegalArgumentException("a socket's buffer of " + size + " bytes");
            }
            receiveBufferBytes = OptionalInt.of(size);
        }

        @Override
        public int getReceiveBufferSize() {
            return receiveBufferBytes.orElse(0);
        }

        /** Kept and not set: on Windows it would let another program take the port [doc]. */
        @Override
        public void setReuseAddress(boolean on) {
            reuseAddress = on;
        }

        @Override
        public boolean getReuseAddress() {
            return reuseAddress;
        }

        /** Windows knows none. */
        @Override
        public void setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
        }
    }
}
