package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecordFieldsTest {
    record Inner(long bytes, int now) {
    }

    record Outer(double seconds, Inner inner, Long heap, Double cpu) {
    }

    @Test
    void innerFieldsStandAmongTheOuterOnes() {
        assertThat(RecordFields.of(new Outer(1.5, new Inner(2, 3), null, 4.0)).toString())
                .isEqualTo("{seconds=1.5, bytes=2, now=3, heap=null, cpu=4.0}");
    }

    /** In JSON a whole number may be of any type, and null is left out. */
    @Test
    void whatIsWrittenAsJsonIsReadAgain() throws IOException {
        Outer figures = new Outer(2, new Inner(Long.MAX_VALUE, 3), null, 0.25);
        JsonLine json = new JsonLine();
        RecordFields.of(figures).forEach(json::put);
        assertThat(RecordFields.read(Outer.class, ServerProcess.parse(json.end()))).isEqualTo(figures);
    }

    @Test
    void whatMayNotBeAbsentIsNamed() {
        assertThatIllegalArgumentException().isThrownBy(() -> RecordFields.read(Inner.class, Map.of("bytes", 1L)))
                .withMessage("no now");
    }

    /** Else one of two figures would hide the other. */
    @Test
    void noTwoFiguresOfAServerHaveOneName() {
        requireNew(ServeFigures.class, new HashSet<>());
    }

    private static void requireNew(Class<?> type, Set<String> names) {
        for (RecordComponent component : type.getRecordComponents()) {
            if (component.getType().isRecord()) {
                requireNew(component.getType(), names);
            } else {
                assertThat(names.add(component.getName())).as(component.getName()).isTrue();
            }
        }
    }
}
