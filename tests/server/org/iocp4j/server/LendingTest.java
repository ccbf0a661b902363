package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a group lends, while several threads borrow. */
@Timeout(60)
class LendingTest {
    private static final int MOST_BYTES = 4096;
    private static final int LOOKS = 1_000_000;

    /** Even for a moment: else another's small loan fails then. */
    @Test
    void aLoanThatIsRefusedDoesNotCount() throws Exception {
        Lending lending = new Lending(MOST_BYTES);
        AtomicBoolean over = new AtomicBoolean();
        AtomicBoolean lent = new AtomicBoolean();
        LentMemory all = lending.lend(MOST_BYTES);
        assertThat(all).isNotNull();
        Thread borrower = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                lent.compareAndSet(false, lending.lend(MOST_BYTES) != null);
            }
        });
        long most = 0;
        for (int i = 0; i < LOOKS || lending.refused() == 0; i++) {
            most = Math.max(most, lending.lentBytes());
        }
        over.set(true);
        borrower.join();
        assertThat(most).isEqualTo(MOST_BYTES);
        assertThat(lent).isFalse();
        all.close();
        assertThat(lending.lentBytes()).isZero();
    }

    /** The thread that finds lost memory cannot be started, once. */
    @Test
    void aShortageThatPassesKeepsNothingLent() {
        AtomicBoolean isShort = new AtomicBoolean(true);
        Lending lending = new Lending(MOST_BYTES, () -> {
            if (isShort.getAndSet(false)) {
                throw new OutOfMemoryError("provoked");
            }
            return Cleaner.create();
        });
        assertThatNoException().isThrownBy(() -> assertThat(lending.lend(1)).isNull());
        assertThat(lending.lentBytes()).isZero();
        assertThat(lending.refused()).isOne();
        LentMemory memory = lending.lend(MOST_BYTES);
        assertThat(memory).isNotNull();
        memory.close();
        assertThat(lending.lentBytes()).isZero();
    }

    @Test
    void whatCannotBeWatchedIsGivenBack() {
        Lending lending = new Lending(MOST_BYTES, () -> null); // register throws
        assertThatThrownBy(() -> lending.lend(1)).isInstanceOf(NullPointerException.class);
        assertThat(lending.lentBytes()).isZero();
    }
}
