package org.iocp4j.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A fault's text. */
class FaultTest {
    @ParameterizedTest
    @ValueSource(strings = {"latency=100ms", "latency=2s,jitter=500ms", "drop=3", "slicer=1", "slicer=4,delay=50ms",
        "reset-peer=0", "reset-peer=5,delay=1s", "reset-peer=9223372036854775807",
        "half-close=2", "never-read", "never-close", "refuse-accepts", "wrong-login", "corrupt=5",
        "bandwidth=1000", "never-read,toxicity=0.5", "latency=1s,jitter=1s,toxicity=0.25"})
    void itsTextIsWhatItIsReadFrom(String text) {
        assertThat(Fault.parse(text)).hasToString(text);
        assertThat(Fault.parse(Fault.parse(text).toString())).isEqualTo(Fault.parse(text));
    }

    @Test
    void aTextAndAFactoryMakeTheSame() {
        assertThat(Fault.parse("latency=1m, jitter=20ms, toxicity=0.5")).isEqualTo(
                Fault.latency(Duration.ofMinutes(1)).withJitter(Duration.ofMillis(20)).withToxicity(0.5));
        assertThat(Fault.parse("slicer=1,delay=0s")).isEqualTo(Fault.slicer(1).withDelay(Duration.ZERO));
        assertThat(Fault.parse("reset-peer=25")).isEqualTo(Fault.resetPeer(25));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            latency             | 'latency' is not allowed, must be latency=D
            latency=            | latency: '' is not allowed, must be a number with ms, s or m
            latency=5           | latency: '5' is not allowed, must be a number with ms, s or m
            latency=11m         | latency: delay '660s' is not allowed, must be 0s to 600s
            latency=1s,jitter=2s| latency: jitter '2s' is not allowed, must be 0s to 1s
            latency=1s,delay=2s | latency: delay: only slicer and reset-peer have one
            drop=0              | drop: '0' is not allowed, must be 1 to 2147483647
            drop=9999999999999999999 | drop: '9999999999999999999' is not allowed, must be 1 to 2147483647
            drop=x              | drop: 'x' is not allowed, must be a number
            drop=2,jitter=1s    | drop: it takes no jitter
            drop=2,often=1      | drop: 'often' is not allowed, must be delay, jitter or toxicity
            never-read=1        | 'never-read=1' is not allowed, must be never-read
            drop=2,toxicity=2   | drop: toxicity '2.0' is not allowed, must be 0 to 1
            drop=2,toxicity=NaN | drop: toxicity 'NaN' is not allowed, must be 0 to 1
            drop=2,toxicity=x   | drop: toxicity 'x' is not allowed, must be 0 to 1
            slicer=65537        | slicer: '65537' is not allowed, must be 1 to 65536
            """)
    void whatIsWrongIsToldInOneLine(String text, String message) {
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.parse(text)).withMessage(message);
    }

    @Test
    void aTimeThatItsTextCannotSayIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.latency(Duration.ofNanos(1_500)))
                .withMessage("latency: delay 'PT0.0000015S' is not allowed, must be whole milliseconds");
        assertThatNullPointerException().isThrownBy(() -> Fault.parse(null)).withMessage("text is null");
    }

    @Test
    void aTimeWithoutMeasureIsNamedToo() {
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.latency(ChronoUnit.FOREVER.getDuration()))
                .withMessage("latency: delay '9223372036854775807s' is not allowed, must be 0s to 600s");
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.slicer(1).withDelay(Duration.ofMillis(-1)))
                .withMessage("slicer: delay '-1ms' is not allowed, must be 0s to 600s");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fault.slicer(1).withDelay(Duration.ofSeconds(Long.MIN_VALUE, 1_000_000)))
                .withMessage("slicer: delay '-9223372036854775808s' is not allowed, must be 0s to 600s");
    }

    @Test
    void anUnknownNameIsAnsweredWithAllThatThereAre() {
        assertThatIllegalArgumentException().isThrownBy(() -> Fault.parse("timeout=1s"))
                .withMessage("'timeout' is not allowed, must be latency=D, drop=N, slicer=N, reset-peer=N,"
                        + " half-close=N, never-read, never-close, refuse-accepts, wrong-login, corrupt=N,"
                        + " bandwidth=N");
    }
}
