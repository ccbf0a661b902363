package org.iocp4j.netty;

import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;
import static org.iocp4j.win32.generated.WinTypes.SO_LINGER;
import static org.iocp4j.win32.generated.WinTypes.SO_RCVBUF;
import static org.iocp4j.win32.generated.WinTypes.SO_SNDBUF;
import static org.iocp4j.win32.generated.WinTypes.TCP_NODELAY;
import static org.iocp4j.win32.generated.WinTypes.WSAENOPROTOOPT;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannelConfig;
import java.net.SocketException;
import java.util.EnumMap;
import java.util.Map;
import org.iocp4j.port.Log;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.ErrorName;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of a socket channel, over Windows' options. What is set before the channel is registered is kept
 * until its socket is there. Any thread.
 */
final class IocpSocketChannelConfig extends DefaultChannelConfig implements SocketChannelConfig {
    private static final Log LOG = Log.of(IocpSocketChannelConfig.class);
    private static final int IPPROTO_IP = 0;
    private static final int IP_TOS = 3;

    /** Options with a value of four bytes. */
    private enum Option {
        RECEIVE_BUFFER(SOL_SOCKET(), SO_RCVBUF()),
        SEND_BUFFER(SOL_SOCKET(), SO_SNDBUF()),
        KEEP_ALIVE(SOL_SOCKET(), SO_KEEPALIVE()),
        LINGER(SOL_SOCKET(), SO_LINGER()),
        NO_DELAY(IPPROTO_TCP(), TCP_NODELAY()),
        TYPE_OF_SERVICE(IPPROTO_IP, IP_TOS),
        // Not in the generated bindings' headers; the numbers are ws2ipdef.h's [doc].
        KEEP_IDLE(IPPROTO_TCP(), 3),
        KEEP_COUNT(IPPROTO_TCP(), 16),
        KEEP_INTERVAL(IPPROTO_TCP(), 17);

        private final int level;
        private final int name;

        Option(int level, int name) {
            this.level = level;
            this.name = name;
        }
    }

    /** The options that are numbers to Netty, too. */
    private static final Map<ChannelOption<Integer>, Option> NUMBERS = Map.of(
            ChannelOption.SO_RCVBUF, Option.RECEIVE_BUFFER, ChannelOption.SO_SNDBUF, Option.SEND_BUFFER,
            ChannelOption.IP_TOS, Option.TYPE_OF_SERVICE,
            IocpChannelOption.TCP_KEEPIDLE, Option.KEEP_IDLE, IocpChannelOption.TCP_KEEPINTVL, Option.KEEP_INTERVAL,
            IocpChannelOption.TCP_KEEPCNT, Option.KEEP_COUNT);

    private static final int LINGER_ON = 1;
    private static final int LINGER_SECONDS_SHIFT = 16;
    private static final int MOST_LINGER_SECONDS = 0xFFFF;
    private static final int MOST_TRAFFIC_CLASS = 0xFF;

    /** What is to be set when the socket is there, and not connecting. */
    private @Nullable Map<Option, Integer> early;
    /** From before ConnectEx until the socket's context is updated, Windows takes no other option [doc]. */
    private boolean connecting;
    private volatile int linger = -1;
    /** All sockets of the layer are made with it. */
    private volatile boolean noDelay = true;
    private volatile boolean reuseAddress;
    private volatile boolean allowHalfClosure;

    IocpSocketChannelConfig(IocpSocketChannel channel) {
        super(channel);
    }

    @Override
    protected void autoReadCleared() {
        ((IocpSocketChannel) channel).autoReadCleared();
    }

    // ---- by Netty's names ----

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        Map<ChannelOption<?>, Object> options = getOptions(super.getOptions(), ChannelOption.TCP_NODELAY,
                ChannelOption.SO_KEEPALIVE, ChannelOption.SO_REUSEADDR, ChannelOption.SO_LINGER,
                ChannelOption.ALLOW_HALF_CLOSURE);
        return getOptions(options, NUMBERS.keySet().toArray(ChannelOption<?>[]::new));
    }

    @Override
    @SuppressWarnings("unchecked") // each option's own type
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        if (option.equals(ChannelOption.TCP_NODELAY)) {
            return (T) Boolean.valueOf(noDelay);
        }
        if (option.equals(ChannelOption.SO_KEEPALIVE)) {
            return (T) Boolean.valueOf(isKeepAlive());
        }
        if (option.equals(ChannelOption.SO_REUSEADDR)) {
            return (T) Boolean.valueOf(reuseAddress);
        }
        if (option.equals(ChannelOption.SO_LINGER)) {
            return (T) Integer.valueOf(linger);
        }
        if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            return (T) Boolean.valueOf(allowHalfClosure);
        }
        Option number = NUMBERS.get(option);
        return number == null ? super.getOption(option) : (T) getIfKnown(number);
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        validate(option, value);
        if (option.equals(ChannelOption.TCP_NODELAY)) {
            setTcpNoDelay((Boolean) value);
        } else if (option.equals(ChannelOption.SO_KEEPALIVE)) {
            setKeepAlive((Boolean) value);
        } else if (option.equals(ChannelOption.SO_REUSEADDR)) {
            setReuseAddress((Boolean) value);
        } else if (option.equals(ChannelOption.SO_LINGER)) {
            setSoLinger((Integer) value);
        } else if (option.equals(ChannelOption.ALLOW_HALF_CLOSURE)) {
            setAllowHalfClosure((Boolean) value);
        } else {
            Option number = NUMBERS.get(option);
            return number == null ? super.setOption(option, value)
                    : setIfKnown(number, checked(number, (Integer) value));
        }
        return true;
    }

    // ---- by Windows' ----

    /** A connect is about to be posted. */
    synchronized void beginConnect() {
        connecting = true;
    }

    /**
     * The channel has its socket, or that is connected, or its connect was refused. A failure is logged, as that of a
     * bootstrap's option is, whatever it is: the caller has a promise to keep.
     */
    synchronized void apply() {
        connecting = false;
        Map<Option, Integer> values = early;
        early = null;
        if (values != null) {
            for (var each : values.entrySet()) {
                apply(each.getKey(), each.getValue());
            }
        }
    }

    private void apply(Option option, int value) {
        try {
            if (!setIfKnown(option, value)) {
                LOG.warn("this Windows has no option {}: it is not set on {}", option, channel);
            }
        } catch (Throwable e) {
            LOG.warn("{}: {} is not set on {}", e.toString(), option, channel);
        }
    }

    private static int checked(Option option, int value) {
        switch (option) {
            case RECEIVE_BUFFER -> requireBytes(value, 1);
            case SEND_BUFFER -> requireBytes(value, 0); // with 0, Windows sends straight from the messages [doc]
            case TYPE_OF_SERVICE -> {
                if (value < 0 || value > MOST_TRAFFIC_CLASS) {
                    throw new IllegalArgumentException("a traffic class of " + value + ": it is one byte");
                }
            }
            default -> { }
        }
        return value;
    }

    private static void requireBytes(int bytes, int least) {
        if (bytes < least) {
            throw new IllegalArgumentException("a socket's buffer of " + bytes + " bytes");
        }
    }

    private SocketChannelConfig set(Option option, int value) {
        if (!setIfKnown(option, checked(option, value))) {
            throw new ChannelException(option + " = " + value + ": " + ErrorName.of(WSAENOPROTOOPT()));
        }
        return this;
    }

    /** Whether this Windows has the option, as far as that is known before there is a socket. */
    private synchronized boolean setIfKnown(Option option, int value) {
        IocpSocketChannel ours = (IocpSocketChannel) channel;
        StreamSocket socket = ours.socket();
        if (socket == null || (connecting && socket.isOpen())) {
            if (early == null) {
                early = new EnumMap<>(Option.class);
            }
            early.put(option, value);
            return true;
        }
        if (early != null) {
            early.remove(option); // or an older value would come behind this one
        }
        int outcome = ours.loop().call(io -> socket.setOption(option.level, option.name, value, io));
        if (outcome < 0 && outcome != -WSAENOPROTOOPT()) {
            throw failure(option + " = " + value, -outcome);
        }
        return outcome == 0;
    }

    private static ChannelException failure(String what, int error) {
        String text = error == WSAENOTSOCK() ? "Socket is closed" : what + ": " + ErrorName.of(error);
        return new ChannelException(text, new SocketException(text));
    }

    private int get(Option option) {
        Integer value = getIfKnown(option);
        if (value == null) {
            throw new ChannelException(option + ": " + ErrorName.of(WSAENOPROTOOPT()));
        }
        return value;
    }

    /** Null if this Windows has no such option. */
    private synchronized @Nullable Integer getIfKnown(Option option) {
        IocpSocketChannel ours = (IocpSocketChannel) channel;
        StreamSocket socket = ours.socket();
        Integer kept = early == null ? null : early.get(option);
        if (kept != null || socket == null) {
            return kept == null ? 0 : kept;
        }
        long outcome = ours.loop().call(io -> socket.getOption(option.level, option.name, io));
        if (outcome == -WSAENOPROTOOPT()) {
            return null;
        }
        if (outcome < 0) {
            throw failure(option.toString(), (int) -outcome);
        }
        return (int) outcome;
    }

    // ---- as SocketChannelConfig has them ----

    @Override
    public boolean isTcpNoDelay() {
        return noDelay;
    }

    @Override
    public SocketChannelConfig setTcpNoDelay(boolean on) {
        if (on != noDelay) { // or the socket would not be used again, for nothing
            set(Option.NO_DELAY, on ? 1 : 0);
            noDelay = on;
        }
        return this;
    }

    @Override
    public int getSoLinger() {
        return linger;
    }

    /** @param seconds negative for none */
    @Override
    public SocketChannelConfig setSoLinger(int seconds) {
        int kept = Math.min(seconds, MOST_LINGER_SECONDS);
        set(Option.LINGER, kept < 0 ? 0 : LINGER_ON | kept << LINGER_SECONDS_SHIFT);
        linger = Math.max(kept, -1);
        return this;
    }

    @Override
    public int getSendBufferSize() {
        return get(Option.SEND_BUFFER);
    }

    @Override
    public SocketChannelConfig setSendBufferSize(int bytes) {
        return set(Option.SEND_BUFFER, bytes);
    }

    @Override
    public int getReceiveBufferSize() {
        return get(Option.RECEIVE_BUFFER);
    }

    @Override
    public SocketChannelConfig setReceiveBufferSize(int bytes) {
        return set(Option.RECEIVE_BUFFER, bytes);
    }

    @Override
    public boolean isKeepAlive() {
        return get(Option.KEEP_ALIVE) != 0;
    }

    @Override
    public SocketChannelConfig setKeepAlive(boolean on) {
        return set(Option.KEEP_ALIVE, on ? 1 : 0);
    }

    @Override
    public int getTrafficClass() {
        return get(Option.TYPE_OF_SERVICE);
    }

    @Override
    public SocketChannelConfig setTrafficClass(int trafficClass) {
        return set(Option.TYPE_OF_SERVICE, trafficClass);
    }

    @Override
    public boolean isReuseAddress() {
        return reuseAddress;
    }

    /** Kept and not set: on Windows it would let another program take the port [doc]. */
    @Override
    public SocketChannelConfig setReuseAddress(boolean on) {
        reuseAddress = on;
        return this;
    }

    /** Windows knows none. */
    @Override
    public SocketChannelConfig setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
        return this;
    }

    @Override
    public boolean isAllowHalfClosure() {
        return allowHalfClosure;
    }

    @Override
    public SocketChannelConfig setAllowHalfClosure(boolean allowed) {
        allowHalfClosure = allowed;
        return this;
    }

    // ---- those of every channel, with this type ----

    @Override
    public SocketChannelConfig setConnectTimeoutMillis(int connectTimeoutMillis) {
        super.setConnectTimeoutMillis(connectTimeoutMillis);
        return this;
    }

    @Override
    @Deprecated
    public SocketChannelConfig setMaxMessagesPerRead(int maxMessagesPerRead) {
        super.setMaxMessagesPerRead(maxMessagesPerRead);
        return this;
    }

    @Override
    public SocketChannelConfig setWriteSpinCount(int writeSpinCount) {
        super.setWriteSpinCount(writeSpinCount);
        return this;
    }

    @Override
    public SocketChannelConfig setAllocator(ByteBufAllocator allocator) {
        super.setAllocator(allocator);
        return this;
    }

    @Override
    public SocketChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
        super.setRecvByteBufAllocator(allocator);
        return this;
    }

    @Override
    public SocketChannelConfig setAutoRead(boolean autoRead) {
        super.setAutoRead(autoRead);
        return this;
    }

    @Override
    public SocketChannelConfig setAutoClose(boolean autoClose) {
        super.setAutoClose(autoClose);
        return this;
    }

    @Override
    public SocketChannelConfig setWriteBufferHighWaterMark(int writeBufferHighWaterMark) {
        super.setWriteBufferHighWaterMark(writeBufferHighWaterMark);
        return this;
    }

    @Override
    public SocketChannelConfig setWriteBufferLowWaterMark(int writeBufferLowWaterMark) {
        super.setWriteBufferLowWaterMark(writeBufferLowWaterMark);
        return this;
    }

    @Override
    public SocketChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark writeBufferWaterMark) {
        super.setWriteBufferWaterMark(writeBufferWaterMark);
        return this;
    }

    @Override
    public SocketChannelConfig setMessageSizeEstimator(MessageSizeEstimator estimator) {
        super.setMessageSizeEstimator(estimator);
        return this;
    }
}
