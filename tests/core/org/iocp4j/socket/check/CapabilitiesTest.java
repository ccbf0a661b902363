package org.iocp4j.socket.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.check.Capabilities.Answer;
import org.iocp4j.socket.check.Capabilities.Result;
import org.iocp4j.socket.check.Capabilities.Source;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.iocp4j.win32.generated.WinTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

@Timeout(180)
class CapabilitiesTest {
    /** What Windows is documented to do needs no Windows: nothing is called but wineVersion. */
    @Nested
    class OnWindowsByDocumentation {
        private final Win32 windows = (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(),
                new Class<?>[] {Win32.class}, (proxy, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("wineVersion");
                    return "";
                });

        @ParameterizedTest
        @EnumSource
        void everyMethodAskedForIsTaken(DisconnectMethod method) {
            assertThat(Capabilities.choose(Optional.of(method), windows)).isEqualTo(method);
        }

        @Test
        void disconnectExIsTheDefault() {
            assertThat(Capabilities.choose(Optional.empty(), windows)).isEqualTo(DisconnectMethod.DISCONNECT_EX);
        }

        @ParameterizedTest
        @EnumSource
        void everyCapabilityIsDocumented(Capability capability) {
            Answer answer = Capabilities.answer(capability, windows);
            assertThat(answer.works()).isTrue();
            assertThat(answer.source()).isEqualTo(Source.DOCUMENTATION);
            assertThat(answer.detail()).isNotBlank();
        }
    }

    @AfterEach
    void forget() {
        Capabilities.forget();
    }

    @Nested
    @EnabledOnOs(OS.WINDOWS)
    class BySelfCheck {
        private Win32 win32;

        @BeforeEach
        void attach() {
            win32 = WindowsWin32.attach();
            Capabilities.forget();
        }

        @AfterEach
        void detach() {
            win32.close();
        }

        @ParameterizedTest
        @EnumSource(mode = Mode.INCLUDE, names = {"REUSE_AFTER_DISCONNECT_EX", "REUSE_AFTER_TRANSMIT_FILE",
            "SKIP_ON_SUCCESS", "SECOND_ASSOCIATION_REFUSED"})
        void worksOnWindowsAndOnTheTestBed(Capability capability) {
            Answer answer = Capabilities.check(capability, win32);
            assertThat(answer.works()).as(answer.toString()).isTrue();
            assertThat(answer.source()).isEqualTo(Source.SELF_CHECK);
        }

        @Test
        void secondAssociationLeavesTheFirstKey() {
            assertThat(Capabilities.check(Capability.SECOND_ASSOCIATION_REFUSED, win32).detail())
                    .isEqualTo("ERROR_INVALID_PARAMETER (87), packets carry the first key");
        }

        @Test
        void wineRefusesTheReKey() {
            assumeFalse(win32.wineVersion().isEmpty(), "Wine only");
            Answer answer = Capabilities.check(Capability.RE_KEY, win32);
            assertThat(answer.works()).isFalse();
            assertThat(answer.detail()).isEqualTo("NtSetInformationFile: STATUS_NOT_IMPLEMENTED (0xC0000002)");
        }

        @Test
        void wineTellsNoPeerOfTransmitFilesDisconnect() {
            assumeTrue(win32.wineVersion().startsWith("8."), "Wine 8 only");
            Answer answer = Capabilities.check(Capability.TRANSMIT_FILE_SEEN_BY_PEER, win32);
            assertThat(answer.works()).isFalse();
            assertThat(answer.detail()).endsWith("sees nothing of it until the socket is accepted into again");
            // Worth a warning, but it can be had.
            assertThat(Capabilities.choose(Optional.of(DisconnectMethod.TRANSMIT_FILE), win32))
                    .isEqualTo(DisconnectMethod.TRANSMIT_FILE);
        }

        @Test
        void wineLosesThePacketOfADisconnectThatSkips() {
            assumeTrue(win32.wineVersion().startsWith("8."), "Wine 8 only");
            Answer answer = Capabilities.check(Capability.SKIP_ON_SUCCESS_WITH_DISCONNECT_EX, win32);
            assertThat(answer.works()).isFalse();
            assertThat(answer.detail()).endsWith("completes, and sends no packet");
        }

        /** Where the handle is not set, its sends send packets, and none of these may escape the check. */
        @ParameterizedTest
        @EnumSource(mode = Mode.INCLUDE, names = {"SKIP_ON_SUCCESS", "SKIP_ON_SUCCESS_WITH_DISCONNECT_EX"})
        void packetThatIsNotSkippedIsSeen(Capability capability) {
            Answer answer = Capabilities.check(capability, failing("setFileCompletionNotificationModes", 0));
            assertThat(answer.result()).isEqualTo(Result.DOES_NOT);
            assertThat(answer.detail()).isEqualTo("WSASend completes synchronously and sends a packet all the same");
        }

        /** A call that is refused may leave the OVERLAPPED marked as pending, as AcceptEx does [wt]. */
        @Test
        void whatWasRefusedIsNotPending() {
            AtomicInteger regions = new AtomicInteger();
            AtomicInteger released = new AtomicInteger();
            Win32 refusing = (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("wsaSend")) {
                            MemorySegment.ofAddress((long) arguments[4]).reinterpret(Long.BYTES)
                                    .set(ValueLayout.JAVA_LONG, 0, WinTypes.STATUS_PENDING());
                            return WinTypes.WSAENOBUFS();
                        }
                        boolean release = method.getName().equals("virtualFree")
                                && (int) arguments[2] == WinTypes.MEM_RELEASE();
                        released.addAndGet(release ? 1 : 0);
                        boolean reserve = method.getName().equals("virtualAlloc")
                                && (int) arguments[2] == WinTypes.MEM_RESERVE();
                        regions.addAndGet(reserve ? 1 : 0);
                        return method.invoke(win32, arguments);
                    });
            Capabilities.forget();
            try {
                Answer answer = Capabilities.check(Capability.SKIP_ON_SUCCESS, refusing);
                assertThat(answer.detail()).isEqualTo("WSASend: WSAENOBUFS (10055), generation 1");
                assertThat(released.get()).as("regions given back: nothing is out").isPositive()
                        .isEqualTo(regions.get());
            } finally {
                Capabilities.forget();
            }
        }

        @Test
        void windowsDoesAll() {
            assumeTrue(win32.wineVersion().isEmpty(), "Windows only");
            Map<Capability, Answer> answers = Capabilities.checkAll(win32);
            assertThat(answers.values()).as(answers.toString()).allMatch(Answer::works);
        }

        /** Were memory or handles kept, this would not go on for long; were it slow, no server would start quickly. */
        @Test
        void checksCanBeRepeated() throws Exception {
            for (int i = 0; i < 20; i++) {
                try (LoopbackCheck check = new LoopbackCheck(win32)) {
                    assertThat(check.reuse(DisconnectMethod.DISCONNECT_EX)).contains("generation 2", "first key");
                }
            }
        }

        /** As stock Wine's shutdown(SD_SEND) in place of a disconnect: the second generation cannot send. */
        @Test
        void socketThatIsOnlyShutDownCannotBeUsedAgain() {
            Win32 broken = failing("disconnectEx", 10058);
            assertThatThrownBy(() -> {
                try (LoopbackCheck check = new LoopbackCheck(broken)) {
                    check.reuse(DisconnectMethod.DISCONNECT_EX);
                }
            }).hasMessage("disconnect: WSAESHUTDOWN (10058), generation 1");
        }

        @Test
        void explicitMethodThatDoesNotWorkIsAnErrorAndTheDefaultGivesWay() {
            assumeFalse(win32.wineVersion().isEmpty(), "on Windows nothing is checked at the start");
            Win32 broken = failing("disconnectEx", 10058);
            assertThatThrownBy(() -> Capabilities.choose(Optional.of(DisconnectMethod.DISCONNECT_EX), broken))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageStartingWith("reuse after DisconnectEx does not work on this Wine ")
                    .hasMessageEndingWith(": disconnect: WSAESHUTDOWN (10058), generation 1");
            assertThat(Capabilities.choose(Optional.empty(), broken)).isEqualTo(DisconnectMethod.CLOSE);
            assertThat(Capabilities.choose(Optional.of(DisconnectMethod.GRACEFUL), broken))
                    .isEqualTo(DisconnectMethod.GRACEFUL);
        }

        /** A disconnect whose packet never comes: bounded, and nothing learnt, since the machine may have been busy. */
        @Test
        void packetThatNeverComesIsWaitedForOnlySoLong() {
            assumeFalse(win32.wineVersion().isEmpty(), "on Windows nothing is checked at the start");
            Win32 silent = inAHurry(failing("disconnectEx", 0));
            long start = System.nanoTime();
            Answer answer = Capabilities.check(Capability.REUSE_AFTER_DISCONNECT_EX, silent);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
            assertThat(answer.result()).isEqualTo(Result.NOT_LEARNT);
            assertThat(answer.detail()).isEqualTo("disconnect: nothing within 5000 ms, generation 1");
            assertThat(Capabilities.check(Capability.REUSE_AFTER_DISCONNECT_EX, win32).works()).isTrue();
        }

        /** The real calls, but time passes faster from the disconnect on: that wait is over sooner, and no other is. */
        private Win32 inAHurry(Win32 system) {
            int faster = 10;
            long[] since = new long[1];
            return ChangedWin32.of(system, (method, arguments) -> {
                if (method.getName().equals("disconnectEx")) {
                    since[0] = system.nanoTime();
                }
                if (since[0] == 0) {
                    return null;
                }
                if (method.getName().equals("getQueuedCompletionStatusEx")) {
                    arguments[4] = (int) arguments[4] / faster;
                }
                return method.getName().equals("nanoTime")
                        ? (Object) (since[0] + (system.nanoTime() - since[0]) * faster) : null;
            });
        }

        /** The real calls, but for one that does nothing and returns this. */
        private Win32 failing(String call, int error) {
            return ChangedWin32.refusing(win32, call, 1, error);
        }
    }
}
