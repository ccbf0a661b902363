package org.iocp4j.server;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Memory of a group's that a program fills, and that any number of sends then send without a copy
 * ({@link Session#send(LentMemory, int, int)}), to one session or to many. {@link IocpGroup#lend} lends it.
 *
 * {@snippet lang=java :
 * try (LentMemory page = session.group().lend(bytes.length)) {
 *     if (page == null) { // too much is lent already, or the system has no memory
 *         return false;
 *     }
 *     page.bytes().put(bytes);
 *     return session.send(page, 0, bytes.length) == SendResult.TAKEN; // FULL: once more in writable
 * } // what was taken stays until it has been sent
 * }
 *
 * <p>The program gives it back once, by {@link #close}. Sends that were taken before still go out, and the last of them
 * frees the memory. What is being sent must not be changed: the peer would get some of this and some of that. A program
 * that loses this object without giving it back loses the memory, too, soon afterwards; that is counted in
 * {@link ServerStatistics.Faults#lentMemoryLost}. The end of its group leaves it as it is: it may still be read,
 * written and sent to sessions of other groups, and is to be given back.
 *
 * <p>Any thread, also several at the same time.
 */
public final class LentMemory implements AutoCloseable {
    private final Lending.Loan loan;
    private final AtomicBoolean givenBack = new AtomicBoolean();
    private final Cleaner.Cleanable watch;

    LentMemory(Lending.Loan loan, Cleaner cleaner) {
        this.loan = loan;
        this.watch = cleaner.register(this, loan::lost);
    }

    /** How many bytes it has. */
    public int size() {
        return (int) loan.memory().byteSize();
    }

    /**
     * All of it, to be read and written: zeros at first, big-endian, from position 0 on. Each call returns a view of
     * its own. Once the memory is free, each view throws {@link IllegalStateException}.
     *
     * @throws IllegalStateException if it has been given back
     */
    public ByteBuffer bytes() {
        requireLent();
        return loan.memory().asByteBuffer();
    }

    /**
     * Gives it back. It is free as soon as no send needs it any more.
     *
     * @throws IllegalStateException if it has been given back before
     */
    @Override
    public void close() {
        if (!givenBack.compareAndSet(false, true)) {
            throw new IllegalStateException("given back twice: " + this);
        }
        loan.returned();
        watch.clean();
    }

    /**
     * For one more send of a part of it.
     *
     * @throws IllegalStateException     if it has been given back
     * @throws IndexOutOfBoundsException if it has no such part
     */
    MemorySource source(int offset, int count, long progressNanos) {
        Objects.checkFromIndexSize(offset, count, size());
        requireLent();
        if (!loan.tryHold()) { // another thread has just given it back
            throw givenBack();
        }
        MemorySegment part = loan.memory().asSlice(offset, count);
        return MemorySource.lent(part, loan::drop, progressNanos);
    }

    /** Checks what {@link #source} does, for a send that takes no memory. */
    void requireSource(int offset, int count) {
        Objects.checkFromIndexSize(offset, count, size());
        requireLent();
    }

    private void requireLent() {
        if (givenBack.get()) {
            throw givenBack();
        }
    }

    private IllegalStateException givenBack() {
        return new IllegalStateException("given back before: " + this);
    }

    @Override
    public String toString() {
        return size() + " bytes of lent memory";
    }
}
