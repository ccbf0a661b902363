package org.iocp4j.server;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The options of one connect of an {@link IocpGroup}, and of the session that comes of it. {@link #builder()} starts
 * from the defaults.
 *
 * @param localAddress          where the connection is to come from, of the remote address's family; port 0 for any.
 *                              Empty (default): Windows decides
 * @param connectTime           how long the connect may take from the call of {@link IocpGroup#connect} on, 1 ms to 1
 *                              day, observed to within about 100 ms. Windows
 *                              itself gives up after some 21 s without an answer. Default: 10 s
 * @param idleTime              as {@link ListenOptions#idleTime}. Default: 5 min
 * @param closeTime             as {@link ListenOptions#closeTime}
 * @param sendQueueBytes        as {@link ListenOptions#sendQueueBytes}
 * @param socketSendBufferBytes as {@link ListenOptions#socketSendBufferBytes}
 */
public record ConnectOptions(Optional<InetSocketAddress> localAddress, Duration connectTime, Duration idleTime,
        Optional<Duration> closeTime, OptionalInt sendQueueBytes, OptionalInt socketSendBufferBytes) {
    /**
     * Checks what does not depend on the group; {@link IocpGroup#connect} checks the rest.
     *
     * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
     * @throws NullPointerException     if one is null; the message names it
     */
    public ConnectOptions {
        Objects.requireNonNull(localAddress, "localAddress is null");
        localAddress.ifPresent(address -> SessionSettings.requireResolved("localAddress", address));
        GroupOptions.requireTime("connectTime", connectTime, Duration.ofMillis(1));
        SessionSettings.requireValid(idleTime, closeTime, sendQueueBytes);
        GroupOptions.requireSocketSendBuffer(socketSendBufferBytes);
    }

    /** All as it is by default. */
    public static ConnectOptions defaults() {
        return builder().build();
    }

    /** A builder that has the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Sets the options that differ from the defaults; {@link ConnectOptions} describes each. Not thread-safe. */
    public static final class Builder {
        private Optional<InetSocketAddress> localAddress = Optional.empty();
        private Duration connectTime = Duration.ofSeconds(10);
        private Duration idleTime = SessionSettings.DEFAULT_IDLE_TIME;
        private Optional<Duration> closeTime = Optional.empty();
        private OptionalInt sendQueueBytes = OptionalInt.empty();
        private OptionalInt socketSendBufferBytes = OptionalInt.empty();

        private Builder() {
        }

        /** See {@link ConnectOptions#localAddress}. */
        public Builder localAddress(InetSocketAddress value) {
            localAddress = Optional.of(Objects.requireNonNull(value, "localAddress is null"));
            return this;
        }

        /** See {@link ConnectOptions#connectTime}. */
        public Builder connectTime(Duration value) {
            connectTime = value;
            return this;
        }

        /** See {@link ConnectOptions#idleTime}. */
        public Builder idleTime(Duration value) {
            idleTime = value;
            return this;
        }

        /** See {@link ConnectOptions#closeTime}. */
        public Builder closeTime(Duration value) {
            closeTime = Optional.of(Objects.requireNonNull(value, "closeTime is null"));
            return this;
        }

        /** See {@link ConnectOptions#sendQueueBytes}. */
        public Builder sendQueueBytes(int value) {
            sendQueueBytes = OptionalInt.of(value);
            return this;
        }

        /** See {@link ConnectOptions#socketSendBufferBytes}. */
        public Builder socketSendBufferBytes(int value) {
            socketSendBufferBytes = OptionalInt.of(value);
            return this;
        }

        /**
         * Checks the options and makes them.
         *
         * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
         * @throws NullPointerException     if one is null; the message names it
         */
        public ConnectOptions build() {
            return new ConnectOptions(localAddress, connectTime, idleTime, closeTime, sendQueueBytes,
                    socketSendBufferBytes);
        }
    }
}
