package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MachineTest {
    @Test
    void readsTheListOfProcessorsThatLinuxWrites() {
        assertThat(Machine.processors("0-1")).containsExactly(0, 1);
        assertThat(Machine.processors("3")).containsExactly(3);
        assertThat(Machine.processors("0,4-6,9")).containsExactly(0, 4, 5, 6, 9);
    }
}
