package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(240)
@EnabledOnOs(OS.LINUX)
class SoakProcessTest extends WineTestBed {
    /** The soak of every check: a server among clients of all kinds for half a minute. */
    @Test
    @Tag("slow")
    void aServerAmongBadClientsDoesNotGrow() throws Exception {
        Process soak = startHost("soak", "--seconds", "30", "--json");
        List<String> lines = soak.inputReader().lines().toList();
        assertThat(lines).as(String.join("\n", lines)).hasSize(5);
        assertThat(lines.getFirst()).startsWith("{\"server\":\"127.0.0.1:").endsWith(",\"seconds\":30}");
        assertThat(lines.getLast()).startsWith("{\"summary\":true,\"seconds\":30,\"passed\":true,\"problems\":\"\",")
                .contains("\"sessions\":0,", "\"connectFailures\":0,", "\"abuses\":{\"SLOW_READER\":",
                        "\"growth\":{\"processMemoryBytes\":{\"first\":");
        assertThat(soak.waitFor()).isZero();
    }

    @Test
    void interruptedSoakTakesItsServerAlong() throws Exception {
        Process soak = startHost("soak", "--seconds", "60");
        BufferedReader out = soak.inputReader();
        assertThat(out.readLine()).startsWith("the server listens on 127.0.0.1:");
        List<ProcessHandle> servers = soak.descendants().toList();
        assertThat(servers).isNotEmpty();
        interrupt(soak);
        assertThat(out.lines().collect(Collectors.joining())).isEmpty();
        assertThat(soak.waitFor()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(servers).noneMatch(ProcessHandle::isAlive);
    }
}
