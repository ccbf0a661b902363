package org.iocp4j.win32;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.iocp4j.win32.generated.WinTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorNameTest {
    /** The first error of a process may well come from a shortage of memory. In its own process, with a small heap. */
    @Test
    @Timeout(180)
    void aFirstUseWithoutMemorySpoilsNoLaterOne() throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-PrintWarnings", "-Xmx16m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
                "-cp", System.getProperty("java.class.path"), FullHeap.class.getName())
                .redirectErrorStream(true).start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines())
                .containsExactly("without memory: OutOfMemoryError", "with memory: WSAENOBUFS (10055)");
        assertThat(process.waitFor()).isZero();
    }

    /** Names an error while its heap is full, and once more. */
    public static final class FullHeap {
        private FullHeap() {
        }

        public static void main(String[] arguments) throws ReflectiveOperationException {
            WinTypes.WSAENOBUFS(); // not this class's fault, were it the one that fails
            Class<?> linked = Class.forName(ErrorName.class.getName(), false, FullHeap.class.getClassLoader());
            linked.getDeclaredMethods(); // so that it can fail at nothing but its initialisation
            Object[] all = null;
            for (int length = 1 << 18; length > 0; length /= 2) {
                all = filled(all, length);
            }
            try {
                ErrorName.of(WinTypes.WSAENOBUFS());
                all = null;
                System.out.println("without memory: named all the same");
            } catch (OutOfMemoryError e) {
                all = null;
                System.out.println("without memory: OutOfMemoryError");
            }
            System.out.println("with memory: " + ErrorName.of(WinTypes.WSAENOBUFS()));
        }

        private static Object[] filled(Object[] chain, int length) {
            Object[] last = chain;
            try {
                while (true) {
                    Object[] next = new Object[length];
                    next[0] = last;
                    last = next;
                }
            } catch (OutOfMemoryError e) {
                return last;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10048, WSAEADDRINUSE (10048)",
        "10038, WSAENOTSOCK (10038)",
        "10054, WSAECONNRESET (10054)",
        "1168, ERROR_NOT_FOUND (1168)",
        "735, ERROR_ABANDONED_WAIT_0 (735)",
        "258, WAIT_TIMEOUT (258)",
        "87, ERROR_INVALID_PARAMETER (87)",
        "6, ERROR_INVALID_HANDLE (6)",
    })
    void winsockAndWin32CodesHaveTheirNames(int code, String name) {
        assertThat(ErrorName.of(code)).isEqualTo(name);
    }

    @Test
    void codeWithTwoNamesHasTheFirstInTheAlphabet() {
        assertThat(ErrorName.of(997)).as("also WSA_IO_PENDING").isEqualTo("ERROR_IO_PENDING (997)");
    }

    @ParameterizedTest
    @CsvSource({"4711, error 4711", "-1, error -1", "2147483647, error 2147483647"})
    void codeWithoutNameIsANumber(int code, String text) {
        assertThat(ErrorName.of(code)).isEqualTo(text);
    }

    /** WSA_FLAG_OVERLAPPED is 1, WSA_FLAG_NO_HANDLE_INHERIT 128, WSAPROTOCOL_LEN 255: constants, but no errors. */
    @Test
    void constantsThatAreNoErrorsNameNone() {
        assertThat(ErrorName.of(1)).isEqualTo("ERROR_INVALID_FUNCTION (1)");
        assertThat(ErrorName.of(128)).doesNotContain("WSA_FLAG");
        assertThat(ErrorName.of(255)).doesNotContain("WSAPROTOCOL");
    }

    @ParameterizedTest
    @CsvSource({
        "0xC000020D, STATUS_CONNECTION_RESET (0xC000020D)",
        "0xC0000120, STATUS_CANCELLED (0xC0000120)",
        "0x00000103, STATUS_PENDING (0x00000103)",
        "0x00000000, STATUS_SUCCESS (0x00000000)",
        "0xC0001234, status 0xC0001234",
    })
    void statusesAreHexadecimal(String status, String name) {
        assertThat(ErrorName.ofStatus(Integer.parseUnsignedInt(status.substring(2), 16))).isEqualTo(name);
    }

    @Test
    void statusesAndCodesAreTwoNumberSpaces() {
        assertThat(ErrorName.ofStatus(10048)).isEqualTo("status 0x00002740");
        assertThat(ErrorName.of(0xC000020D)).startsWith("error ");
    }
}
