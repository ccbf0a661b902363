package org.iocp4j.win32;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorNameTest {
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
