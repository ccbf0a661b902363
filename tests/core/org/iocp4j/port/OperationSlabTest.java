package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.win32.ProcessMemory;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;
import org.iocp4j.win32.generated.OPERATION;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class OperationSlabTest {
    private static final int CAPACITY = 5000;
    private static final CompletionHandler NOTHING = (operation, key, status, bytes, io) -> { };

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private OperationSlab slab;

    @BeforeEach
    void makeSlab() throws Win32Exception {
        slab = new OperationSlab(system.win32(), CAPACITY);
        slab.commit(system.win32(), CAPACITY);
    }

    private Operation add() {
        return slab.add(NOTHING);
    }

    @Test
    void anAddressGivesItsOperation() {
        List<Operation> operations = new ArrayList<>();
        for (int i = 0; i < CAPACITY; i++) {
            operations.add(add());
        }
        assertThat(operations).allSatisfy(operation -> assertThat(slab.at(operation.address())).isSameAs(operation));
        assertThat(operations.get(1).address() - operations.get(0).address()).isEqualTo(OPERATION.sizeof());
        assertThat(operations).allSatisfy(operation -> assertThat(operation.address() % 8).isZero());
    }

    @Test
    void foreignAddressesGiveNone() {
        long first = add().address();
        assertThat(slab.at(first + OPERATION.sizeof())).as("a slot not used yet").isNull();
        assertThat(slab.at(first - OPERATION.sizeof())).as("before the slab").isNull();
        assertThat(slab.at(first + CAPACITY * OPERATION.sizeof())).as("behind the slab").isNull();
        assertThat(slab.at(first + (1L << 32) * OPERATION.sizeof())).as("4 G slots on").isNull();
        assertThat(slab.at(0)).isNull();
        assertThat(slab.at(-1)).isNull();
        assertThat(slab.at(Long.MAX_VALUE)).isNull();
        assertThat(slab.at(Long.MIN_VALUE)).isNull();
    }

    @Test
    void addressesInsideAnOperationGiveNone() {
        long first = add().address();
        add();
        for (long inside = 1; inside < OPERATION.sizeof(); inside++) {
            assertThat(slab.at(first + inside)).isNull();
            assertThat(slab.at(first - inside)).isNull();
        }
    }

    @Test
    void oneTooManyIsRefused() {
        for (int i = 0; i < CAPACITY; i++) {
            add();
        }
        assertThatThrownBy(this::add).isInstanceOf(IllegalStateException.class)
                .hasMessage("the slab has its 5000 operations");
        assertThat(slab.pendingCount()).as("still counts").isZero();
    }

    @Test
    void refusedMemoryCostsNoSlot() throws Exception {
        OperationSlab two = new OperationSlab(system.win32(), 2);
        system.failNextCommit(ERROR_COMMITMENT_LIMIT());
        assertThatThrownBy(() -> two.commit(system.win32(), 2))
                .isInstanceOf(Win32Exception.class).hasMessageEndingWith("bytes for operations");
        two.commit(system.win32(), 2);
        assertThat(two.add(NOTHING)).isNotNull();
        assertThat(two.add(NOTHING)).as("the second of two").isNotNull();
    }

    @Test
    void withoutMemoryThereIsNoOperation() throws Exception {
        OperationSlab empty = new OperationSlab(system.win32(), CAPACITY);
        assertThatThrownBy(() -> empty.add(NOTHING)).isInstanceOf(IllegalStateException.class);
        empty.commit(system.win32(), 1);
        Operation first = empty.add(NOTHING);
        assertThat(empty.at(first.address())).as("the refusal took no place").isSameAs(first);
        assertThat(first.toString()).startsWith("operation 0 of ");
    }

    @Test
    void countsThoseThatArePending() {
        Operation one = add();
        Operation other = add();
        one.begin(1, 0, io);
        assertThat(slab.pendingCount()).isEqualTo(1);
        other.begin(2, 0, io);
        assertThat(slab.pendingCount()).isEqualTo(2);
        one.reset(io);
        assertThat(slab.pendingCount()).isEqualTo(1);
        other.complete(0, 0, new IoThread(system.win32())); // another thread may have the packet
        assertThat(slab.pendingCount()).isZero();
    }

    @Test
    void threadsAddAtTheSameTime() throws Exception {
        Set<Long> addresses = ConcurrentHashMap.newKeySet();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> adders = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                adders.add(threads.submit(() -> {
                    for (int i = 0; i < CAPACITY / 4; i++) {
                        Operation operation = add();
                        addresses.add(operation.address());
                        assertThat(slab.at(operation.address())).isSameAs(operation);
                    }
                    return null;
                }));
            }
            for (Future<?> adder : adders) {
                adder.get();
            }
        }
        assertThat(addresses).hasSize(CAPACITY);
    }

    /** What Windows gives: addresses for all of them, memory for as many as are used. */
    @Test
    @NeedsCompletionPorts
    void oneForMillionsCostsLittleWhileItHoldsFew() throws Exception {
        Win32 win32 = WindowsWin32.attach();
        Long before = ProcessMemory.now(win32).processBytes();
        OperationSlab millions = new OperationSlab(win32, OperationSlab.MOST_OPERATIONS);
        Operation last = null;
        for (int i = 0; i < CAPACITY; i++) {
            millions.commit(win32, i + 1);
            last = millions.add(NOTHING);
        }
        Long after = ProcessMemory.now(win32).processBytes();
        last.begin(7, 0, new IoThread(win32));
        assertThat(millions.at(last.address())).isSameAs(last);
        assertThat(last.owner()).isEqualTo(7);
        if (before != null && after != null) { // Wine gives no figure
            assertThat(after - before).isLessThan(64L << 20); // 192 MiB if all of it were there
        }
        millions.release(win32);
    }

    @Test
    void releasesItsMemory() {
        Operation operation = add();
        slab.release(system.win32());
        assertThat(system.reserved()).isEmpty();
        assertThatThrownBy(() -> operation.begin(1, 0, io)).isInstanceOf(IllegalStateException.class);
    }
}
