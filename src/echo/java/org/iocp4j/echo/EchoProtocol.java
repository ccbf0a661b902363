package org.iocp4j.echo;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What an echo server sends back. */
public enum EchoProtocol {
    /**
     * Messages of ten bytes, each with a 2-byte little-endian length, which is always 8, and 8 bytes. A login message
     * greets each connection; its 8 bytes are {@link Long#MAX_VALUE}, little-endian:
     * {@code 08 00 FF FF FF FF FF FF FF 7F}. Each whole message is sent back as it came, in order. A message of another
     * length ends the connection.
     */
    MESSAGES {
        @Override
        EchoHandler handler(MessageCounters counters, Faults faults, @Nullable Consumer<? super EchoEvent> events) {
            return new MessageEcho(counters, faults, events);
        }
    },
    /** RFC 862: every byte is sent back, whatever it is. */
    RAW {
        @Override
        EchoHandler handler(MessageCounters counters, Faults faults, @Nullable Consumer<? super EchoEvent> events) {
            return new RawEcho(counters, faults, events);
        }
    };

    abstract EchoHandler handler(MessageCounters counters, Faults faults,
            @Nullable Consumer<? super EchoEvent> events);
}
