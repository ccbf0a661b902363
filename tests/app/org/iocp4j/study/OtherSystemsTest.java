package org.iocp4j.study;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;
import static org.iocp4j.win32.generated.WinTypes.FILE_REPLACE_COMPLETION_INFORMATION;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.FILE_COMPLETION_INFORMATION;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Systems that are not as Windows is: the experiments say what they see there. */
@Timeout(60)
class OtherSystemsTest {
    private final Arena arena = Arena.ofAuto();
    private Finding finding;

    @Test
    void noSessionIsWrong() {
        run(new WrongSession(50));
        assertThat(finding.verdict()).isEqualTo(Verdict.NOT_SEEN);
        assertThat(finding.evidence()).noneMatch(line -> line.startsWith("The pattern"));
    }

    @Test
    void keysAreTheSessions() {
        run(new KeyAndOverlapped());
        assertThat(finding.verdict()).isEqualTo(Verdict.NOT_SEEN);
        assertThat(finding.tables().getFirst().rows()).noneMatch(row -> row.contains("NO"));
        assertThat(finding.evidence()).anyMatch(line -> line.contains("the key was the session's in 16 of 16 packets"));
    }

    @Test
    void secondAssociationsSucceed() {
        run(new SecondAssociation());
        assertThat(finding.verdict()).isEqualTo(Verdict.NOT_SEEN);
        assertThat(finding.evidence()).anyMatch(line -> line.contains("on the other port with key 102"))
                .anyMatch(line -> line.startsWith("0 of 10 second associations failed"));
    }

    /** It says that it is Wine, and is not to be reached by Java's sockets: so nothing is learnt of reuse. */
    @Test
    @DisabledOnOs(OS.WINDOWS) // where the answer would be kept for other tests
    void withoutReuseNothingIsPossible() {
        for (Experiment experiment : Study.experiments()) {
            run(experiment, win32 -> new Changed(win32, "wineVersion", (result, arguments) -> "8.0").proxy());
            assertThat(finding.verdict()).as(experiment.name()).isEqualTo(Verdict.NOT_POSSIBLE);
            assertThat(finding.reason()).startsWith("reuse after DisconnectEx could not be tried out here: ");
            assertThat(finding.documentation()).contains("TF_REUSE_SOCKET");
        }
    }

    private void run(Experiment experiment) {
        run(experiment, this::reKeying);
    }

    private void run(Experiment experiment, UnaryOperator<Win32> system) {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            try (Lab lab = new Lab(Platform.SIMULATED, () -> system.apply(kernel.attach()),
                    () -> new SimulatedPeer(kernel),
                    state -> { })) {
                finding = experiment.run(lab);
            }
            kernel.requireNothingLeft();
        });
    }

    /** A system of which one call gives another result. */
    record Changed(Win32 win32, String call, BiFunction<Object, Object[], Object> result) {
        Win32 proxy() {
            return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                    (proxy, method, arguments) -> {
                        try {
                            Object original = method.invoke(win32, arguments);
                            return method.getName().equals(call) ? result.apply(original, arguments) : original;
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }
    }

    /** A second CreateIoCompletionPort is done by the documented call that replaces port and key. */
    private Win32 reKeying(Win32 win32) {
        return new Changed(win32, "createIoCompletionPort", (result, arguments) ->
                (long) result == -ERROR_INVALID_PARAMETER()
                        ? (Object) replace(win32, (long) arguments[0], (long) arguments[1], (long) arguments[2])
                        : result)
                .proxy();
    }

    private long replace(Win32 win32, long file, long port, long key) {
        MemorySegment statusBlock = arena.allocate(16, 8);
        MemorySegment information = arena.allocate(FILE_COMPLETION_INFORMATION.sizeof(), 8);
        information.set(JAVA_LONG, FILE_COMPLETION_INFORMATION.Port$offset(), port);
        information.set(JAVA_LONG, FILE_COMPLETION_INFORMATION.Key$offset(), key);
        int status = win32.ntSetInformationFile(file, statusBlock.address(), information.address(),
                (int) information.byteSize(), FILE_REPLACE_COMPLETION_INFORMATION());
        assertThat(status).isZero();
        return port;
    }
}
