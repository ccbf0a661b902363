package org.iocp4j.study;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.iocp4j.win32.ErrorName;

/**
 * An overlapped operation on one socket, with a buffer of its own: both are the kernel's from the post until the
 * packet, so an operation that is out cannot be posted again, and one that is home can.
 */
public final class LabOperation {
    /** What it does; AcceptEx packets come with the listener's key, all others with their socket's. */
    public enum Kind {
        ACCEPT("AcceptEx"), RECEIVE("WSARecv"), SEND("WSASend"), DISCONNECT("DisconnectEx"),
        TRANSMIT("TransmitFile");

        private final String call;

        Kind(String call) {
            this.call = call;
        }

        /** The call's own name. */
        @Override
        public String toString() {
            return call;
        }
    }

    static final int BUFFER_BYTES = 128;

    private final Lab lab;
    private LabSocket socket;
    private final Kind kind;
    private final MemorySegment buffer;
    private final Operation operation;
    /** As they were when it was posted. */
    private long handle;
    private int generation;

    LabOperation(Lab lab, LabSocket socket, Kind kind, MemorySegment buffer) {
        this.lab = lab;
        this.socket = socket;
        this.kind = kind;
        this.buffer = buffer;
        this.operation = lab.slab().add(this::completed);
    }

    public Kind kind() {
        return kind;
    }

    public LabSocket socket() {
        return socket;
    }

    /** To another socket's use; only while it is home. */
    void moveTo(LabSocket other) {
        if (isPending()) {
            throw new IllegalStateException(kind + " is the kernel's");
        }
        socket = other;
    }

    /** Whether its memory is the kernel's. */
    public boolean isPending() {
        return operation.isPending();
    }

    /** The first bytes of its buffer; only while it is home. */
    public byte[] data(int count) {
        if (isPending()) {
            throw new IllegalStateException("the buffer of " + kind + " is the kernel's");
        }
        return buffer.asSlice(0, count).toArray(JAVA_BYTE);
    }

    /** Fills its buffer; only while it is home. */
    void data(byte[] bytes) {
        if (isPending()) {
            throw new IllegalStateException("the buffer of " + kind + " is the kernel's");
        }
        MemorySegment.copy(bytes, 0, buffer, JAVA_BYTE, 0, bytes.length);
    }

    /** The last thing before the call that posts it: the operation to post. */
    Operation leaves() {
        handle = socket.handle();
        generation = socket.generation();
        return operation;
    }

    long bufferAddress() {
        return buffer.address();
    }

    long address() {
        return operation.address();
    }

    private void completed(Operation home, long key, int status, int bytes, IoThread io) {
        String outcome = status >= 0 ? "ok" : ErrorName.of(io.win32().rtlNtStatusToDosError(status));
        lab.arrived(new Packet(this, handle, generation, key, home.owner(), status, outcome, bytes));
    }
}
