package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;

/** Threads, the baton, virtual time, and what ends a run. */
class ScheduleTest {
    @Test
    void aPacketCanBeDequeuedBeforeThePostReturns() {
        int before = 0;
        for (long seed = 0; seed < 50; seed++) {
            List<String> order = new ArrayList<>();
            Program.run(new SimulatedKernel(seed, FaultPlan.UNRULY), (program, kernel) -> {
                long port = program.port(4);
                kernel.start("worker", () -> {
                    new Program(kernel).packet(port);
                    order.add("dequeued");
                });
                program.sleep(1);
                program.win32.postQueuedCompletionStatus(port, 0, 0, 0);
                order.add("returned");
                program.sleep(1);
            });
            before += order.getFirst().equals("dequeued") ? 1 : 0;
        }
        assertThat(before).isBetween(1, 49);
    }

    /** In the order in which they were made, however slowly they come. */
    @Test
    void startedThreadsAreAwaitedAndTakeTheirTurns() {
        SimulatedKernel kernel = new SimulatedKernel(5, FaultPlan.CALM);
        List<String> names = new ArrayList<>();
        kernel.run(() -> {
            for (int i = 0; i < 3; i++) {
                String name = "plain " + i;
                long late = 30 - 10 * i;
                Thread.ofPlatform().name(name).start(() -> {
                    sleepReally(late);
                    try (Win32 win32 = kernel.attach()) {
                        win32.closesocket(1);
                        names.add(name);
                    }
                });
            }
            kernel.sleep(Duration.ofMillis(1));
            assertThat(names).hasSize(3);
        });
        assertThat(kernel.traceTail(100)).containsSubsequence("plain 0        attached", "plain 1        attached",
                "plain 2        attached");
    }

    private static void sleepReally(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aThreadThatDiesWithoutAWordDoesNotKeepTheBaton() {
        SimulatedKernel kernel = new SimulatedKernel(5, FaultPlan.UNRULY);
        kernel.run(() -> {
            Thread thread = Thread.ofPlatform().start(() -> kernel.attach().closesocket(1));
            assertThat(kernel.until(() -> !thread.isAlive(), Duration.ofSeconds(1))).isTrue();
        });
    }

    @Test
    void strangersAreTurnedAway() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        assertThatThrownBy(kernel::attach).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("SimulatedKernel.run");
    }

    @Test
    void whatTheScenarioThrowsIsTheFailure() {
        assertThatThrownBy(() -> new SimulatedKernel(3, FaultPlan.CALM).run(() -> {
            throw new IllegalArgumentException("on purpose");
        })).isInstanceOf(SimulationFailure.class).hasMessageContaining("on purpose").hasMessageContaining("seed 3");
    }

    @Test
    void whatAThreadDiesOfIsTheFailure() {
        assertThatThrownBy(() -> Program.run((program, kernel) -> {
            Thread.ofPlatform().name("unlucky").start(() -> {
                try (Win32 win32 = kernel.attach()) {
                    win32.closesocket(1);
                    throw new IllegalArgumentException("on purpose");
                }
            });
            program.sleep(1);
        })).isInstanceOf(SimulationFailure.class).hasMessageContaining("unlucky died")
                .hasMessageContaining("on purpose");
    }

    @Test
    void whatAClientsScriptThrowsIsTheFailure() {
        assertThatThrownBy(() -> Program.run((program, kernel) -> {
            SimulatedClient client = kernel.client(new SimulatedClient.Script() { });
            client.after(1_000, () -> {
                throw new IllegalArgumentException("on purpose");
            });
            program.sleep(1);
        })).isInstanceOf(SimulationFailure.class).hasMessageContaining("a client's script");
    }

    @Test
    void aStandstillIsAFailure() {
        assertThatThrownBy(() -> Program.run((program, kernel) -> program.dequeueError(program.port(0), -1)))
                .isInstanceOf(SimulationFailure.class).hasMessageContaining("nobody can run");
    }

    @Test
    void aRunWithoutEndIsAFailure() {
        assertThatThrownBy(() ->
                Program.run(new SimulatedKernel(1, FaultPlan.CALM).stepLimit(1_000), (program, kernel) -> {
            while (true) {
                program.win32.closesocket(1);
            }
        })).isInstanceOf(SimulationFailure.class).hasMessageContaining("no end after");
    }

    /** Were the baton passed here, another thread could wait for that lock for ever. */
    @Test
    void aLockHeldAcrossACallIsAFailure() {
        Object lock = new Object();
        SimulatedKernel checked = new SimulatedKernel(1, FaultPlan.CALM).checkLocksEvery(1);
        assertThatThrownBy(() -> Program.run(checked, (program, kernel) -> {
            synchronized (lock) {
                program.win32.closesocket(1);
            }
        })).isInstanceOf(SimulationFailure.class).hasMessageContaining("calls with a lock held: java.lang.Object");
    }

    /** As one that is lent for a call: it acts for whoever calls. */
    @Test
    void aViewCanBeHandedOver() {
        List<Integer> errors = new ArrayList<>();
        Program.run((program, kernel) -> {
            kernel.start("borrower", () -> errors.add(program.win32.closesocket(1)));
            program.sleep(1);
            errors.add(program.win32.closesocket(1));
        });
        assertThat(errors).containsExactly(WSAENOTSOCK(), WSAENOTSOCK());
    }

    @Test
    void whatIsNotClosedIsLeftBehind() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            program.accept(listener, program.socket(), program.overlapped());
            assertThat(kernel.leftovers()).hasSize(4).anyMatch(left -> left.contains("AcceptEx"))
                    .anyMatch(left -> left.contains("completion port"));
        });
    }
}
