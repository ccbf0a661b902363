package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ProgressTest {
    private static final long MILLIS_PER_SECOND = 100;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void startsWithTheSecondSecondAndGoesOnInSteps() {
        long start = System.nanoTime();
        long millis;
        try (var _ = new Progress(new Output(new LineQueue("err", err, null)), 1, second -> "at " + second,
                MILLIS_PER_SECOND)) {
            await().until(() -> lines().size() >= 2);
            millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        }
        assertThat(millis).isGreaterThanOrEqualTo(3 * MILLIS_PER_SECOND);
        assertThat(lines()).startsWith("at 2", "at 3");
    }

    private List<String> lines() {
        return err.toString().lines().toList();
    }
}
