package org.iocp4j.simkernel;

import org.jspecify.annotations.Nullable;

/** What is behind a handle on which I/O is posted: a socket, or a file. */
abstract class FileObject {
    final long handle;
    final boolean overlapped;
    /** Open ones; the object lives as long as there is one. */
    int handles = 1;

    @Nullable SimulatedPort port;
    long key;
    int notificationModes;

    /** When the last packet of each kind comes: those of one kind keep their order. */
    private final long[] lastPacket = new long[PendingOperation.Kind.values().length];

    FileObject(long handle, boolean overlapped) {
        this.handle = handle;
        this.overlapped = overlapped;
    }

    /** The operation waits no longer, whyever. */
    abstract void unlink(PendingOperation operation);

    boolean isInOrder(PendingOperation.Kind kind, long time) {
        return !kind.isOrdered() || lastPacket[kind.ordinal()] <= time;
    }

    /** The time at which a packet comes that could come at {@code time}. */
    long inOrder(PendingOperation.Kind kind, long time) {
        if (!kind.isOrdered()) {
            return time;
        }
        long later = Math.max(time, lastPacket[kind.ordinal()]);
        lastPacket[kind.ordinal()] = later;
        return later;
    }
}
