package org.iocp4j.channels;

import java.util.concurrent.atomic.LongAdder;

/** What {@link ChannelStatistics} tells, as it is counted. Any thread. */
final class Counters {
    final LongAdder connects = new LongAdder();
    final LongAdder accepts = new LongAdder();
    final LongAdder connectionsKept = new LongAdder();
    final LongAdder reused = new LongAdder();
    final LongAdder reads = new LongAdder();
    final LongAdder bytesRead = new LongAdder();
    final LongAdder writes = new LongAdder();
    final LongAdder bytesWritten = new LongAdder();
    final LongAdder timeouts = new LongAdder();
    final LongAdder watches = new LongAdder();
    final LongAdder bufferShortages = new LongAdder();
    final LongAdder refusedHandlers = new LongAdder();
}
