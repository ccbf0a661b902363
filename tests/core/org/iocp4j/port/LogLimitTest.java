package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLimitTest {
    private static final long SECOND = 1_000_000_000L;
    private static final String LAST = " (more of them within this second are not logged)";

    private long now = -SECOND / 2;
    private final LogLimit limit = new LogLimit(() -> now);

    @Test
    void aSecondHasAFewLinesAndTheNextTellsOfTheOthers() {
        assertThat(next(100)).containsExactly("", "", "", "", LAST);
        now += SECOND - 1;
        assertThat(next(7)).isEmpty();
        now += 1;
        assertThat(next(100)).containsExactly(" (102 more since the last such line)", "", "", "", LAST);
    }

    @Test
    void whatComesSeldomIsLoggedAsItComes() {
        for (int i = 0; i < 100; i++) {
            assertThat(next(2)).containsExactly("", "");
            now += SECOND;
        }
    }

    private List<String> next(int times) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            String more = limit.next();
            if (more != null) {
                lines.add(more);
            }
        }
        return lines;
    }
}
