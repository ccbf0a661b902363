package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.iocp4j.server.Settled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What {@code bench} does between two loads. In the phase in which nothing else uses the test bed. */
@Tag("packaged")
@Tag("slow")
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class WineserverRestartTest extends WineTestBed {
    @Test
    void whatTheOldWineserverServedEndsWithIt() throws Exception {
        List<ProcessHandle> before = services();
        String old = restart();
        List<ProcessHandle> served = new ArrayList<>(services());
        served.removeAll(before);
        assumeTrue(!served.isEmpty(), "another program uses the wineserver");
        assumeTrue(!restart().equals(old), "another program uses the wineserver");
        Settled.await().untilAsserted(() -> assertThat(served).noneMatch(ProcessHandle::isAlive));
    }

    /** Returns the process id of the wineserver that serves then. */
    private String restart() throws Exception {
        Process script = started(new ProcessBuilder("bash", BASE.resolve("tests/bench/wine.sh").toString(), "restart"));
        String id = script.inputReader().readLine();
        assertThat(script.waitFor()).isZero();
        return id;
    }

    /** Wine's own programs. */
    private static List<ProcessHandle> services() {
        return ProcessHandle.allProcesses().filter(WineserverRestartTest::isService).toList();
    }

    /** Java tells the path of Wine's loader in place of the first word. */
    private static boolean isService(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1)
                    .startsWith("C:\\windows\\system32\\");
        } catch (IOException e) {
            return false; // it has ended
        }
    }
}
