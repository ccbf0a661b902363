package org.iocp4j.server;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The options of one listener of an {@link IocpGroup}, and of the sessions that it accepts. {@link #builder()} starts
 * from the defaults.
 *
 * @param acceptsPosted         accepts kept posted, 1 to 10,000. Default: 200
 * @param idleTime              after so long without anything received, sent or called a session is idle, which ends it
 *                              unless its handler does otherwise, 0 to 1 day; 0: never. Default: 5 min
 * @param closeTime             how long an ending session may take to send what is queued, whatever progress it makes,
 *                              up to 1 day; not below {@link GroupOptions#disconnectTime}. With each piece of a file or
 *                              of lent memory that goes it begins anew. Empty (default): 1 min, or disconnectTime if
 *                              that is longer
 * @param sendQueueBytes        the most bytes queued in a session, from {@link GroupOptions#bufferBytes} to
 *                              {@link GroupOptions#sendQueueBytes}. Empty (default): the latter
 * @param socketSendBufferBytes SO_SNDBUF of the connections in bytes, 0 to 1,073,741,824; empty (default): Windows
 *                              decides
 * @param filter                asked about each connection before anything is taken for it, on a worker: it must not
 *                              block. Empty (default): all are welcome
 */
public record ListenOptions(int acceptsPosted, Duration idleTime, Optional<Duration> closeTime,
        OptionalInt sendQueueBytes, OptionalInt socketSendBufferBytes, Optional<AcceptFilter> filter) {
    static final int MAX_ACCEPTS_POSTED = 10_000;

    /**
     * Checks what does not depend on the group; {@link IocpGroup#listen} checks the rest.
     *
     * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
     * @throws NullPointerException     if one is null; the message names it
     */
    public ListenOptions {
        GroupOptions.requireRange("acceptsPosted", acceptsPosted, 1, MAX_ACCEPTS_POSTED);
        SessionSettings.requireValid(idleTime, closeTime, sendQueueBytes);
        GroupOptions.requireSocketSendBuffer(socketSendBufferBytes);
        Objects.requireNonNull(filter, "filter is null");
    }

    /** All as it is by default. */
    public static ListenOptions defaults() {
        return builder().build();
    }

    /** A builder that has the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Sets the options that differ from the defaults; {@link ListenOptions} describes each. Not thread-safe. */
    public static final class Builder {
        private int acceptsPosted = 200;
        private Duration idleTime = SessionSettings.DEFAULT_IDLE_TIME;
        private Optional<Duration> closeTime = Optional.empty();
        private OptionalInt sendQueueBytes = OptionalInt.empty();
        private OptionalInt socketSendBufferBytes = OptionalInt.empty();
        private Optional<AcceptFilter> filter = Optional.empty();

        private Builder() {
        }

        /** See {@link ListenOptions#acceptsPosted}. */
        public Builder acceptsPosted(int value) {
            acceptsPosted = value;
            return this;
        }

        /** See {@link ListenOptions#idleTime}. */
        public Builder idleTime(Duration value) {
            idleTime = value;
            return this;
        }

        /** See {@link ListenOptions#closeTime}. */
        public Builder closeTime(Duration value) {
            closeTime = Optional.of(Objects.requireNonNull(value, "closeTime is null"));
            return this;
        }

        /** See {@link ListenOptions#sendQueueBytes}. */
        public Builder sendQueueBytes(int value) {
            sendQueueBytes = OptionalInt.of(value);
            return this;
        }

        /** See {@link ListenOptions#socketSendBufferBytes}. */
        public Builder socketSendBufferBytes(int value) {
            socketSendBufferBytes = OptionalInt.of(value);
            return this;
        }

        /** See {@link ListenOptions#filter}. */
        public Builder filter(AcceptFilter value) {
            filter = Optional.of(Objects.requireNonNull(value, "filter is null"));
            return this;
        }

        /**
         * Checks the options and makes them.
         *
         * @throws IllegalArgumentException if one is out of its range; the message names it, its value and the range
         * @throws NullPointerException     if one is null; the message names it
         */
        public ListenOptions build() {
            return new ListenOptions(acceptsPosted, idleTime, closeTime, sendQueueBytes, socketSendBufferBytes, filter);
        }
    }
}
