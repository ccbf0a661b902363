package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.await;

import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ProgressTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void startsWithTheSecondSecondAndGoesOnInSteps() {
        try (var _ = new Progress(new Output(new LineQueue("err", err, null)), 1, second -> "at " + second)) {
            await().until(() -> lines().size() >= 2);
        }
        assertThat(lines()).startsWith("at 2", "at 3");
    }

    private List<String> lines() {
        return err.toString().lines().toList();
    }
}
