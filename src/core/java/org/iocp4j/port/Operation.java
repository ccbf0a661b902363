package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Locale;
import org.iocp4j.win32.generated.OPERATION;
import org.iocp4j.win32.generated.OVERLAPPED;

/**
 * An overlapped operation: an OVERLAPPED off the heap, extended by the number of its present owner, and the handler
 * that runs when it completes. It can be posted again and again, one post at a time. {@link OperationSlab#add} makes
 * it.
 *
 * <p>It is pending from the post until its packet is dequeued or its synchronous completion runs. While it is, its
 * memory and that of its buffers is the kernel's, whatever becomes of the owner.
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

    private final OperationSlab slab;
    private final int index;
    private final CompletionHandler completion;
    /** Read and written through PENDING. */
    @SuppressWarnings("unused")
    private boolean pending;
    /** Written and read only while the operation is not pending. */
    private Delivery delivery = Delivery.PACKET;
    private boolean returnsDone;
    /** A byte: an int would cost each session 16 bytes. */
    private byte purpose;

    /** @param index its number among those that lie side by side in the slab's memory */
    Operation(OperationSlab slab, int index, CompletionHandler completion) {
        this.slab = slab;
        this.index = index;
        this.completion = completion;
    }

    /** The address of its OVERLAPPED: for CancelIoEx, for example. */
    public long address() {
        return slab.memory().address() + offset();
    }

    private long offset() {
        return index * STRIDE;
    }

    /** The owner's number that was given to the last post, read from memory off the heap. Any thread. */
    public long owner() {
        return slab.memory().get(JAVA_LONG, offset() + OPERATION.owner$offset());
    }

    /**
     * Says how completions are delivered, from the next post on; it must match how the handle was set. The default is
     * {@link Delivery#PACKET}. Not to be called while the operation is pending.
     */
    public void delivery(Delivery newDelivery) {
        delivery = newDelivery;
    }

    /**
     * Says whether a post tells itself that the operation has completed synchronously ({@link IoThread#DONE}): for
     * threads that post and do not dequeue. The default is that its completion runs in the next dequeue. Not to be
     * called while the operation is pending.
     */
    public void returnsDone(boolean inPost) {
        returnsDone = inPost;
    }

    boolean returnsDone() {
        return returnsDone;
    }

    /**
     * Says what the next post is for, in a number of its owner's: {@link IoThread#purpose} tells it to the completion.
     * By then, the owner may have posted the operation anew on another thread. Not to be called while it is pending.
     */
    public void purpose(byte newPurpose) {
        purpose = newPurpose;
    }

    /** What the last post was for. */
    public byte purpose() {
        return purpose;
    }

    /** Whether it is pending: then it must not be posted, nor its memory released. Any thread. */
    public boolean isPending() {
        return (boolean) PENDING.getVolatile(this);
    }

    /**
     * The last step before the call that posts it: zeroes the OVERLAPPED and sets the owner. Nothing that the
     * completion reads may be written after that call, since the packet can be on another thread by then.
     *
     * @param position where in a file it begins; 0 for a socket
     * @param io       the calling thread's own
     * @return how its completion will be delivered
     */
    Delivery begin(long owner, long position, IoThread io) {
        if (!PENDING.compareAndSet(this, false, true)) {
            throw new IllegalStateException("posted while it is pending: " + this);
        }
        slab.pendingBegins(io);
        MemorySegment memory = slab.memory();
        long offset = offset();
        memory.set(JAVA_LONG, offset + OVERLAPPED.Internal$offset(), 0);
        memory.set(JAVA_LONG, offset + OVERLAPPED.InternalHigh$offset(), 0);
        memory.set(JAVA_LONG, offset + OVERLAPPED.Offset$offset(), position); // and OffsetHigh
        memory.set(JAVA_LONG, offset + OVERLAPPED.hEvent$offset(), 0);
        memory.set(JAVA_LONG, offset + OPERATION.owner$offset(), owner);
        return delivery;
    }

    /** No longer pending: the post failed, or the packet was discarded. */
    void reset(IoThread io) {
        PENDING.setVolatile(this, false);
        slab.pendingEnds(io);
    }

    /** No longer pending: it had completed when its call returned, so no other thread waits for it. */
    void done(IoThread io) {
        PENDING.setRelease(this, false);
        slab.pendingEnds(io);
    }

    /** The NTSTATUS in its OVERLAPPED: STATUS_PENDING until the kernel has completed it. */
    int status() {
        return (int) slab.memory().get(JAVA_LONG, offset() + OVERLAPPED.Internal$offset());
    }

    /** The bytes that it has transferred, when its post has returned {@link IoThread#DONE}. */
    public int transferred() {
        return (int) slab.memory().get(JAVA_LONG, offset() + OVERLAPPED.InternalHigh$offset());
    }

    /** As {@link CompletionHandler#prefetch}. */
    int prefetch(int depth) {
        return completion.prefetch(this, depth);
    }

    /** Completes it without a packet: it had completed when its call returned. */
    void complete(IoThread io) {
        complete(0, transferred(), io);
    }

    /**
     * Completes it: its packet was dequeued. The status is in OVERLAPPED.Internal; the packet's own is reserved [doc].
     */
    void complete(long key, int bytes, IoThread io) {
        int status = status();
        if (!isPending()) {
            throw new IllegalStateException("a packet for an operation that is not pending: " + this);
        }
        byte itsPurpose = purpose; // now: from the next line on another thread may post it
        PENDING.setRelease(this, false); // a kernel sends one packet, so nobody competes for this
        slab.pendingEnds(io);
        io.completes(key, itsPurpose);
        completion.completed(this, key, status, bytes, io);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "operation %d of %X, owner %s", index, address(),
                Long.toUnsignedString(owner()));
    }
}
