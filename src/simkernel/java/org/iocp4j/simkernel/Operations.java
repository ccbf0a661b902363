package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.WSABUF;
import org.jspecify.annotations.Nullable;

/** All operations in the kernel's hands, and their memory, which nobody else touches meanwhile. */
final class Operations {
    /** What is in a buffer that the kernel is to fill, until it does: read too early, it shows. */
    private static final byte POISON = (byte) 0xA5;

    private final SimulatedKernel kernel;
    /** In the order of their posts. */
    private final List<PendingOperation> out = new ArrayList<>();
    private final Map<Long, PendingOperation> byOverlapped = new HashMap<>();
    private long posted;
    private long packets;
    private long withoutPacket;
    private long lost;
    private Traffic traffic = Traffic.NONE;
    private int checked;

    Operations(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    // ---- posts ----

    PendingOperation post(PendingOperation.Kind kind, SimulatedThread thread, FileObject file, long overlapped) {
        if (overlapped == 0 && !kind.isDisconnect()) {
            throw kernel.fail(kind.call + " without an OVERLAPPED blocks, and that is not simulated");
        }
        PendingOperation same = byOverlapped.get(overlapped);
        if (same != null) {
            throw violation(same, "its OVERLAPPED is posted again by " + kind.call + " while the kernel has it");
        }
        if (kernel.ownPortsRequired() && file.port != null && thread.dequeuesFrom != null
                && file.port != thread.dequeuesFrom) {
            throw kernel.fail(kind.call + " on handle " + file.handle + " is posted by " + thread.name
                    + ", which dequeues from another port than the handle's");
        }
        boolean byPacketAlone = file.port != null && event(overlapped) == 0;
        PendingOperation operation = new PendingOperation(++posted, kind, thread, file, overlapped, byPacketAlone,
                kernel.trace.count(), kernel.hasCallSites() ? new Throwable("posted here") : null);
        operation.image = new byte[overlapped == 0 ? 0 : kernel.operationBytes()];
        out.add(operation);
        if (overlapped != 0) {
            kernel.memory.putLong(overlapped + OVERLAPPED.Internal$offset(), STATUS_PENDING()); // and no more [wt]
            kernel.memory.read(overlapped, operation.image, 0, operation.image.length);
            byOverlapped.put(overlapped, operation);
        }
        return operation;
    }

    private long event(long overlapped) {
        return overlapped == 0 ? 0 : kernel.memory.getLong(overlapped + OVERLAPPED.hEvent$offset());
    }

    /** AcceptEx marks the OVERLAPPED as pending before it looks at anything else, and leaves it so [wt]. */
    void refused(long overlapped) {
        PendingOperation same = byOverlapped.get(overlapped);
        if (same != null && same.state != PendingOperation.State.PENDING) {
            throw violation(same, "its OVERLAPPED is given to AcceptEx again while the kernel has it");
        }
        kernel.memory.putLong(overlapped + OVERLAPPED.Internal$offset(), STATUS_PENDING());
    }

    /** Copies the WSABUF array, as the call does before it returns [doc]. */
    void buffers(PendingOperation operation, long buffers, int count) {
        operation.bufferAddresses = new long[count];
        operation.bufferBytes = new int[count];
        for (int i = 0; i < count; i++) {
            long entry = buffers + i * WSABUF.sizeof();
            operation.bufferBytes[i] = kernel.memory.getInt(entry + WSABUF.len$offset());
            operation.bufferAddresses[i] = kernel.memory.getLong(entry + WSABUF.buf$offset());
        }
        requireOthersApart(operation);
    }

    /** The one buffer of a call that has no WSABUF. */
    void buffer(PendingOperation operation, long address, int bytes) {
        operation.bufferAddresses = new long[] {address};
        operation.bufferBytes = new int[] {bytes};
        requireOthersApart(operation);
    }

    private void requireOthersApart(PendingOperation operation) {
        if (operation.kind.sends()) {
            return; // the same bytes may be sent twice at once
        }
        for (PendingOperation other : out) {
            for (int i = 0; other != operation && i < operation.bufferBytes.length; i++) {
                if (other.overlaps(operation.bufferAddresses[i], operation.bufferBytes[i])) {
                    throw violation(other, "its memory is given to the kernel as a buffer again, by " + operation);
                }
            }
        }
    }

    void poison(PendingOperation operation) {
        for (int i = 0; i < operation.bufferBytes.length; i++) {
            kernel.memory.fill(operation.bufferAddresses[i], operation.bufferBytes[i], POISON);
        }
    }

    void snapshot(PendingOperation operation) {
        operation.data = new byte[operation.capacity()];
        int at = 0;
        for (int i = 0; i < operation.bufferBytes.length; i++) {
            kernel.memory.read(operation.bufferAddresses[i], operation.data, at, operation.bufferBytes[i]);
            at += operation.bufferBytes[i];
        }
    }

    // ---- ends ----

    /**
     * The call could finish at once. By Windows' rules it may return 0 or WSA_IO_PENDING then; either way a packet
     * comes, unless the handle skips it on success [doc].
     */
    int endAtOnce(PendingOperation operation, int bytes) {
        int fault = kernel.faults.packet(operation.kind);
        boolean inline = fault == 0 && kernel.random.chance(kernel.plan().timing().inline())
                && operation.file.isInOrder(operation.kind, kernel.timeline.now());
        if (!inline) {
            if (fault != 0 && (operation.kind == PendingOperation.Kind.DISCONNECT || operation.reuse)) {
                operation.socket().state = SimulatedSocket.State.DISCONNECTED; // what failed is not fit for reuse [inf]
            }
            end(operation, fault, fault == 0 ? bytes : 0);
            return WSA_IO_PENDING();
        }
        return endInline(operation, bytes);
    }

    /** The operation has succeeded before its call returns. */
    int endInline(PendingOperation operation, int bytes) {
        operation.status = STATUS_SUCCESS();
        operation.bytes = bytes;
        operation.file.unlink(operation);
        traceEnd(operation);
        deliver(operation, true);
        return 0;
    }

    /** The operation is over; its packet comes now, or, by the plan, a little later, in the order of its kind. */
    void end(PendingOperation operation, int status, int bytes) {
        if (operation.state != PendingOperation.State.PENDING) {
            throw new IllegalStateException("the simulation ends " + operation + " twice");
        }
        operation.status = status;
        operation.bytes = bytes;
        operation.file.unlink(operation);
        operation.state = PendingOperation.State.ENDING;
        traceEnd(operation);
        FaultPlan.Timing timing = kernel.plan().timing();
        long delay = kernel.random.chance(timing.delayed()) ? kernel.random.between(1, timing.delayNanos()) : 0;
        long time = operation.file.inOrder(operation.kind, kernel.timeline.now() + delay);
        if (time <= kernel.timeline.now()) {
            deliver(operation, false);
        } else {
            kernel.timeline.at(time, () -> deliver(operation, false));
        }
    }

    private void traceEnd(PendingOperation operation) {
        kernel.note(null, TraceEvent.COMPLETED, operation.serial, operation.file.handle, operation.status,
                operation.bytes);
    }

    private void deliver(PendingOperation operation, boolean inline) {
        verify(operation);
        bring(operation);
        SimulatedPort port = operation.file.port;
        boolean packetComes = port != null && operation.byPacketAlone && !inline;
        if (!packetComes || !kernel.faults.finalAtDequeue()) {
            writeFinal(operation);
        }
        boolean skipped = inline && (operation.file.notificationModes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS()) != 0;
        // The low bit of hEvent: no packet [doc].
        boolean eventOnly = (event(operation.overlapped) & 1) != 0;
        if (port == null || skipped || eventOnly || operation.overlapped == 0) {
            traffic = skipped ? traffic.plus(operation) : traffic;
            withoutPacket++;
            kernel.note(null, TraceEvent.NO_PACKET, operation.serial, operation.file.handle, 0, 0);
            home(operation);
        } else if (port.isClosed()) {
            lost(operation);
        } else {
            operation.state = PendingOperation.State.QUEUED;
            kernel.note(null, TraceEvent.QUEUED, operation.serial, port.handle, operation.file.key, 0);
            port.queue(new SimulatedPort.Packet(operation, operation.overlapped, operation.file.key, operation.bytes));
        }
    }

    private void writeFinal(PendingOperation operation) {
        operation.isFinal = true;
        long overlapped = operation.overlapped;
        if (overlapped != 0) {
            // The status is 4 bytes of a union with a pointer: the upper half of Internal says nothing [doc].
            kernel.memory.putInt(overlapped + OVERLAPPED.Internal$offset(), operation.status);
            kernel.memory.putInt(overlapped + OVERLAPPED.Internal$offset() + Integer.BYTES, (int) kernel.random.next());
            kernel.memory.putLong(overlapped + OVERLAPPED.InternalHigh$offset(), operation.bytes);
            kernel.memory.read(overlapped, operation.image, 0, operation.image.length);
        }
    }

    private void bring(PendingOperation operation) {
        int at = 0;
        for (int i = 0; operation.status >= 0 && at < operation.brings.length; i++) {
            int count = Math.min(operation.bufferBytes[i], operation.brings.length - at);
            kernel.memory.write(operation.bufferAddresses[i], operation.brings, at, count);
            at += count;
        }
    }

    /** A thread has its packet: the memory is the program's again. */
    void dequeued(PendingOperation operation) {
        packets++;
        traffic = traffic.plus(operation);
        verifyOverlapped(operation);
        if (!operation.isFinal) {
            writeFinal(operation);
        }
        home(operation);
    }

    /**
     * Its port was closed.
     *
     * @param operation null for a posted packet, which has none
     */
    void lost(@Nullable PendingOperation operation) {
        if (operation != null) {
            lost++;
            home(operation);
        }
    }

    private void home(PendingOperation operation) {
        operation.state = PendingOperation.State.DONE;
        out.remove(operation);
        byOverlapped.remove(operation.overlapped);
    }

    // ---- cancelling ----

    /**
     * CancelIoEx: what has ended already is not found, or ends as it had to [doc]. A send that has gone in part says
     * how much [wine]. 0, or ERROR_NOT_FOUND.
     */
    int cancel(FileObject file, long overlapped) {
        boolean found = false;
        for (PendingOperation operation : List.copyOf(out)) {
            if (operation.file.equals(file) && (overlapped == 0 || operation.overlapped == overlapped)) {
                if (operation.state == PendingOperation.State.PENDING) {
                    found = true;
                    end(operation, STATUS_CANCELLED(), operation.sent);
                } else if (operation.state == PendingOperation.State.ENDING) {
                    found |= kernel.random.chance(0.5);
                }
            }
        }
        return found ? 0 : ERROR_NOT_FOUND();
    }

    /** closesocket: everything pending on the handle ends [doc], and an accept into it as well [wt]. */
    void cancelAll(SimulatedSocket socket) {
        for (PendingOperation operation : List.copyOf(out)) {
            boolean concerned = operation.file == socket || operation.acceptSocket == socket;
            if (concerned && operation.state == PendingOperation.State.PENDING) {
                end(operation, kernel.faults.closed(operation, socket), operation.sent);
            }
        }
    }

    /** A thread ends: the I/O that it started is cancelled [doc]; perhaps not what only a packet tells of. */
    void cancelOf(SimulatedThread thread) {
        boolean packetsGoOn = kernel.faults.outlivesThread();
        for (PendingOperation operation : List.copyOf(out)) {
            boolean goesOn = packetsGoOn && operation.byPacketAlone;
            if (operation.thread == thread && operation.state == PendingOperation.State.PENDING && !goesOn) {
                end(operation, STATUS_CANCELLED(), operation.sent);
            }
        }
    }

    boolean anyOf(FileObject file) {
        return out.stream().anyMatch(operation -> operation.file.equals(file) || file.equals(operation.acceptSocket));
    }

    /** For the trace: the operation at an address, or 0. */
    long serialAt(long overlapped) {
        PendingOperation operation = byOverlapped.get(overlapped);
        return operation == null ? 0 : operation.serial;
    }

    /** For the trace: the operation that a call with this result has posted, or 0. */
    long lastPosted(int result) {
        return result == 0 || result == WSA_IO_PENDING() ? posted : 0;
    }

    // ---- checks ----

    /** One operation a step, in turn. */
    void checkOne() {
        if (!out.isEmpty()) {
            checked = (checked + 1) % out.size();
            PendingOperation operation = out.get(checked);
            verifyOverlapped(operation);
            if (operation.state != PendingOperation.State.QUEUED) {
                verifyBuffers(operation);
            }
        }
    }

    private void verify(PendingOperation operation) {
        verifyOverlapped(operation);
        verifyBuffers(operation);
    }

    private void verifyOverlapped(PendingOperation operation) {
        long at = kernel.memory.mismatch(operation.overlapped, operation.image, 0, operation.image.length);
        if (at >= 0) {
            throw violation(operation, "byte " + at + " of its OVERLAPPED was written while the kernel had it");
        }
    }

    private void verifyBuffers(PendingOperation operation) {
        int before = 0;
        for (int i = 0; i < operation.bufferBytes.length; i++) {
            long address = operation.bufferAddresses[i];
            int bytes = operation.bufferBytes[i];
            long at = operation.kind.sends()
                    ? kernel.memory.mismatch(address, operation.data, before, bytes)
                    : kernel.memory.mismatch(address, bytes, POISON);
            if (at >= 0) {
                throw violation(operation,
                        "byte " + at + " of its buffer " + i + " was written while the kernel had it");
            }
            before += bytes;
        }
    }

    /** Memory goes away: no operation may lie in it. */
    void checkFree(long address, long bytes, String what) {
        for (PendingOperation operation : out) {
            if (operation.overlaps(address, bytes)) {
                throw violation(operation, "its memory is " + what + " while the kernel has it");
            }
        }
    }

    private SimulationFailure violation(PendingOperation operation, String what) {
        SimulatedThread now = kernel.schedule.holder();
        return kernel.fail(operation + ": " + what + "; seen in a call of " + (now == null ? "nobody" : now.name)
                + " at line " + kernel.trace.count(), operation.callSite);
    }

    // ---- what there is ----

    Census census() {
        Set<FileObject> accepting = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<FileObject> disconnecting = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<FileObject> busy = Collections.newSetFromMap(new IdentityHashMap<>());
        for (PendingOperation operation : out) {
            busy.add(operation.file);
            if (operation.kind == PendingOperation.Kind.ACCEPT) {
                accepting.add(operation.acceptSocket);
            } else if (operation.isDisconnect()) {
                disconnecting.add(operation.file);
            }
        }
        Census census = Census.EMPTY;
        for (Object object : kernel.handles.open()) {
            if (object instanceof SimulatedSocket socket && socket.state != SimulatedSocket.State.LISTENING) {
                census = accepting.contains(socket) ? census.plusAccepting()
                        : disconnecting.contains(socket) ? census.plusDisconnecting()
                        : census.plus(socket.state, busy.contains(socket));
            }
        }
        return census;
    }

    Traffic traffic() {
        return traffic;
    }

    List<PendingOperation> out() {
        return out;
    }

    long posted() {
        return posted;
    }

    /** Packets of operations that were dequeued, that were not needed, and that were lost with their port. */
    long accountedFor() {
        return packets + withoutPacket + lost;
    }

    long lost() {
        return lost;
    }
}
