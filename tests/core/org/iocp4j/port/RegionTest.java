package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_COMMITMENT_LIMIT;

import java.nio.ByteBuffer;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;

class RegionTest {
    private static final long PIECE = 64 * 1024;

    private final HeapWin32 system = new HeapWin32();

    @Test
    void addressesAreReservedFirstAndMemoryCommittedInPieces() throws Exception {
        Region region = new Region(system.win32(), "buffers", 100 * PIECE);
        assertThat(system.reserved()).containsExactly(100 * PIECE);
        assertThat(region.committedBytes()).isZero();

        region.commit(system.win32(), 1);
        assertThat(region.committedBytes()).isEqualTo(PIECE);
        region.commit(system.win32(), PIECE);
        assertThat(system.commits()).as("no call for what is there").containsExactly(PIECE);
        region.commit(system.win32(), 10 * PIECE + 1);
        assertThat(region.committedBytes()).isEqualTo(11 * PIECE);
    }

    /**
     * So that a large region takes hundreds of calls, not thousands, and 256 KiB at most are taken before their time.
     */
    @Test
    void piecesGrowWithTheRegion() throws Exception {
        Region region = new Region(system.win32(), "buffers", 1000 * PIECE);
        for (long bytes = 1; bytes <= 1000 * PIECE; bytes += 1000) {
            region.commit(system.win32(), bytes);
        }
        assertThat(system.commits()).hasSizeLessThan(300);
        assertThat(system.commits().stream().mapToLong(Long::longValue).sum()).isEqualTo(region.committedBytes());
        assertThat(system.commits()).allMatch(bytes -> bytes <= 4 * PIECE);
    }

    @Test
    void neverTakesMoreThanWasReserved() throws Exception {
        Region region = new Region(system.win32(), "buffers", PIECE + 100);
        region.commit(system.win32(), PIECE + 100);
        assertThat(region.committedBytes()).isEqualTo(PIECE + 100);
        assertThat(region.memory().byteSize()).isEqualTo(PIECE + 100);
    }

    @Test
    void addressAndContentsStayAsItGrows() throws Exception {
        Region region = new Region(system.win32(), "buffers", 100 * PIECE);
        long address = region.address();
        region.commit(system.win32(), 8);
        region.memory().set(JAVA_LONG, 0, 0x1122_3344_5566_7788L);
        region.commit(system.win32(), 100 * PIECE);
        assertThat(region.address()).isEqualTo(address);
        assertThat(region.memory().get(JAVA_LONG, 0)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(region.memory().get(JAVA_BYTE, 100 * PIECE - 1)).isZero();
    }

    @Test
    void refusedCommitSaysHowMuchForWhatAndCanBeTriedAgain() throws Exception {
        Region region = new Region(system.win32(), "operations", 10 * PIECE);
        system.failNextCommit(ERROR_COMMITMENT_LIMIT());
        assertThatThrownBy(() -> region.commit(system.win32(), 100))
                .isInstanceOf(Win32Exception.class)
                .hasMessage("VirtualAlloc: ERROR_COMMITMENT_LIMIT (1455), 65536 bytes for operations");
        assertThat(region.committedBytes()).isZero();
        region.commit(system.win32(), 100);
        assertThat(region.committedBytes()).isEqualTo(PIECE);
    }

    @Test
    void refusedReservationSaysHowMuchForWhat() {
        system.answer("virtualAlloc", a -> -8L);
        assertThatThrownBy(() -> new Region(system.win32(), "operations", 4800))
                .isInstanceOf(Win32Exception.class)
                .hasMessage("VirtualAlloc: ERROR_NOT_ENOUGH_MEMORY (8), 4800 bytes of addresses for operations");
    }

    @Test
    void usedAfterItWasReleasedItThrowsInsteadOfEndingTheJvm() throws Exception {
        Region region = new Region(system.win32(), "buffers", PIECE);
        region.commit(system.win32(), PIECE);
        ByteBuffer kept = region.memory().asSlice(64, 64).asByteBuffer();
        long address = region.address();
        region.release(system.win32());
        assertThat(system.released()).containsExactly(address);
        assertThatThrownBy(() -> region.memory().get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> kept.get(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> region.release(system.win32())).isInstanceOf(IllegalStateException.class);
        assertThat(system.released()).as("released once").hasSize(1);
    }
}
