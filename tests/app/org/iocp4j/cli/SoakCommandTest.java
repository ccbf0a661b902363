package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SoakCommandTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --minutes | 0  | 1 to 10080
            --seconds | 19 | 20 to 604800
            """)
    void wrongOptionIsOneLineAndExitCode2(String option, String value, String allowed) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(Main.run(err, err, "soak", option, value)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo(option + ": '" + value
                + "' is not allowed, must be " + allowed + ", see iocp4j soak --help\n");
    }

    @Test
    void minutesAndSecondsDoNotGoTogether() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(Main.run(err, err, "soak", "--minutes", "1", "--seconds", "30")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("--seconds: not together with --minutes, see iocp4j soak --help\n");
    }
}
