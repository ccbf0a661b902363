package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.iocp4j.win32.generated.OPERATION;
import org.iocp4j.win32.generated.OVERLAPPED;

/**
 * One overlapped operation: an OVERLAPPED off the heap, extended by the number of its present owner, and what to do when
 * its packet comes. It can be posted again and again, once at a time.
 *
 * <p>From a post until its packet is dequeued the memory is the kernel's, whatever becomes of the owner meanwhile.
 */
public final class Operation {
    static final long STRIDE = OPERATION.sizeof();

    private static final VarHandle PENDING;

    static {
        try {
            PENDING = MethodHandles.lookup().findVarHandle(Operation.class, "pending", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MemorySegment memory;
    private final int index;
    private final CompletionHandler completion;
    /** The kernel's: posted, and its packet not dequeued yet. Read through PENDING. */
    @SuppressWarnings("unused")
    private boolean pending;
    /** Written and read only while the operation is not pending. */
    private Delivery delivery = Delivery.PACKET;

    /** @param index which one it is of those that lie side by side in {@code memory} */
    Operation(MemorySegment memory, int index, CompletionHandler completion) {
        this.memory = memory;
        this.index = index;
        this.completion = completion;
    }

    /** The OVERLAPPED's address, which is the operation's. */
    public long address() {
        return memory.address() + offset();
    }

    private long offset() {
        return index * STRIDE;
    }

    /** Who posted it last, read from off-heap memory: the number that was given to the post. */
    public long owner() {
        return memory.get(JAVA_LONG, offset() + OPERATION.owner$offset());
    }

    /** How completions are delivered from the next post on: as the handle is set. Not to be called while pending. */
    public void delivery(Delivery newDelivery) {
        delivery = newDelivery;
    }

    /** Whether the kernel holds it. True means: neither post nor free it. */
    public boolean isPending() {
        return (boolean) PENDING.getVolatile(this);
    }

    /**
     * The last thing before the call that posts it: zeroes the OVERLAPPED, and only that, and names the owner. Nothing
     * that the completion reads may be written after that call, since the packet can be on another thread by then.
     *
     * @return how its completion will be delivered
     */
    Delivery begin(long owner) {
        if (!PENDING.compareAndSet(this, false, true)) {
            throw new IllegalStateException("posted while the kernel still holds it: " + this);
        }
        long offset = offset();
        memory.set(JAVA_LONG, offset + OVERLAPPED.Internal$offset(), 0);
        memory.set(JAVA_LONG, offset + OVERLAPPED.InternalHigh$offset(), 0);
        memory.set(JAVA_LONG, offset + OVERLAPPED.Offset$offset(), 0); // and OffsetHigh
        memory.set(JAVA_LONG, offset + OVERLAPPED.hEvent$offset(), 0);
        memory.set(JAVA_LONG, offset + OPERATION.owner$offset(), owner);
        return delivery;
    }

    /** The kernel has done with it: the post failed at once and no packet will come, or nobody is told of its packet. */
    void reset() {
        PENDING.setVolatile(this, false);
    }

    /** The outcome so far: STATUS_PENDING until the kernel has done with it. */
    int status() {
        return (int) memory.get(JAVA_LONG, offset() + OVERLAPPED.Internal$offset());
    }

    /** It was over when its call returned, and no packet tells of it. */
    void complete(IoThread io) {
        complete(0, (int) memory.get(JAVA_LONG, offset() + OVERLAPPED.InternalHigh$offset()), io);
    }

    /** Its packet was dequeued. The outcome is in OVERLAPPED.Internal; that of the packet itself is reserved [doc]. */
    void complete(long key, int bytes, IoThread io) {
        int status = status();
        if (!PENDING.compareAndSet(this, true, false)) {
            throw new IllegalStateException("a packet for an operation that is at home: " + this);
        }
        completion.completed(this, key, status, bytes, io);
    }

    @Override
    public String toString() {
        return String.format("operation %d of %X, owner %s", index, address(), Long.toUnsignedString(owner()));
    }
}
