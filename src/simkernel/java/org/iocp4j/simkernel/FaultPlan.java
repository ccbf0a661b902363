package org.iocp4j.simkernel;

/**
 * What a simulated system does beyond the ordinary, as probabilities: legal variation of order and time, and failures
 * that are documented. And where sources disagree, which of them is right.
 */
public record FaultPlan(Timing timing, Failures failures, Disconnects disconnects, Variants variants) {
    /**
     * Order and time: nothing here is a failure.
     *
     * @param switches     that another thread gets the baton at an entry to a call, or a return from one
     * @param inline       that a call which could finish at once returns 0, not WSA_IO_PENDING
     * @param delayed      that a packet comes later than its operation's end
     * @param delayNanos   how much later, at most
     * @param shortBatches that a dequeue takes one packet where there are more
     * @param splits       that a receive brings less than has come, or a segment carries less than it could
     * @param latencyNanos the longest way of a segment through the network
     */
    public record Timing(double switches, double inline, double delayed, long delayNanos, double shortBatches,
                         double splits, long latencyNanos) {
    }

    /**
     * Failures.
     *
     * @param sockets      of WSASocketW: WSAEMFILE, WSAENOBUFS; of CreateFileW
     * @param memory       of VirtualAlloc
     * @param calls        of AcceptEx, ConnectEx, WSARecv, WSASend, recv, DisconnectEx, TransmitFile, ReadFile,
     *                     WriteFile, shutdown at once
     * @param shortages    of WSARecv, WSASend and recv at once, for want of memory: WSAENOBUFS [doc], or a quota [inf]
     * @param packets      of the same as {@code calls}, in their packets
     * @param options      of bind, listen, getsockname, setsockopt
     * @param associations of CreateIoCompletionPort and SetFileCompletionNotificationModes
     * @param cancels      of CancelIoEx, other than ERROR_NOT_FOUND
     * @param posts        of PostQueuedCompletionStatus
     * @param resets       that the network breaks a connection at some time
     * @param partialSends that a pended send ends with fewer bytes than asked
     */
    public record Failures(double sockets, double memory, double calls, double shortages, double packets,
                           double options, double associations, double cancels, double posts, double resets,
                           double partialSends) {
        public static final Failures NONE = new Failures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * How long DisconnectEx takes when the peer has not closed yet [doc: TIME_WAIT may delay it]; TransmitFile with
     * reuse always waits for the peer [doc].
     *
     * @param untilPeerCloses that it waits for the peer's FIN
     * @param timeWait        that it waits for TIME_WAIT besides
     * @param never           that it does not end at all
     * @param timeWaitNanos   how long TIME_WAIT lasts
     */
    public record Disconnects(double untilPeerCloses, double timeWait, double never, long timeWaitNanos) {
        public static final Disconnects AT_ONCE = new Disconnects(0, 0, 0, 0);
    }

    /**
     * What sources tell in different ways. With 0 the nearest one is right, which speaks of the very call: a test of
     * Wine's that makes it on Windows, or Microsoft's documentation.
     *
     * @param closeStatuses  that closesocket ends what is pending with any status that a source names: a receive with
     *                       STATUS_CONNECTION_ABORTED [wt], the rest with STATUS_CANCELLED [doc], all with
     *                       STATUS_LOCAL_DISCONNECT [rep]; and that CloseHandle of its file ends a TransmitFile
     *                       [wine]
     * @param finalAtDequeue that an OVERLAPPED is written when its packet is dequeued [wt, of a poll], not when the
     *                       operation ends [doc: HasOverlappedIoCompleted]
     * @param outlivesThread that what a thread has posted goes on when it ends, if only a packet tells of it [wt, of a
     *                       poll]: else it is cancelled [doc]
     */
    public record Variants(double closeStatuses, double finalAtDequeue, double outlivesThread) {
        public static final Variants NONE = new Variants(0, 0, 0);
    }

    /** Nothing fails, nothing is delayed, threads change only when one waits. */
    public static final FaultPlan CALM = new FaultPlan(new Timing(0, 0, 0, 0, 0, 0, 50_000), Failures.NONE,
            Disconnects.AT_ONCE, Variants.NONE);

    /** Nothing fails, but order and time are what Windows allows them to be. */
    public static final FaultPlan UNRULY = new FaultPlan(
            new Timing(0.2, 0.4, 0.2, 2_000_000, 0.2, 0.3, 1_000_000),
            Failures.NONE, new Disconnects(0.3, 0.1, 0, 200_000_000), new Variants(0.5, 0.5, 0.5));

    /**
     * Nearly everything that can go wrong does, now and then; CancelIoEx and PostQueuedCompletionStatus do not fail.
     */
    public static final FaultPlan FAULTS = new FaultPlan(UNRULY.timing,
            new Failures(0.02, 0.02, 0.01, 0.01, 0.01, 0.005, 0.01, 0, 0, 0.1, 0.1),
            new Disconnects(0.3, 0.1, 0.05, 500_000_000), UNRULY.variants);

    public FaultPlan with(Timing newTiming) {
        return new FaultPlan(newTiming, failures, disconnects, variants);
    }

    public FaultPlan with(Failures newFailures) {
        return new FaultPlan(timing, newFailures, disconnects, variants);
    }

    public FaultPlan with(Disconnects newDisconnects) {
        return new FaultPlan(timing, failures, newDisconnects, variants);
    }

    public FaultPlan with(Variants newVariants) {
        return new FaultPlan(timing, failures, disconnects, newVariants);
    }
}
