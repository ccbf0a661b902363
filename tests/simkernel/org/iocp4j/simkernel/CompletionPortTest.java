package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** CreateIoCompletionPort, GetQueuedCompletionStatusEx, PostQueuedCompletionStatus, class 61. */
class CompletionPortTest {
    /** [doc] one port until the handle is closed; [rep] 87 for any second association. */
    @Test
    void aSecondAssociationFailsWith87WhateverPortOrKey() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long other = program.port(0);
            long socket = program.socket();
            assertThat(program.associate(socket, port, 7)).isZero();
            assertThat(program.associate(socket, port, 7)).isEqualTo(ERROR_INVALID_PARAMETER());
            assertThat(program.associate(socket, port, 8)).isEqualTo(ERROR_INVALID_PARAMETER());
            assertThat(program.associate(socket, other, 7)).isEqualTo(ERROR_INVALID_PARAMETER());
        });
    }

    /** [wine, same on Windows] bogus handle 6, bogus port 87, a socket that is not overlapped 87. */
    @Test
    void wrongHandlesAreRefused() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long socket = program.socket();
            long blocking = program.win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), 0);
            assertThat(program.associate(0x7777, port, 1)).isEqualTo(ERROR_INVALID_HANDLE());
            assertThat(program.associate(socket, 0x7777, 1)).isEqualTo(ERROR_INVALID_PARAMETER());
            assertThat(program.associate(blocking, port, 1)).isEqualTo(ERROR_INVALID_PARAMETER());
            assertThat(program.win32.createIoCompletionPort(-1, port, 0, 0)).isEqualTo(-ERROR_INVALID_PARAMETER());
            assertThat(program.win32.closeHandle(0x7777)).isEqualTo(ERROR_INVALID_HANDLE());
            assertThat(program.win32.postQueuedCompletionStatus(0x7777, 0, 0, 0)).isEqualTo(ERROR_INVALID_HANDLE());
        });
    }

    /** [doc] */
    @Test
    void postedPacketsComeInOrderInOneBatch() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            for (int i = 0; i < 5; i++) {
                assertThat(program.win32.postQueuedCompletionStatus(port, i, 10 + i, 0)).isZero();
            }
            assertThat(program.dequeue(port, 3, 0)).extracting(Program.Packet::key).containsExactly(10L, 11L, 12L);
            assertThat(program.dequeue(port, 3, 0)).extracting(Program.Packet::bytes).containsExactly(3, 4);
            assertThat(program.dequeue(port, 3, 0)).isEmpty();
        });
    }

    /** [doc] WAIT_TIMEOUT; virtual time passes, real time does not. */
    @Test
    void aWaitEndsWhenItsTimeIsUp() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            Duration before = kernel.elapsed();
            assertThat(program.dequeueError(port, 3_600_000)).isEqualTo(WAIT_TIMEOUT());
            assertThat(kernel.elapsed().minus(before))
                    .isBetween(Duration.ofHours(1), Duration.ofHours(1).plusMillis(1));
        });
    }

    /** [doc] ERROR_ABANDONED_WAIT_0 for those who wait, ERROR_INVALID_HANDLE for those who come. */
    @Test
    void closingThePortWakesWaitersWith735() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            List<Integer> errors = new ArrayList<>();
            kernel.start("waiter", () -> errors.add(new Program(kernel).dequeueError(port, -1)));
            program.sleep(1);
            assertThat(program.win32.closeHandle(port)).isZero();
            program.sleep(1);
            assertThat(errors).containsExactly(ERROR_ABANDONED_WAIT_0());
            assertThat(program.dequeueError(port, 0)).isEqualTo(ERROR_INVALID_HANDLE());
        });
    }

    /** [doc] threads are released last in, first out. */
    @Test
    void theThreadThatWaitedLastIsWokenFirst() {
        Program.run((program, kernel) -> {
            long port = program.port(8);
            List<String> woken = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                String name = "waiter " + i;
                kernel.start(name, () -> {
                    new Program(kernel).packet(port);
                    woken.add(name);
                });
                program.sleep(1);
            }
            for (int i = 0; i < 3; i++) {
                program.win32.postQueuedCompletionStatus(port, 0, 0, 0);
                program.sleep(1);
            }
            assertThat(woken).containsExactly("waiter 2", "waiter 1", "waiter 0");
        });
    }

    /** [doc] no more threads than the port's concurrency work on its packets; one that waits elsewhere makes room. */
    @Test
    void concurrencyIsEnforced() {
        Program.run(new SimulatedKernel(3, FaultPlan.UNRULY), (program, kernel) -> {
            long port = program.port(2);
            AtomicInteger working = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            AtomicInteger done = new AtomicInteger();
            for (int i = 0; i < 5; i++) {
                kernel.start("worker " + i, () -> {
                    Program worker = new Program(kernel);
                    while (worker.packet(port).key() == 0) {
                        most.accumulateAndGet(working.incrementAndGet(), Math::max);
                        worker.win32.closesocket(0x7777);
                        worker.win32.closesocket(0x7777);
                        working.decrementAndGet();
                        done.incrementAndGet();
                    }
                    worker.win32.postQueuedCompletionStatus(port, 0, 1, 0);
                });
            }
            for (int i = 0; i < 100; i++) {
                program.win32.postQueuedCompletionStatus(port, 0, 0, 0);
            }
            program.win32.postQueuedCompletionStatus(port, 0, 1, 0);
            assertThat(kernel.until(() -> done.get() == 100, Duration.ofSeconds(1))).isTrue();
            program.sleep(10);
            assertThat(most).hasValue(2);
        });
    }

    /** [doc] FileReplaceCompletionInformation: another key, or no port; [rep] not while something is pending. */
    @Test
    void class61ChangesTheKeyUnlessSomethingIsPending() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            long socket = program.socket();
            program.associate(listener, port, 0);
            program.associate(socket, port, 1);
            SimulatedClient client = program.connect(listener, socket, port);
            assertThat(program.replacePort(socket, port, 2)).isZero();

            long overlapped = program.overlapped();
            assertThat(program.receive(socket, program.allocate(8), overlapped)).isEqualTo(Program.PENDING);
            assertThat(program.replacePort(socket, port, 3)).as("while a receive is pending").isNegative();
            client.send(new byte[8]);
            assertThat(program.packet(port).key()).isEqualTo(2);

            assertThat(program.replacePort(socket, 0, 0)).isZero();
            client.send(new byte[8]);
            program.sleep(1);
            program.receive(socket, program.allocate(8), overlapped);
            assertThat(program.dequeue(port, 1, 10)).as("the handle is off its port").isEmpty();
            assertThat(program.associate(socket, port, 4)).as("and may be associated anew").isZero();
        });
    }

    /** [doc] */
    @Test
    void class61RefusesWhatIsWrong() {
        Program.run((program, kernel) -> {
            long io = program.allocate(16).address();
            long information = program.allocate(16).address();
            long socket = program.socket();
            assertThat(program.win32.ntSetInformationFile(socket, io, information, 16, 30))
                    .isEqualTo(STATUS_INVALID_INFO_CLASS());
            assertThat(program.win32.ntSetInformationFile(socket, io, information, 8, 61))
                    .isEqualTo(STATUS_INFO_LENGTH_MISMATCH());
            assertThat(program.win32.ntSetInformationFile(0x7777, io, information, 16, 61))
                    .isEqualTo(STATUS_INVALID_HANDLE());
        });
    }
}
