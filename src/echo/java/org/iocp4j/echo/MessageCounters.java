package org.iocp4j.echo;

import java.util.concurrent.atomic.LongAdder;

/** What the echo handlers count: messages of their protocol, of which one completion may carry many. */
final class MessageCounters {
    final LongAdder received = new LongAdder();
    final LongAdder sent = new LongAdder();
    final LongAdder protocolErrors = new LongAdder();
}
