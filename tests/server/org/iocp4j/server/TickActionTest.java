package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Times in milliseconds; -1 in the last column: no next look. */
class TickActionTest {
    @ParameterizedTest
    @CsvSource({
        // put off, in handler, silent, idle time, buffer quiet, action
        "false, false,    10,  1000, false, NONE",
        "false, false,   999,  1000, false, NONE",
        "false, false,  1000,  1000, false, TELL_IDLE",
        "false, false,  9999,     0, false, NONE",
        "false, true,   1000,  1000, false, NONE",
        "true,  false,  1000,  1000, false, NONE",
        "true,  false,  9999,  1000, true,  TAKE_BUFFER_BACK",
        "false, false,  6000, 10000, true,  TAKE_BUFFER_BACK",
        "false, false,  6000,  1000, true,  TELL_IDLE",
        "false, true,   6000,  1000, true,  TAKE_BUFFER_BACK",
    })
    void whileOpen(boolean isBusy, boolean inHandler, long silent, long idle, boolean bufferQuiet,
            TickAction expected) {
        assertThat(TickAction.whileOpen(isBusy, inHandler, nanos(silent), nanos(idle), bufferQuiet))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // put off, silent, idle time, buffer quiet after, next look in
        "false,    0, 1000,    0, 1000",
        "false,  400, 1000,    0,  600",
        "false, 1000, 1000,    0, 1000", // a handler call is under way: the time begins at its end
        "true,  1000, 1000,    0,  100",
        "false,  400, 1000, 5000,  600",
        "false,  400, 9000, 5000, 4600",
        "false, 5000, 9000, 5000, 4000",
        "false, 8000, 9000, 5000, 1000",
        "false, 6000,    0, 5000, 5000",
        "false,    0,    0,    0,   -1",
        "true,  9999,    0,    0,   -1",
    })
    void nextWhileOpen(boolean isBusy, long silent, long idle, long quiet, long expected) {
        assertThat(TickAction.nextWhileOpen(isBusy, nanos(silent), nanos(idle), nanos(quiet)))
                .isEqualTo(expected < 0 ? TickAction.NEVER : nanos(expected));
    }

    @ParameterizedTest
    @CsvSource({
        // aborting, pending, silent, disconnect time, left of the closing time, action
        "false, true,    10, 500,  900, NONE",
        "false, true,   499, 500,  900, NONE",
        "false, true,   500, 500,  900, ABORT",
        "false, false,  500, 500,  900, ABORT",
        "false, true,    10, 500,    1, NONE",
        "false, true,    10, 500,    0, ABORT",
        "true,  false,  999, 500, -900, NONE",
        "true,  true,    10, 500,  900, CANCEL_AGAIN",
        "true,  true,   999, 500, -900, CANCEL_AGAIN",
    })
    void whileEnding(boolean aborting, boolean pending, long silent, long disconnectTime, long left,
            TickAction expected) {
        assertThat(TickAction.whileEnding(aborting, pending, nanos(silent), nanos(disconnectTime), nanos(left)))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        // aborting, silent, disconnect time, left of the closing time, next look in
        "false,  10, 500, 900, 490",
        "false,  10, 500, 200, 200",
        "true,   10, 500, 200,  -1",
    })
    void nextWhileEnding(boolean aborting, long silent, long disconnectTime, long left, long expected) {
        assertThat(TickAction.nextWhileEnding(aborting, nanos(silent), nanos(disconnectTime), nanos(left)))
                .isEqualTo(expected < 0 ? TickAction.NEVER : nanos(expected));
    }

    private static long nanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
