package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import org.iocp4j.win32.generated.FILE_COMPLETION_INFORMATION;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;

/** The calls on completion ports. */
final class Ports {
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final int ALL_MODES = FILE_SKIP_COMPLETION_PORT_ON_SUCCESS() | FILE_SKIP_SET_EVENT_ON_HANDLE();

    private final SimulatedKernel kernel;

    Ports(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    long create(int concurrency) {
        int fault = kernel.faults.association();
        if (fault != 0) {
            return -fault;
        }
        long handle = kernel.handles.reserve();
        int limit = concurrency == 0 ? kernel.processors() : concurrency; // 0: as many as processors [doc]
        kernel.handles.put(handle, new SimulatedPort(handle, limit, kernel.schedule));
        return handle;
    }

    long associate(long file, long port, long key) {
        int fault = kernel.faults.association();
        if (fault != 0) {
            return -fault;
        }
        if (kernel.handles.get(file) == null) {
            return -kernel.misuse(ERROR_INVALID_HANDLE()); // [wine, same on Windows]
        }
        SimulatedPort to = kernel.handles.port(port);
        FileObject object = kernel.handles.file(file);
        // One port until the handle is closed [doc]: a second association fails, whatever port or key [rep].
        if (to == null || object == null || !object.overlapped || object.port != null) {
            boolean isLost = kernel.handles.isLost(port);
            return -(isLost ? ERROR_INVALID_PARAMETER() : kernel.misuse(ERROR_INVALID_PARAMETER()));
        }
        object.port = to;
        object.key = key;
        return port;
    }

    /** NtSetInformationFile(FileReplaceCompletionInformation): another port and key, or none [doc]. */
    int replace(long handle, long information, int length, int informationClass) {
        if (informationClass != FILE_REPLACE_COMPLETION_INFORMATION()) {
            return STATUS_INVALID_INFO_CLASS();
        }
        if (length < FILE_COMPLETION_INFORMATION.sizeof()) {
            return STATUS_INFO_LENGTH_MISMATCH();
        }
        FileObject file = kernel.handles.file(handle);
        if (file == null) {
            return STATUS_INVALID_HANDLE();
        }
        if (kernel.operations.anyOf(file)) {
            return STATUS_INVALID_PARAMETER(); // that it fails [rep]; with which status [inf]
        }
        long port = kernel.memory.getLong(information + FILE_COMPLETION_INFORMATION.Port$offset());
        long key = kernel.memory.getLong(information + FILE_COMPLETION_INFORMATION.Key$offset());
        SimulatedPort to = kernel.handles.port(port);
        if (port != 0 && to == null) {
            return STATUS_INVALID_HANDLE();
        }
        file.port = to;
        file.key = to == null ? 0 : key;
        return STATUS_SUCCESS();
    }

    int post(long port, int bytes, long key, long overlapped) {
        SimulatedPort to = kernel.handles.port(port);
        if (to == null) {
            return noPort(port);
        }
        int fault = kernel.faults.post();
        if (fault != 0) {
            return fault;
        }
        to.queue(new SimulatedPort.Packet(null, overlapped, key, bytes));
        return 0;
    }

    /** The modes stay for as long as the handle is open: they can be added to, never taken back [doc]. */
    int notificationModes(long handle, int flags) {
        FileObject file = kernel.handles.file(handle);
        if (file == null) {
            return kernel.misuse(ERROR_INVALID_HANDLE());
        }
        if ((flags & ~ALL_MODES) != 0 || !file.overlapped) { // [doc]; a handle that is not overlapped [wt]
            return ERROR_INVALID_PARAMETER();
        }
        int fault = kernel.faults.association();
        if (fault == 0) {
            file.notificationModes |= flags;
        }
        return fault;
    }

    int close(long handle) {
        SimulatedSocket socket = kernel.handles.socket(handle);
        if (socket != null && socket.handles > 1) {
            return kernel.sockets.close(handle); // a duplicated handle; the last one is closesocket's
        }
        SimulatedFile file = kernel.handles.diskFile(handle);
        if (file != null) {
            kernel.files.close(handle, file);
            return 0;
        }
        SimulatedPort port = kernel.handles.port(handle);
        if (port == null) {
            return kernel.misuse(ERROR_INVALID_HANDLE());
        }
        kernel.handles.close(handle);
        losePackets(port);
        return 0;
    }

    private void losePackets(SimulatedPort port) {
        for (SimulatedPort.Packet packet : port.close()) {
            kernel.operations.lost(packet.operation());
        }
    }

    /** Other code closes it. */
    void lose(SimulatedPort port) {
        kernel.handles.lose(port.handle);
        losePackets(port);
    }

    private int noPort(long handle) {
        return kernel.handles.isLost(handle) ? ERROR_INVALID_HANDLE() : kernel.misuse(ERROR_INVALID_HANDLE());
    }

    // ---- waiting ----

    /** The number of packets, or minus the error. */
    int dequeue(SimulatedThread thread, long handle, long entries, int count, long removed, int timeoutMillis) {
        SimulatedPort port = kernel.handles.port(handle);
        if (port == null) {
            return -noPort(handle);
        }
        if (count <= 0) {
            return -ERROR_INVALID_PARAMETER();
        }
        thread.dequeuesFrom = port;
        stopWorking(thread, port);
        SimulatedPort.Packet first = port.take();
        if (first != null) {
            port.activate(thread);
        } else if (timeoutMillis != 0) {
            await(thread, port, timeoutMillis);
            first = thread.assigned;
            thread.assigned = null;
        }
        if (first == null) {
            boolean abandoned = thread.abandoned;
            thread.abandoned = false;
            return abandoned ? -ERROR_ABANDONED_WAIT_0() : -WAIT_TIMEOUT();
        }
        int filled = fill(port, first, entries, count);
        kernel.memory.putInt(removed, filled);
        return filled;
    }

    /**
     * A thread that comes back to its port takes the next packet itself; one that goes elsewhere leaves it to others.
     */
    private void stopWorking(SimulatedThread thread, SimulatedPort next) {
        if (thread.activePort == next) {
            next.deactivate(thread);
        } else if (thread.activePort != null) {
            thread.activePort.yieldTo(thread);
        }
    }

    private void await(SimulatedThread thread, SimulatedPort port, int timeoutMillis) {
        kernel.note(thread, TraceEvent.WAIT, port.handle, timeoutMillis, 0, 0);
        port.await(thread);
        thread.waiting = true;
        long wait = ++thread.waitSerial;
        if (timeoutMillis > 0) {
            kernel.timeline.after(timeoutMillis * NANOS_PER_MILLI, () -> {
                if (thread.waiting && thread.waitSerial == wait) {
                    port.giveUp(thread);
                    kernel.schedule.wake(thread);
                }
            });
        }
        kernel.schedule.block(thread);
    }

    private int fill(SimulatedPort port, SimulatedPort.Packet first, long entries, int count) {
        int most = kernel.random.chance(kernel.plan().timing().shortBatches()) ? 1 : count;
        int filled = 0;
        for (SimulatedPort.Packet packet = first; packet != null; packet = filled < most ? port.more() : null) {
            long entry = entries + filled++ * OVERLAPPED_ENTRY.sizeof();
            long overlapped = packet.overlapped();
            if (packet.operation() != null) {
                kernel.operations.dequeued(packet.operation());
            }
            kernel.memory.putLong(entry + OVERLAPPED_ENTRY.lpCompletionKey$offset(), packet.key());
            kernel.memory.putLong(entry + OVERLAPPED_ENTRY.lpOverlapped$offset(), overlapped);
            kernel.memory.putLong(entry + OVERLAPPED_ENTRY.Internal$offset(), kernel.random.next()); // reserved [doc]
            kernel.memory.putInt(entry + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset(), packet.bytes());
            trace(packet);
        }
        return filled;
    }

    private void trace(SimulatedPort.Packet packet) {
        SimulatedThread thread = kernel.schedule.holder();
        PendingOperation operation = packet.operation();
        if (operation == null) {
            kernel.note(thread, TraceEvent.POSTED_PACKET, packet.key(), packet.bytes(), 0, 0);
        } else {
            kernel.note(thread, TraceEvent.PACKET, operation.serial, packet.key(), operation.status, packet.bytes());
        }
    }

    /** The thread waits for something else, or ends: it no longer counts as running on its port. */
    void release(SimulatedThread thread) {
        if (thread.activePort != null) {
            thread.activePort.yieldTo(thread);
        }
    }
}
