package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** VirtualAlloc, and the bugs of windows.md section 2 that are about memory: each fails at once, with the seed. */
class MemoryTest {
    private interface Pending {
        void touch(Program program, long port, long socket, long overlapped, MemorySegment buffer) throws Exception;
    }

    /** A receive is pending; what {@code touch} does must break the run. */
    private static ThrowingCallable pendingReceive(Pending touch) {
        return () -> Program.run(new SimulatedKernel(77, FaultPlan.CALM).operationBytes(48), (program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            long socket = program.socket();
            program.associate(listener, port, 0);
            program.associate(socket, port, 1);
            SimulatedClient client = program.connect(listener, socket, port);
            long region = program.win32.virtualAlloc(0, 65_536, MEM_RESERVE() | MEM_COMMIT(), PAGE_READWRITE());
            MemorySegment buffer = Program.at(region + 4_096, 16);
            program.receive(socket, buffer, region);
            touch.touch(program, port, socket, region, buffer);
            client.send(new byte[8]);
            program.packet(port);
        });
    }

    private static void assertBroken(ThrowingCallable run, String violation) {
        assertThatThrownBy(run).isInstanceOfSatisfying(SimulationFailure.class, failure -> {
            assertThat(failure.seed()).isEqualTo(77);
            assertThat(failure.violation()).contains(violation);
            assertThat(failure).hasMessageContaining("-Dseed=77").hasMessageContaining("WSARecv");
        });
    }

    @Test
    void postingAnOverlappedThatIsPendingFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) ->
                program.receive(socket, program.allocate(4), overlapped)), "its OVERLAPPED is posted again by WSARecv");
    }

    @Test
    void postingAnOverlappedWhosePacketWasNotDequeuedFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) -> {
            program.win32.cancelIoEx(socket, 0);
            program.receive(socket, program.allocate(4), overlapped);
        }), "its OVERLAPPED is posted again by WSARecv");
    }

    /** AcceptEx marks it as pending even when it refuses. */
    @Test
    void givingARefusedAcceptAnOverlappedWhosePacketWasNotDequeuedFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) -> {
            program.win32.cancelIoEx(socket, 0);
            program.accept(0x7777, program.socket(), overlapped);
        }), "its OVERLAPPED is given to AcceptEx again");
    }

    @Test
    void writingToAnOverlappedThatIsOutFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) ->
                Program.at(overlapped, 32).set(JAVA_LONG, 16, 1)), "byte 16 of its OVERLAPPED was written");
    }

    @Test
    void writingToTheExtensionOfAnOverlappedThatIsOutFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) ->
                Program.at(overlapped, 48).set(JAVA_LONG, 40, 1)), "byte 40 of its OVERLAPPED was written");
    }

    @Test
    void writingToAReceiveBufferFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) -> buffer.set(JAVA_BYTE, 3, (byte) 1)),
                "byte 3 of its buffer 0 was written");
    }

    @Test
    void givingTwoReceivesOneBufferFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) ->
                program.receive(socket, buffer, program.overlapped())), "given to the kernel as a buffer again");
    }

    @Test
    void releasingMemoryWithAnOperationInItFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) ->
                program.win32.virtualFree(overlapped, 0, MEM_RELEASE())), "its memory is released");
    }

    @Test
    void decommittingABufferThatIsOutFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) ->
                program.win32.virtualFree(buffer.address(), 4_096, MEM_DECOMMIT())), "its memory is decommitted");
    }

    @Test
    void aBufferInReleasedMemoryFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) -> {
            long region = program.win32.virtualAlloc(0, 4_096, MEM_RESERVE() | MEM_COMMIT(), PAGE_READWRITE());
            program.win32.virtualFree(region, 0, MEM_RELEASE());
            program.receive(socket, Program.at(region, 8), program.overlapped());
        }), "which is released");
    }

    @Test
    void aBufferInMemoryThatIsOnlyReservedFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) -> {
            long region = program.win32.virtualAlloc(0, 4_096, MEM_RESERVE(), PAGE_READWRITE());
            program.receive(socket, Program.at(region, 8), program.overlapped());
        }), "which is not committed");
    }

    @Test
    void readingAReceiveBufferTooEarlyShowsPoison() {
        assertThatThrownBy(pendingReceive((program, port, socket, overlapped, buffer) ->
                program.kernel.require(buffer.get(JAVA_BYTE, 0) == 0, "poisoned"))).hasMessageContaining("poisoned");
    }

    /** A send's bytes may be read, but not written. */
    @Test
    void writingToASendBufferFails() {
        assertBroken(pendingReceive((program, port, socket, overlapped, buffer) -> {
            MemorySegment bytes = program.allocate(40_000);
            assertThat(program.send(socket, bytes, program.overlapped())).isEqualTo(Program.PENDING);
            bytes.set(JAVA_BYTE, 39_000, (byte) 1);
            program.sleep(1_000);
        }), "byte 39000 of its buffer 0 was written");
    }

    /** [doc] committed pages are zero, committing again leaves them alone, addresses outside are 487. */
    @Test
    void memoryIsReservedCommittedAndReleased() {
        Program.run((program, kernel) -> {
            long region = program.win32.virtualAlloc(0, 10_000, MEM_RESERVE(), PAGE_READWRITE());
            assertThat(region % 65_536).isZero();
            assertThat(program.win32.virtualAlloc(region, 5_000, MEM_COMMIT(), PAGE_READWRITE())).isEqualTo(region);
            MemorySegment page = Program.at(region, 8_192);
            assertThat(page.get(JAVA_LONG, 4_096)).isZero();
            page.set(JAVA_LONG, 4_096, 5);
            program.win32.virtualAlloc(region, 8_192, MEM_COMMIT(), PAGE_READWRITE());
            assertThat(page.get(JAVA_LONG, 4_096)).isEqualTo(5);
            assertThat(program.win32.virtualAlloc(region, 20_000, MEM_COMMIT(), PAGE_READWRITE()))
                    .isEqualTo(-ERROR_INVALID_ADDRESS());
            assertThat(program.win32.virtualFree(region, 100, MEM_RELEASE())).isEqualTo(ERROR_INVALID_PARAMETER());
            assertThat(program.win32.virtualFree(region, 0, MEM_RELEASE())).isZero();
            assertThat(program.win32.virtualFree(region, 0, MEM_RELEASE())).isEqualTo(ERROR_INVALID_ADDRESS());
        });
    }

    @Test
    void gigabytesCanBeReserved() {
        Program.run((program, kernel) -> {
            long region = program.win32.virtualAlloc(0, 1L << 30, MEM_RESERVE(), PAGE_READWRITE());
            long last = region + (1L << 30) - 4_096;
            assertThat(program.win32.virtualAlloc(last, 4_096, MEM_COMMIT(), PAGE_READWRITE())).isEqualTo(last);
            assertThat(Program.at(last, 8).get(JAVA_LONG, 0)).isZero();
            assertThat(program.win32.virtualFree(region, 0, MEM_RELEASE())).isZero();
        });
    }
}
