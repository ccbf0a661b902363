package org.iocp4j.cli;

import org.iocp4j.echo.EchoStatistics;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.win32.ProcessMemory;

/**
 * What the monitor shows: a server's figures at one moment, and what happened in the time before it. The names of its
 * components, and of those of the records in it, are the keys of {@code serve --json} ({@link RecordFields}).
 *
 * @param elapsedSeconds               since the start
 * @param echo                         the counters, since the start or as they are now
 * @param acceptsPerSecond             in the time since the figures before, or, in the totals, since the start
 * @param receiveCompletionsPerSecond  as above
 * @param receivedMessagesPerSecond    as above; one completion may bring many messages
 * @param sendCompletionsPerSecond     as above
 * @param sentMessagesPerSecond        as above
 * @param cpuPercent                   as above, of one processor, so that two busy ones are 200; null if not known
 * @param processMemoryBytes           committed memory that is the process's alone, now; null if not known
 * @param nonPagedPoolBytes            the kernel's unpageable memory on the process's account, now; null if not known
 * @param linesDropped                 lines of ours that nobody read, since the start
 * @param heapAfterGcBytes             what the last collections left in the Java heap; null before the first
 */
record ServeFigures(double elapsedSeconds, EchoStatistics echo, double acceptsPerSecond,
        double receiveCompletionsPerSecond, double receivedMessagesPerSecond, double sendCompletionsPerSecond,
        double sentMessagesPerSecond, Double cpuPercent,
        Long processMemoryBytes, Long nonPagedPoolBytes, long linesDropped, Long heapAfterGcBytes) {

    /** The figures of {@code now}, with the rates from {@code before} to it. */
    static ServeFigures between(Sample before, Sample now, Sample start, long linesDropped,
            Long heapAfterGcBytes) {
        double seconds = now.secondsSince(before);
        ServerStatistics a = before.echo.server();
        ServerStatistics b = now.echo.server();
        return new ServeFigures(now.secondsSince(start), now.echo,
                rate(a.connections().accepts(), b.connections().accepts(), seconds),
                rate(a.traffic().receiveCompletions(), b.traffic().receiveCompletions(), seconds),
                rate(before.echo.receivedMessages(), now.echo.receivedMessages(), seconds),
                rate(a.traffic().sendCompletions(), b.traffic().sendCompletions(), seconds),
                rate(before.echo.sentMessages(), now.echo.sentMessages(), seconds),
                before.cpuNanos == null || now.cpuNanos == null ? null
                        : 100 * rate(before.cpuNanos, now.cpuNanos, seconds) / 1e9,
                now.memory.processBytes(), now.memory.nonPagedPoolBytes(), linesDropped, heapAfterGcBytes);
    }

    private static double rate(long before, long now, double seconds) {
        return seconds <= 0 ? 0 : (now - before) / seconds;
    }

    /**
     * What can be read at one moment.
     *
     * @param nanos    {@link System#nanoTime}
     * @param cpuNanos processor time of the process since its start; null if not known
     */
    record Sample(long nanos, EchoStatistics echo, Long cpuNanos, ProcessMemory memory) {
        private double secondsSince(Sample before) {
            return (nanos - before.nanos) / 1e9;
        }
    }
}
