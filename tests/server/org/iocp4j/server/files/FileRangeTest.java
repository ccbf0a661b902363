package org.iocp4j.server.files;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class FileRangeTest {
    @Test
    void namesWhatIsNegative() {
        assertThatThrownBy(() -> FileRange.require(-1, 5)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("position: -1 is negative");
        assertThatThrownBy(() -> FileRange.require(0, -7)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("count: -7 is negative");
        assertThatCode(() -> FileRange.require(0, 0)).doesNotThrowAnyException();
    }
}
