package org.iocp4j.socket.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.STATUS_PENDING;
import static org.iocp4j.win32.generated.WinTypes.WSAEACCES;
import static org.iocp4j.win32.generated.WinTypes.WSAEAFNOSUPPORT;
import static org.iocp4j.win32.generated.WinTypes.WSAEINVAL;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.socket.check.Capabilities.Answer;
import org.iocp4j.socket.check.Capabilities.Result;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What else than the platform may stop a self-check, and that it is not taken for the platform's answer. */
@Timeout(180)
@NeedsCompletionPorts
class SelfCheckTest {
    private Win32 win32;

    @BeforeEach
    void attach() {
        win32 = WindowsWin32.attach();
        Capabilities.forget();
    }

    @AfterEach
    void detach() {
        win32.close();
        Capabilities.forget();
    }

    private static Answer checkReuse(Win32 system) {
        return Capabilities.check(Capability.REUSE_AFTER_DISCONNECT_EX, system);
    }

    /** What an application may do to all java.net.Sockets of its JVM is no matter to a check. */
    @Test
    void aProxyOfTheApplicationDoesNotComeBetween() {
        ProxySelector before = ProxySelector.getDefault();
        ProxySelector.setDefault(new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                return List.of(new Proxy(Proxy.Type.SOCKS, new InetSocketAddress("127.0.0.1", 1)));
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException failure) {
                // It did not come between, so it hears of nothing.
            }
        });
        try {
            assertThat(checkReuse(win32).result()).isEqualTo(Result.WORKS);
        } finally {
            ProxySelector.setDefault(before);
        }
    }

    /** Where a thread is virtual, an interrupt closes the java.net.Socket that it is at. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anInterruptStopsNoCheckAndStays(boolean virtual) throws Exception {
        FutureTask<Answer> check = new FutureTask<>(() -> {
            Thread.currentThread().interrupt();
            try (Win32 own = WindowsWin32.attach()) {
                Answer answer = checkReuse(own);
                assertThat(Thread.interrupted()).as("still interrupted").isTrue();
                return answer;
            }
        });
        (virtual ? Thread.ofVirtual() : Thread.ofPlatform()).start(check);
        assertThat(check.get().result()).as(check.get().toString()).isEqualTo(Result.WORKS);
    }

    /** As on a host without it: WSASocketW fails with 10047. */
    @Test
    void whereThereIsNoIpv4ItChecksByIpv6() {
        Win32 ipv6Only = ChangedWin32.of(win32, (method, arguments) -> {
            boolean ofIpv4 = method.getName().equals("wsaSocket") && arguments[0].equals(AF_INET());
            return ofIpv4 ? (Object) (long) -WSAEAFNOSUPPORT() : null;
        });
        assertThat(checkReuse(ipv6Only).result()).isEqualTo(Result.WORKS);
        assertThat(Capabilities.check(Capability.SKIP_ON_SUCCESS_WITH_DISCONNECT_EX, ipv6Only).result())
                .isNotEqualTo(Result.NOT_LEARNT);
    }

    /** All such calls are refused from a check's first on, then from its second on, and so on. */
    @ParameterizedTest
    @ValueSource(strings = {"virtualAlloc", "createIoCompletionPort", "wsaSocket", "bind", "getsockname", "listen",
        "setsockopt", "acceptEx", "wsaSend", "wsaRecv", "disconnectEx"})
    void aShortageOrAFirewallIsNotThePlatformsAndNotKept(String call) {
        int[] calls = new int[1];
        Win32 counting = ChangedWin32.of(win32, (method, arguments) -> {
            calls[0] += method.getName().equals(call) ? 1 : 0;
            return null;
        });
        assertThat(checkReuse(counting).result()).isEqualTo(Result.WORKS);
        assertThat(calls[0]).isPositive();
        for (int error : new int[] {WSAENOBUFS(), WSAEACCES()}) {
            for (int first = 1; first <= calls[0]; first++) {
                Capabilities.forget();
                Answer answer = checkReuse(ChangedWin32.refusing(win32, call, first, error));
                assertThat(answer.result()).as("%s %s: %s", call, first, answer).isEqualTo(Result.NOT_LEARNT);
                assertThat(answer.detail()).contains("(" + error + ")");
                assertThat(checkReuse(win32).result()).isEqualTo(Result.WORKS);
            }
        }
    }

    /** The same error says nothing before the socket was disconnected, and all afterwards. */
    @Test
    void aRefusalIsThePlatformsOnceItWasAskedForReuse() {
        Answer early = checkReuse(ChangedWin32.refusing(win32, "acceptEx", 1, WSAEINVAL()));
        assertThat(early.result()).isEqualTo(Result.NOT_LEARNT);
        assertThat(early.detail()).startsWith("AcceptEx: WSAEINVAL (10022), generation 1");
        Answer late = checkReuse(ChangedWin32.refusing(win32, "acceptEx", 2, WSAEINVAL()));
        assertThat(late.result()).isEqualTo(Result.DOES_NOT);
        assertThat(late.detail()).startsWith("AcceptEx: WSAEINVAL (10022), generation 2");
        assertThat(checkReuse(win32)).as("learnt").isEqualTo(late);
    }

    /** After a refusal too an OVERLAPPED may say that it pends: then nothing is out, nothing to wait for. */
    @Test
    void aRefusedOperationIsNotWaitedFor() {
        boolean[] cancelled = new boolean[1];
        Win32 refusing = ChangedWin32.of(win32, (method, arguments) -> {
            if (method.getName().equals("disconnectEx")) {
                long address = (long) arguments[1];
                MemorySegment overlapped = MemorySegment.ofAddress(address).reinterpret(OVERLAPPED.sizeof());
                overlapped.set(ValueLayout.JAVA_LONG, OVERLAPPED.Internal$offset(), STATUS_PENDING());
                return WSAENOBUFS();
            }
            cancelled[0] |= method.getName().equals("cancelIoEx");
            return null;
        });
        assertThat(Capabilities.check(Capability.SKIP_ON_SUCCESS_WITH_DISCONNECT_EX, refusing).detail())
                .startsWith("DisconnectEx: WSAENOBUFS (10055), generation 1");
        assertThat(cancelled[0]).isFalse();
    }
}
