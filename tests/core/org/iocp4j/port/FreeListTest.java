package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.iocp4j.port.FreeList.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(180)
class FreeListTest {
    private static List<Integer> takeAll(FreeList<Integer> list) {
        List<Integer> taken = new ArrayList<>();
        for (Integer item = list.take(); item != null; item = list.take()) {
            taken.add(item);
        }
        return taken;
    }

    private static FreeList<Integer> of(Order order, int capacity, int items) {
        FreeList<Integer> list = new FreeList<>(capacity, order);
        IntStream.rangeClosed(1, items).forEach(list::give);
        return list;
    }

    @Test
    void lifoTakesTheLatest() {
        assertThat(takeAll(of(Order.LIFO, 3, 3))).containsExactly(3, 2, 1);
    }

    @Test
    void fifoTakesTheOldest() {
        assertThat(takeAll(of(Order.FIFO, 3, 3))).containsExactly(1, 2, 3);
    }

    @ParameterizedTest
    @EnumSource
    void refusesMoreThanItsCapacity(Order order) {
        FreeList<Integer> list = of(order, 3, 3);
        assertThat(list.give(4)).isFalse();
        assertThat(list.size()).isEqualTo(3);
        assertThat(takeAll(list)).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(list.take()).isNull();
    }

    /** An ArrayDeque that is refused the memory to grow is empty afterwards: what was in it would be lost. */
    @Test
    void doesNotLeaveItToItsItemsToGrow() throws Exception {
        FreeList<Integer> list = new FreeList<>(100, Order.FIFO);
        Field items = FreeList.class.getDeclaredField("items");
        items.setAccessible(true);
        items.set(list, new ArrayDeque<Integer>() {
            @Override
            public void addLast(Integer item) {
                if (size() == 16) { // so many fit in at first
                    clear();
                    throw new IllegalStateException("no memory");
                }
                super.addLast(item);
            }
        });

        for (int round = 1; round <= 2; round++) {
            IntStream.rangeClosed(1, 100).forEach(list::give);
            assertThat(list.takeOldest()).isEqualTo(1);
            assertThat(takeAll(list)).isEqualTo(IntStream.rangeClosed(2, 100).boxed().toList());
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutCapacityItKeepsNothing(Order order) {
        FreeList<Integer> list = new FreeList<>(0, order);
        assertThat(list.give(1)).isFalse();
        assertThat(list.take()).isNull();
    }

    /** Far round the ring, filled from none to all. */
    @ParameterizedTest
    @EnumSource
    void orderHoldsAcrossTheWrapAround(Order order) {
        FreeList<Integer> list = new FreeList<>(5, order);
        List<Integer> expected = new ArrayList<>();
        int next = 0;
        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < round % 6 && list.give(next); i++) {
                expected.add(next++);
            }
            for (int i = 0; i < round % 4 && !expected.isEmpty(); i++) {
                Integer oldestOrLatest = order == Order.FIFO ? expected.removeFirst() : expected.removeLast();
                assertThat(list.take()).isEqualTo(oldestOrLatest);
            }
            assertThat(list.size()).isEqualTo(expected.size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneItemIsNeverTakenTwiceAtTheSameTime(Order order) throws Exception {
        FreeList<AtomicBoolean> list = new FreeList<>(8, order);
        for (int i = 0; i < 8; i++) {
            list.give(new AtomicBoolean());
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> users = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                users.add(threads.submit(() -> {
                    for (int i = 0; i < 50_000; i++) {
                        AtomicBoolean inUse = list.take();
                        assertThat(inUse).as("8 items, 4 users").isNotNull();
                        assertThat(inUse.getAndSet(true)).as("in use by another").isFalse();
                        inUse.set(false);
                        assertThat(list.give(inUse)).isTrue();
                    }
                }));
            }
            for (Future<?> user : users) {
                user.get();
            }
        }
        assertThat(list.size()).isEqualTo(8);
    }
}
