package org.iocp4j.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.*;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever has too little memory may try again later: by whichever of Windows' three ways it is told. */
class ConnectFailureTest {
    static int[] shortages() {
        return new int[] {WSAENOBUFS(), ERROR_NOT_ENOUGH_MEMORY(), ERROR_OUTOFMEMORY(), ERROR_NO_SYSTEM_RESOURCES(),
            ERROR_NOT_ENOUGH_QUOTA(), ERROR_WORKING_SET_QUOTA(), ERROR_COMMITMENT_LIMIT(), ERROR_PAGEFILE_QUOTA(),
            STATUS_INSUFFICIENT_RESOURCES(), STATUS_NO_MEMORY(), STATUS_QUOTA_EXCEEDED(), STATUS_PAGEFILE_QUOTA(),
            STATUS_WORKING_SET_QUOTA(), STATUS_COMMITMENT_LIMIT()};
    }

    @ParameterizedTest
    @MethodSource("shortages")
    void aShortageIsNoRoom(int code) {
        assertThat(ConnectFailure.of(code)).isEqualTo(ConnectFailure.NO_ROOM);
    }
}
