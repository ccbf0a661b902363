package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What the server has counted since its start, beside what each session counts of its bytes. */
final class Counters {
    final LongAdder sessionsRefused = new LongAdder();
    final LongAdder sendsRefused = new LongAdder();
    final LongAdder memoryRefusals = new LongAdder();
    final LongAdder latePackets = new LongAdder();
    final LongAdder keyMismatches = new LongAdder();
    final LongAdder peerResets = new LongAdder();
    final LongAdder idleTimeouts = new LongAdder();
    final LongAdder closeTimeouts = new LongAdder();
    final LongAdder framesTooLong = new LongAdder();
    final LongAdder sessionsCut = new LongAdder();
    /** These two are counted when memory may be short, and these counters take none. */
    final AtomicLong handlerFailures = new AtomicLong();
    final AtomicLong workerFailures = new AtomicLong();
}
