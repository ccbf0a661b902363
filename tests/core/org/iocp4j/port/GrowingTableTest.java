package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.iocp4j.races.Race;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class GrowingTableTest {
    /** Some chunks, and a part of one. */
    private static final int CAPACITY = 5_000;

    @Test
    void findsEachObjectByItsNumber() {
        GrowingTable<String> table = new GrowingTable<>(CAPACITY);
        for (int i = 0; i < CAPACITY; i++) {
            assertThat(table.add(Integer::toString)).isEqualTo(String.valueOf(i));
        }
        assertThat(IntStream.range(0, CAPACITY)).allSatisfy(i -> assertThat(table.at(i)).isEqualTo("" + i));
        assertThat(table.size()).isEqualTo(CAPACITY);
    }

    @Test
    void numbersWithoutAnObjectGiveNone() {
        GrowingTable<String> table = new GrowingTable<>(CAPACITY);
        table.add(Integer::toString);
        for (long none : new long[] {1, 1023, 1024, CAPACITY - 1, CAPACITY, 1L << 32, 1L << 63, -1, -1024}) {
            assertThat(table.at(none)).as("at %d", none).isNull();
        }
    }

    @Test
    void takesNoMoreThanItMay() {
        for (int capacity : new int[] {0, 1, 1023, 1024, 1025}) {
            GrowingTable<String> table = new GrowingTable<>(capacity);
            for (int i = 0; i < capacity; i++) {
                assertThat(table.add(Integer::toString)).isNotNull();
            }
            assertThat(table.add(Integer::toString)).isNull();
            assertThat(table.size()).isEqualTo(capacity);
            assertThat(table.capacity()).isEqualTo(capacity);
        }
    }

    @Test
    void whatCouldNotBeMadeTakesNoNumber() {
        GrowingTable<String> table = new GrowingTable<>(CAPACITY);
        assertThatThrownBy(() -> table.add(index -> {
            throw new IllegalStateException("number " + index);
        })).hasMessage("number 0");
        assertThat(table.size()).isZero();
        assertThat(table.add(Integer::toString)).isEqualTo("0");
    }

    @Test
    void oneForMillionsCostsLittleWhileItHoldsFew() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        GrowingTable<String> table = new GrowingTable<>(1 << 22);
        table.add(index -> "one");
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(table.at(0)).isEqualTo("one");
        assertThat(bytes).isLessThan(256 * 1024); // 16 MiB if all of it were there
    }

    /** Adders whose numbers are looked up while the others add: a number below the size has its object, complete. */
    @Test
    void threadsAddAndLookUpAtTheSameTime() throws Exception {
        record Numbered(int index, List<Integer> part) {
        }

        class Shared {
            final GrowingTable<Numbered> table = new GrowingTable<>(3 * 1500);
            final ConcurrentLinkedQueue<Integer> numbers = new ConcurrentLinkedQueue<>();

            void add() {
                for (int i = 0; i < 1500; i++) {
                    Numbered added = table.add(index -> new Numbered(index, List.of(index)));
                    numbers.add(added.index());
                    Numbered newest = table.at(table.size() - 1);
                    assertThat(newest.part()).containsExactly(newest.index());
                    assertThat(table.at(added.index())).isSameAs(added);
                }
            }

            void check() {
                assertThat(numbers).doesNotHaveDuplicates().hasSize(3 * 1500);
                assertThat(table.size()).isEqualTo(3 * 1500);
            }
        }

        Consumer<Shared> adder = Shared::add;
        Race.run(5, 4, Shared::new, Shared::check, adder, adder, adder);
    }
}
