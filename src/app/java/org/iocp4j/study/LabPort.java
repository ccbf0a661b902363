package org.iocp4j.study;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.TimeoutException;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.win32.Win32Exception;

/**
 * A completion port whose packets are looked at one by one. {@link #next} takes the oldest; {@link #await} takes that
 * of one operation and leaves the others, as if another thread had dequeued them and not got round to them yet.
 */
public final class LabPort {
    private final Lab lab;
    private final int number;
    private final CompletionPort port;
    private final ArrayDeque<Packet> arrived = new ArrayDeque<>();
    private long dequeued;

    LabPort(Lab lab, int number) throws Win32Exception {
        this.lab = lab;
        this.number = number;
        this.port = new CompletionPort(lab.win32(), 0, lab.slab(), (key, bytes, io) -> { });
    }

    /** CreateIoCompletionPort: 0, or the error. */
    int associate(long handle, long key) {
        return port.associate(lab.win32(), handle, key);
    }

    /** The HANDLE. */
    long handle() {
        return port.handle();
    }

    /** The oldest packet that nobody has taken. */
    public Packet next() throws Win32Exception, TimeoutException {
        Packet packet = next(Lab.BOUND_MILLIS);
        if (packet == null) {
            throw new TimeoutException("a packet on " + this + ": none within " + Lab.BOUND_MILLIS + " ms");
        }
        return packet;
    }

    /** The oldest packet that nobody has taken, or null if none comes in time. */
    public Packet next(int millis) throws Win32Exception {
        if (arrived.isEmpty()) {
            dequeue(millis);
        }
        return arrived.poll();
    }

    /** The packet of this operation; those that come before it are left for {@link #next}. */
    public Packet await(LabOperation operation) throws Win32Exception, TimeoutException {
        Packet packet = await(operation, Lab.BOUND_MILLIS);
        if (packet == null) {
            throw new TimeoutException("the packet of " + operation.kind() + " on " + this + ": none within "
                    + Lab.BOUND_MILLIS + " ms, " + operation.socket());
        }
        return packet;
    }

    /** The same, or null if it does not come in time. */
    public Packet await(LabOperation operation, int millis) throws Win32Exception {
        long deadline = lab.deadline(millis);
        Packet found = take(operation);
        for (int left = millis; found == null && left > 0; left = lab.millisUntil(deadline)) {
            dequeue(left);
            found = take(operation);
        }
        return found;
    }

    private Packet take(LabOperation operation) {
        for (Iterator<Packet> packets = arrived.iterator(); packets.hasNext();) {
            Packet packet = packets.next();
            if (packet.operation() == operation) {
                packets.remove();
                return packet;
            }
        }
        return null;
    }

    /** Takes what is on the port, waiting for the first of it. */
    void dequeue(int millis) throws Win32Exception {
        dequeued += port.dequeue(lab.io(), millis);
        lab.takeArrived(arrived);
    }

    /** Packets that came off the port since it was made, taken by the experiment or not. */
    public long dequeued() {
        return dequeued;
    }

    void close() {
        port.close(lab.win32());
    }

    @Override
    public String toString() {
        return "port " + number;
    }
}
