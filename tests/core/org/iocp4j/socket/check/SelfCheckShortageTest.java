package org.iocp4j.socket.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_ENOUGH_MEMORY;
import static org.iocp4j.win32.generated.WinTypes.WSAEAFNOSUPPORT;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.HeapWin32;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.check.Capabilities.Answer;
import org.iocp4j.socket.check.Capabilities.Result;
import org.iocp4j.socket.check.Capabilities.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A Wine, in memory, that has run out of something: no check gets as far as a connection, and none says no. */
class SelfCheckShortageTest {
    private final HeapWin32 system = new HeapWin32();
    private final List<Integer> families = new ArrayList<>();

    @AfterEach
    void forget() {
        Capabilities.forget();
    }

    @BeforeEach
    void hasNoSockets() {
        system.answer("wineVersion", a -> "8.0");
        system.answer("closeHandle", a -> 0);
        system.answer("wsaSocket", a -> {
            families.add((int) a[0]);
            return (long) ((int) a[0] == AF_INET() ? -WSAEAFNOSUPPORT() : -WSAENOBUFS());
        });
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLearntOfThePlatform(Capability capability) {
        Answer answer = Capabilities.answer(capability, system.win32());
        assertThat(answer).isEqualTo(new Answer(Result.NOT_LEARNT, Source.SELF_CHECK,
                "WSASocketW: WSAEAFNOSUPPORT (10047), generation 0;"
                        + " by IPv6 WSASocketW: WSAENOBUFS (10055), generation 0"));
        int asked = families.size();
        Capabilities.answer(capability, system.win32());
        assertThat(families.size()).as("asked again the next time").isEqualTo(2 * asked);
    }

    @Test
    void whatAppliesIsWhatWorksEverywhereAndWhatWasAskedForIsTaken() throws Exception {
        assertThat(Capabilities.choose(Optional.empty(), system.win32())).isEqualTo(DisconnectMethod.CLOSE);
        assertThat(Capabilities.choose(Optional.of(DisconnectMethod.DISCONNECT_EX), system.win32()))
                .isEqualTo(DisconnectMethod.DISCONNECT_EX);
        assertThat(Capabilities.chooseDelivery(DisconnectMethod.CLOSE, InetAddress.getByName("::1"), system.win32()))
                .isEqualTo(Delivery.PACKET);
    }

    @ParameterizedTest
    @ValueSource(strings = {"commit", "createIoCompletionPort", "wsaSocket"})
    void whatWasMadeBeforeIsGivenBack(String failing) {
        if (failing.equals("createIoCompletionPort")) {
            system.answer(failing, a -> (long) -ERROR_NOT_ENOUGH_MEMORY());
        } else if (failing.equals("commit")) {
            for (int i = 0; i < 10; i++) { // more often than a check is made
                system.failNextCommit(ERROR_NOT_ENOUGH_MEMORY());
            }
        }
        assertThat(Capabilities.check(Capability.REUSE_AFTER_DISCONNECT_EX, system.win32()).result())
                .isEqualTo(Result.NOT_LEARNT);
        assertThat(system.reserved()).isEmpty();
    }
}
