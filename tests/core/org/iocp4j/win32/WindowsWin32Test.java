package org.iocp4j.win32;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.INVALID_HANDLE_VALUE;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOCK_STREAM;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSA_FLAG_OVERLAPPED;

import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(180)
class WindowsWin32Test {
    private static final long NO_SOCKET = -1;
    private static final long BOGUS_HANDLE = 0x7FFF_FFF8;

    /** Twice: a class that failed to initialise would say so at the second call. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void otherSystemsAreRefusedInOneSentence() {
        for (int attempt = 1; attempt <= 2; attempt++) {
            assertThatThrownBy(WindowsWin32::attach)
                    .isExactlyInstanceOf(UnsupportedPlatformException.class)
                    .hasNoCause()
                    .message()
                    .contains("Windows", System.getProperty("os.name"))
                    .hasLineCount(1)
                    .doesNotContain("Exception", "org.iocp4j");
        }
    }

    @Nested
    @EnabledOnOs(OS.WINDOWS)
    class OnWindows {
        private final Win32 win32 = WindowsWin32.attach();

        @Test
        void failedCallReturnsItsOwnError() {
            assertThat(win32.closesocket(NO_SOCKET)).isEqualTo(WSAENOTSOCK());
            assertThat(win32.createIoCompletionPort(BOGUS_HANDLE, 0, 0, 0)).isEqualTo(-ERROR_INVALID_HANDLE());
            assertThat(win32.closeHandle(BOGUS_HANDLE)).isEqualTo(ERROR_INVALID_HANDLE());
        }

        /** Of a drive, of a server, and a relative one. */
        @Test
        void aLongPathIsGivenInTheFormThatMayBeLong() {
            String name = "n".repeat(250);
            assertThat(WindowsWin32.fileName("C:/a/../" + name)).as("short").isEqualTo("C:/a/../" + name);
            assertThat(WindowsWin32.fileName("C:/aaaaaaa/../b/" + name)).isEqualTo("\\\\?\\C:\\b\\" + name);
            assertThat(WindowsWin32.fileName("C:/aaa/./b/../bbbb/" + name)).isEqualTo("\\\\?\\C:\\aaa\\bbbb\\" + name);
            assertThat(WindowsWin32.fileName("\\\\server\\share\\" + name))
                    .isEqualTo("\\\\?\\UNC\\server\\share\\" + name);
            assertThat(WindowsWin32.fileName(name + "/" + name))
                    .isEqualTo("\\\\?\\" + System.getProperty("user.dir") + "\\" + name + "\\" + name);
            assertThat(WindowsWin32.fileName("a?" + name + name)).as("no path").isEqualTo("a?" + name + name);
        }

        @Test
        void successAfterAFailureIsZero() {
            long socket = socket();
            win32.closesocket(NO_SOCKET);
            assertThat(win32.closesocket(socket)).isZero();
            assertThat(win32.closesocket(socket)).as("closed already").isEqualTo(WSAENOTSOCK());
        }

        @Test
        void socketIsAssociatedWithAPort() {
            long port = win32.createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
            long socket = socket();
            assertThat(port).isPositive();
            assertThat(win32.createIoCompletionPort(socket, port, 7, 0)).isEqualTo(port);
            assertThat(win32.closesocket(socket)).isZero();
            assertThat(win32.closeHandle(port)).isZero();
        }

        @Test
        void systemsTextForACodeIsTrimmed() {
            for (int code : new int[] {ERROR_INVALID_HANDLE(), WSAECONNRESET()}) {
                String text = win32.formatMessage(code);
                assertThat(text).isNotBlank().isEqualTo(text.strip()); // Windows ends it with \r\n
            }
            assertThat(win32.formatMessage(0x7FFF_FFFF)).as("no such code").isEmpty();
        }

        /** Winsock's error and Win32's are the thread's, and captured in the call: no other thread's shows up. */
        @Test
        void errorsOfOtherThreadsDoNotMix() throws Exception {
            CyclicBarrier start = new CyclicBarrier(2);
            try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
                Future<?> sockets = threads.submit(
                        always(start, own -> own.closesocket(NO_SOCKET), WSAENOTSOCK()));
                Future<?> handles = threads.submit(
                        always(start, own -> own.closeHandle(BOGUS_HANDLE), ERROR_INVALID_HANDLE()));
                sockets.get();
                handles.get();
            }
        }

        private Callable<?> always(CyclicBarrier start, ToIntFunction<Win32> call, int error) {
            return () -> {
                Win32 own = WindowsWin32.attach();
                start.await();
                for (int i = 0; i < 5_000; i++) {
                    assertThat(call.applyAsInt(own)).isEqualTo(error);
                    if (i % 500 == 0) {
                        System.gc(); // the JVM's own calls to Windows between ours
                    }
                }
                return null;
            };
        }

        private long socket() {
            long socket = win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
            assertThat(socket).isPositive();
            return socket;
        }
    }
}
