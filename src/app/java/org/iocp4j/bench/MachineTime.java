package org.iocp4j.bench;

import java.util.Arrays;

/** Busy time of the machine's processors and of our processes so far. Two of these show what others used. */
final class MachineTime {
    /** Linux reports time in hundredths of a second, whatever its own tick. */
    private static final long TICK_NANOS = 10_000_000;
    /** Where the first line of /proc/stat has the figures, behind its first word. */
    private static final int USER = 0;
    private static final int NICE = 1;
    private static final int SYSTEM = 2;
    private static final int IRQ = 5;
    private static final int SOFTIRQ = 6;
    private static final int STEAL = 7;

    private final long[] ticks;
    private final long ownNanos;
    private final long atNanos;

    private MachineTime(long[] ticks, long ownNanos, long atNanos) {
        this.ticks = ticks;
        this.ownNanos = ownNanos;
        this.atNanos = atNanos;
    }

    /**
     * Null if the text has no such figures, as in a sandbox with a kernel of its own.
     *
     * @param stat     the text of /proc/stat
     * @param ownNanos processor time of our processes
     * @param atNanos  when both were read
     */
    static MachineTime of(String stat, long ownNanos, long atNanos) {
        long[] ticks = Arrays.stream(stat.lines().findFirst().orElse("").split("\\s+")).skip(1)
                .mapToLong(Long::parseLong).toArray();
        return ticks.length <= STEAL || Arrays.stream(ticks).allMatch(figure -> figure == 0) ? null
                : new MachineTime(ticks, ownNanos, atNanos);
    }

    /**
     * What others used since then, in percent of one processor; also a little below 0, since all figures are rounded.
     * What a hypervisor gave to others is theirs.
     */
    double foreignPercent(MachineTime before) {
        long busy = since(before, USER) + since(before, NICE) + since(before, SYSTEM) + since(before, STEAL);
        // A kernel that tells of hard interrupts at all keeps both kinds apart and charges no process for them: then
        // our own packets would be others' work. One that does not charges them to whom they interrupted as well.
        if (before.ticks[IRQ] == 0) {
            busy += since(before, SOFTIRQ);
        }
        return 100.0 * (busy * TICK_NANOS - (ownNanos - before.ownNanos)) / (atNanos - before.atNanos);
    }

    private long since(MachineTime before, int figure) {
        return ticks[figure] - before.ticks[figure];
    }
}
