package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_ABANDONED_WAIT_0;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;
import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompletionPortTest {
    private static final long SOCKET = 880;
    private static final int OPERATIONS = CompletionPort.OPERATIONS_BEYOND_CACHES + 2;

    private final HeapWin32 system = new HeapWin32();
    private final IoThread io = new IoThread(system.win32());
    private final List<String> dispatched = new ArrayList<>();
    private OperationSlab slab;
    private CompletionPort port;

    @BeforeEach
    void makePort() throws Win32Exception {
        system.answer("wsaRecv", a -> WSA_IO_PENDING());
        slab = new OperationSlab(system.win32(), OPERATIONS);
        slab.commit(system.win32(), OPERATIONS);
        port = new CompletionPort(system.win32(), 0, slab,
                (key, bytes, on) -> dispatched.add("posted: key " + key + ", " + bytes));
    }

    /** Posted, and pending. */
    private Operation operation(String name) {
        return operation((op, key, status, bytes, on) -> {
            assertThat(on).isSameAs(io);
            dispatched.add(name + ": key " + key + ", " + bytes);
        });
    }

    private Operation operation(CompletionHandler completion) {
        Operation operation = slab.add(completion);
        io.receive(operation, 1, SOCKET, 1);
        return operation;
    }

    @Test
    void eachPacketGoesToTheOperationAtItsAddress() throws Exception {
        Operation a = operation("a");
        Operation b = operation("b");
        system.packet(7, b, 0, 20);
        system.packet(9, 0, 30);
        system.packet(8, a, 0, 10);
        assertThat(port.dequeue(io, 0)).isEqualTo(3);
        assertThat(dispatched).containsExactly("b: key 7, 20", "posted: key 9, 30", "a: key 8, 10");
        assertThat(slab.pendingCount()).isZero();
    }

    @Test
    void aCallThatBringsAllThatItCanIsFollowedByAnother() throws Exception {
        for (int i = 0; i < 100; i++) {
            system.packet(i, 0, 0);
        }
        assertThat(port.dequeue(io, 0)).as("64 and 36").isEqualTo(100);
        assertThat(dispatched).hasSize(100).endsWith("posted: key 99, 0");
    }

    /** The count that comes with a timeout is not to be believed: Wine says 1. */
    @Test
    void timeoutIsNoPacket() throws Exception {
        system.packet(1, 0, 1);
        port.dequeue(io, 0);
        dispatched.clear();
        assertThat(port.dequeue(io, 0)).isZero();
        assertThat(dispatched).isEmpty();
        assertThat(port.strayPackets()).isZero();
    }

    @Test
    void strayPacketsAreCountedAndTheRestGoesOn() throws Exception {
        Operation a = operation("a");
        system.packet(1, 0x1234_5670, 0);
        system.packet(1, a.address() + 8, 0);
        system.packet(8, a, 0, 10);
        assertThat(port.dequeue(io, 0)).isEqualTo(3);
        assertThat(port.strayPackets()).isEqualTo(2);
        assertThat(dispatched).containsExactly("a: key 8, 10");
    }

    /** Tells when it is asked to prefetch, and when it has completed. */
    private CompletionHandler prefetching(String name) {
        return new CompletionHandler() {
            @Override
            public int prefetch(Operation operation, int depth) {
                dispatched.add("prefetch " + name + depth);
                return 1;
            }

            @Override
            public void completed(Operation operation, long key, int status, int bytes, IoThread on) {
                dispatched.add(name);
            }
        };
    }

    /** So many that no cache has them all. */
    private void addMany() {
        while (slab.size() < CompletionPort.OPERATIONS_BEYOND_CACHES) {
            slab.add((op, key, status, bytes, on) -> { });
        }
    }

    @Test
    void aBatchIsPrefetchedBeforeAnyOfItIsHandled() throws Exception {
        Operation a = operation(prefetching("a"));
        Operation b = operation(prefetching("b"));
        addMany();
        system.packet(7, b, 0, 20);
        system.packet(9, 0, 30);
        system.packet(1, 0x1234_5670, 0);
        system.packet(8, a, 0, 10);
        port.dequeue(io, 0);
        assertThat(dispatched).containsExactly("prefetch b0", "prefetch a0", "prefetch b1", "prefetch a1",
                "prefetch b2", "prefetch a2", "prefetch b3", "prefetch a3", "b", "posted: key 9, 30", "a");
    }

    @Test
    void whatTheCachesHoldIsNotPrefetched() throws Exception {
        Operation a = operation(prefetching("a"));
        Operation b = operation(prefetching("b"));
        system.packet(7, b, 0, 20);
        system.packet(8, a, 0, 10);
        port.dequeue(io, 0);
        assertThat(dispatched).containsExactly("b", "a");
    }

    @Test
    void prefetchThatThrowsLosesNoPacket() throws Exception {
        RuntimeException thrown = new IllegalArgumentException("thrown by prefetch");
        Operation a = operation(new CompletionHandler() {
            @Override
            public int prefetch(Operation operation, int depth) {
                throw thrown;
            }

            @Override
            public void completed(Operation operation, long key, int status, int bytes, IoThread on) {
                dispatched.add("a");
            }
        });
        Operation b = operation("b");
        addMany();
        system.packet(0, a, 0, 1);
        system.packet(0, b, 0, 1);
        assertThatThrownBy(() -> port.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class).hasCause(thrown);
        assertThat(dispatched).containsExactly("a", "b: key 0, 1");
    }

    @Test
    void completionThatThrowsLosesNothingOfItsBatch() throws Exception {
        RuntimeException first = new IllegalArgumentException("first");
        Operation a = operation((op, key, status, bytes, on) -> {
            throw first;
        });
        Operation b = operation("b");
        Operation c = operation((op, key, status, bytes, on) -> {
            throw new AssertionError("second");
        });
        Operation d = operation("d");
        for (Operation operation : List.of(a, b, c, d)) {
            system.packet(0, operation, 0, 1);
        }
        assertThatThrownBy(() -> port.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class).hasCause(first);
        assertThat(dispatched).containsExactly("b: key 0, 1", "d: key 0, 1");
        assertThat(slab.pendingCount()).as("those that threw have completed, too").isZero();
        assertThat(port.dequeue(io, 0)).isZero();
    }

    @Test
    void packetForAnOperationThatIsNotPendingIsAFailureOfItsOwn() throws Exception {
        Operation a = operation("a");
        Operation b = operation("b");
        system.packet(0, a, 0, 1);
        system.packet(0, a, 0, 2);
        system.packet(0, b, 0, 3);
        assertThatThrownBy(() -> port.dequeue(io, 0)).isInstanceOf(CompletionFailedException.class);
        assertThat(dispatched).containsExactly("a: key 0, 1", "b: key 0, 3");
    }

    @Test
    void closedPortIsAnErrorThatNamesIt() {
        system.answer("getQueuedCompletionStatusEx", a -> ERROR_ABANDONED_WAIT_0());
        assertThatThrownBy(() -> port.dequeue(io, -1))
                .isInstanceOf(Win32Exception.class)
                .hasMessage("GetQueuedCompletionStatusEx: ERROR_ABANDONED_WAIT_0 (735), port " + HeapWin32.PORT)
                .extracting(e -> ((Win32Exception) e).code()).isEqualTo(735);
        assertThat(dispatched).isEmpty();
    }

    @Test
    void refusedPortSaysSo() {
        system.answer("createIoCompletionPort", a -> -8L);
        assertThatThrownBy(() -> new CompletionPort(system.win32(), 3, slab, null))
                .isInstanceOf(Win32Exception.class)
                .hasMessage("CreateIoCompletionPort: ERROR_NOT_ENOUGH_MEMORY (8), concurrency 3");
    }

    @Test
    void associatesAHandleWithItsKeyOrReturnsTheError() {
        system.answer("createIoCompletionPort", a -> {
            assertThat(a).containsExactly(SOCKET, HeapWin32.PORT, 42L, 0);
            return HeapWin32.PORT;
        });
        assertThat(port.associate(system.win32(), SOCKET, 42)).isZero();
        system.answer("createIoCompletionPort", a -> -87L);
        assertThat(port.associate(system.win32(), SOCKET, 42)).isEqualTo(ERROR_INVALID_PARAMETER());
    }

    @Test
    void makesAPortOfItsOwnWithTheConcurrencyAskedFor() throws Exception {
        AtomicInteger concurrency = new AtomicInteger();
        system.answer("createIoCompletionPort", a -> {
            assertThat(a[0]).isEqualTo(INVALID_HANDLE_VALUE());
            assertThat(a[1]).isEqualTo(0L);
            concurrency.set((int) a[3]);
            return 1L;
        });
        new CompletionPort(system.win32(), 3, slab, null);
        assertThat(concurrency).hasValue(3);
    }

    @Test
    void postedPacketHasNoOverlapped() {
        system.answer("postQueuedCompletionStatus", a -> {
            assertThat(a).containsExactly(HeapWin32.PORT, 17, 5L, 0L);
            return 0;
        });
        assertThat(port.post(system.win32(), 5, 17)).isZero();
        system.answer("postQueuedCompletionStatus", a -> 6);
        assertThat(port.post(system.win32(), 5, 17)).isEqualTo(6);
    }
}
