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

    @Test
    void saysThatTheFilesAreUsedUp() {
        assertThat(Machine.fileLimit("""
                Limit                     Soft Limit           Hard Limit           Units
                Max processes             95000                95000                processes
                Max open files            20000                524288               files
                """)).isEqualTo(20_000);
        assertThat(Machine.fileLimit("Max open files            unlimited            unlimited")).isNull();
        assertThat(Machine.shortage(19_990, 20_000L)).isEqualTo(
                "the wineserver has 19,990 files open, of the 20,000 that it may; a connection takes two");
        assertThat(Machine.shortage(10_000, 20_000L)).isEmpty();
        assertThat(Machine.shortage(10_000, null)).isEmpty();
    }
}
