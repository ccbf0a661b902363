package org.iocp4j.echo;

import java.util.concurrent.atomic.LongAdder;

/** What the echo handlers count: packets of their protocol, not completions, of which one may carry many. */
final class PacketCounters {
    final LongAdder received = new LongAdder();
    final LongAdder sent = new LongAdder();
    final LongAdder protocolErrors = new LongAdder();
}
