package org.iocp4j.simkernel;

import org.jspecify.annotations.Nullable;

/** One operation in the kernel's hands: from its post until its packet is dequeued. */
final class PendingOperation {
    enum Kind {
        ACCEPT("AcceptEx"), CONNECT("ConnectEx"), RECEIVE("WSARecv"), SEND("WSASend"), DISCONNECT("DisconnectEx"),
        TRANSMIT("TransmitFile"), READ("ReadFile"), WRITE("WriteFile");

        private static final Kind[] ALL = values();

        final String call;

        Kind(String call) {
            this.call = call;
        }

        static Kind at(int ordinal) {
            return ALL[ordinal];
        }

        boolean isDisconnect() {
            return this == DISCONNECT || this == TRANSMIT;
        }

        /** Its buffers have what goes out; those of the others are to be filled. */
        boolean sends() {
            return this == SEND || this == CONNECT || this == WRITE || this == TRANSMIT;
        }

        /** The packets of a handle come in the order of their ends; accepts are different connections. */
        boolean isOrdered() {
            return this != ACCEPT && !isOfFile();
        }

        boolean isOfFile() {
            return this == READ || this == WRITE;
        }
    }

    enum State {
        /** Waits for the network. */
        PENDING,
        /** Has ended; its packet is still to come. */
        ENDING,
        /** Its packet is on the port. */
        QUEUED,
        /** Home. */
        DONE
    }

    /** How a disconnect waits. */
    enum Wait {
        NOT, PEER, TIME_WAIT, NEVER
    }

    final long serial;
    final Kind kind;
    final SimulatedThread thread;
    /** The handle that it was posted on: its port and key take the packet. AcceptEx: the listener. */
    final FileObject file;
    /** 0 where the call blocks until the operation is over: then there is neither memory nor a packet. */
    final long overlapped;
    /** A packet alone tells of its end: its handle had a port at the post, and its OVERLAPPED no event. */
    final boolean byPacketAlone;
    /** Where in the trace it was posted, and, in a run that is repeated, from where in the program. */
    final long postedAt;
    final @Nullable Throwable callSite;

    State state = State.PENDING;
    int status;
    int bytes;
    /** Its OVERLAPPED says how it ended. */
    boolean isFinal;

    /** The kernel's buffers: addresses and lengths. */
    long[] bufferAddresses = {};
    int[] bufferBytes = {};
    /** What is in the OVERLAPPED while the kernel has it. */
    byte[] image = {};
    /** Of what sends: the bytes as they were at the post, and how many have gone. */
    byte[] data = {};
    int sent;
    /** Of a receive or a read: what it brings. */
    byte[] brings = {};

    /** Of AcceptEx. */
    @Nullable SimulatedSocket acceptSocket;
    int receiveBytes;
    int localBytes;
    int remoteBytes;
    /** Of AcceptEx and ConnectEx, from when there is one. */
    @Nullable Connection connection;

    /** Of TransmitFile: the file, if there is one. */
    @Nullable SimulatedFile transmits;

    /** Of a disconnect. */
    Wait wait = Wait.NOT;
    boolean reuse;
    boolean timeWaitRuns;

    PendingOperation(long serial, Kind kind, SimulatedThread thread, FileObject file, long overlapped,
                     boolean byPacketAlone, long postedAt, @Nullable Throwable callSite) {
        this.serial = serial;
        this.kind = kind;
        this.thread = thread;
        this.file = file;
        this.overlapped = overlapped;
        this.byPacketAlone = byPacketAlone;
        this.postedAt = postedAt;
        this.callSite = callSite;
    }

    boolean isDisconnect() {
        return kind.isDisconnect() && transmits == null;
    }

    /** What it was posted on, if that is no file of a disk. */
    SimulatedSocket socket() {
        return (SimulatedSocket) file;
    }

    /** The socket that an AcceptEx is to give a client. */
    SimulatedSocket requireAcceptSocket() {
        assert acceptSocket != null : this + " is no AcceptEx";
        return acceptSocket;
    }

    int capacity() {
        int capacity = 0;
        for (int bytesOfOne : bufferBytes) {
            capacity += bytesOfOne;
        }
        return capacity;
    }

    boolean overlaps(long address, long count) {
        if (overlapped < address + count && address < overlapped + image.length) {
            return true;
        }
        if (state == State.PENDING || state == State.ENDING) {
            for (int i = 0; i < bufferAddresses.length; i++) {
                if (bufferAddresses[i] < address + count && address < bufferAddresses[i] + bufferBytes[i]) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "operation #" + serial + ", " + kind.call + " on handle " + file.handle + ", posted by " + thread.name
                + " at line " + postedAt + " of the trace";
    }
}
