package org.iocp4j.server;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.iocp4j.port.LogLimit;
import org.iocp4j.port.RefCount;
import org.jspecify.annotations.Nullable;

/** The memory that a group lends, and how much of it there is. Any thread. */
final class Lending {
    private static final int ALIGNMENT_BYTES = 64;

    /** One thread for all groups. Made at the first use and not with the class, whose one attempt it would be. */
    private static @Nullable Cleaner watch;

    private final Supplier<Cleaner> cleaner;
    private final long mostBytes;
    private final AtomicLong lentBytes = new AtomicLong();
    private final LongAdder refused = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LogLimit lines = new LogLimit();

    /** @param mostBytes {@link GroupOptions#lendBytes} */
    Lending(long mostBytes) {
        this(mostBytes, Lending::watch);
    }

    /** @param cleaner finds what is lost */
    Lending(long mostBytes, Supplier<Cleaner> cleaner) {
        this.mostBytes = mostBytes;
        this.cleaner = cleaner;
    }

    private static synchronized Cleaner watch() {
        Cleaner present = watch;
        if (present == null) {
            present = Cleaner.create();
            watch = present;
        }
        return present;
    }

    /** As {@link IocpGroup#lend}. */
    @Nullable LentMemory lend(int bytes) {
        if (bytes < 1 || bytes > mostBytes) {
            throw new IllegalArgumentException("lend: " + bytes + " is not from 1 to lendBytes, " + mostBytes);
        }
        LentMemory memory = tryLend(bytes);
        if (memory == null) {
            refused.increment();
        }
        return memory;
    }

    private @Nullable LentMemory tryLend(int bytes) {
        try {
            Cleaner present = cleaner.get(); // first: if there can be none, nothing is lent yet
            return reserve(bytes) ? allocate(bytes, present) : null;
        } catch (OutOfMemoryError e) { // of the heap, of threads, or of the memory outside the heap
            return null;
        }
    }

    /** Counts them as lent, if so many are left. */
    private boolean reserve(int bytes) {
        long before;
        do {
            before = lentBytes.get();
            if (bytes > mostBytes - before) {
                return false;
            }
        } while (!lentBytes.compareAndSet(before, before + bytes));
        return true;
    }

    /** What was reserved for it is given back if this throws. */
    private LentMemory allocate(int bytes, Cleaner present) {
        Loan loan = null;
        LentMemory memory = null;
        try {
            loan = new Loan(this, bytes);
            memory = new LentMemory(loan, present);
            return memory;
        } finally {
            if (loan == null) {
                lentBytes.addAndGet(-bytes);
            } else if (memory == null) {
                loan.drop();
            }
        }
    }

    /** What is lent now: to programs, or to sends of theirs. */
    long lentBytes() {
        return lentBytes.get();
    }

    long refused() {
        return refused.sum();
    }

    long lost() {
        return lost.sum();
    }

    /** Memory that is lent. Held by the program, until it gives it back or loses it, and by each send. */
    static final class Loan {
        private final Lending lending;
        /** Closed by whoever drops it last: no view of the memory reads or writes another's then. */
        private final Arena arena = Arena.ofShared();
        private final MemorySegment memory;
        private final RefCount holders = new RefCount();
        private volatile boolean returned;

        Loan(Lending lending, int bytes) {
            this.lending = lending;
            this.memory = arena.allocate(bytes, ALIGNMENT_BYTES);
        }

        MemorySegment memory() {
            return memory;
        }

        boolean tryHold() {
            return holders.tryAcquire();
        }

        /** The program has given it back: {@link #lost} is told next. */
        void returned() {
            returned = true;
        }

        /** The program has it no more. Called once. */
        void lost() {
            if (!returned) {
                lending.lost.increment();
                String more = lending.lines.next();
                if (more != null) {
                    SessionEngine.LOG.error("{} bytes of lent memory were never given back{}", memory.byteSize(), more);
                }
            }
            drop();
        }

        void drop() {
            if (holders.drop()) {
                free();
            }
        }

        private void free() {
            try {
                arena.close();
                lending.lentBytes.addAndGet(-memory.byteSize());
            } catch (IllegalStateException e) { // it stays allocated, and counts as lent
                SessionEngine.LOG.error("lent memory was given back and is in use: it stays allocated ({})",
                        e.getMessage());
            }
        }
    }
}
