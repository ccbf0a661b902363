package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times in milliseconds; -1 in the first column: no receive is put off. */
class TickActionTest {
    @ParameterizedTest
    @CsvSource({
        // put off, in handler, silent, idle time, buffer quiet, action
        "      -1, false,    10,  1000, false, NONE",
        "      -1, false,  1000,  1000, false, NONE",
        "      -1, false,  1001,  1000, false, END_IDLE",
        "      -1, false,  9999,     0, false, NONE",
        "      -1, true,   1001,  1000, false, NONE",
        "       0, false,  1001,  1000, false, NONE",
        "     100, false,  1001,  1000, false, NONE",
        "     101, false,    10,  1000, false, POST_RECEIVE",
        "     101, false,  9999,  1000, true,  POST_RECEIVE",
        "     101, true,   9999,  1000, true,  POST_RECEIVE",
        "      -1, false,  6000, 10000, true,  TAKE_BUFFER_BACK",
        "      -1, false,  6000,  1000, true,  END_IDLE",
        "      -1, true,   6000,  1000, true,  TAKE_BUFFER_BACK",
    })
    void whileOpen(long deferred, boolean inHandler, long silent, long idle, boolean bufferQuiet, TickAction expected) {
        assertThat(TickAction.whileOpen(nanos(deferred), inHandler, nanos(silent), nanos(idle), bufferQuiet))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // put off, aborting, pending, silent, disconnect time, past the deadline, action
        "      -1, false, true,    10, 500, -900, NONE",
        "      -1, false, true,   500, 500, -900, NONE",
        "      -1, false, true,   501, 500, -900, ABORT",
        "      -1, false, false,  501, 500, -900, ABORT",
        "      -1, false, true,    10, 500,    0, NONE",
        "      -1, false, true,    10, 500,    1, ABORT",
        "     100, false, false,   10, 500, -900, NONE",
        "     101, false, false,   10, 500, -900, POST_RECEIVE",
        "      -1, true,  false,  999, 500,  900, NONE",
        "      -1, true,  true,    10, 500, -900, CANCEL_AGAIN",
        "      -1, true,  true,   999, 500,  900, CANCEL_AGAIN",
    })
    void whileEnding(long deferred, boolean aborting, boolean pending, long silent, long disconnectTime,
            long pastDeadline, TickAction expected) {
        assertThat(TickAction.whileEnding(nanos(deferred), aborting, pending, nanos(silent), nanos(disconnectTime),
                nanos(pastDeadline))).isEqualTo(expected);
    }

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
