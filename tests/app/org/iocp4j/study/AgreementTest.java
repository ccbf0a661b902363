package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same calls on the simulated kernel and on Wine, line by line what {@code agreement.txt} says. Where Wine is known
 * to do something else than Windows, the file has Wine's line under the documented one, with the reason.
 */
@Timeout(120)
class AgreementTest {
    private static final String FILE = "/simulated/agreement.txt";
    private static final int SEEDS = 20;
    private static final String HEADING = "== ";
    private static final String ON_WINE = "  wine: ";

    /** What Windows does, and Wine where it differs. */
    private record Expected(List<String> windows, List<String> wine) {
    }

    static Stream<AgreementScripts> scripts() {
        return Stream.of(AgreementScripts.values());
    }

    @ParameterizedTest
    @MethodSource("scripts")
    void theSimulatedKernelDoesWhatIsDocumented(AgreementScripts script) throws Exception {
        for (long seed = 1; seed <= SEEDS; seed++) {
            assertThat(transcript(script, Site.simulated(seed))).as("seed %d", seed)
                    .containsExactlyElementsOf(expected().get(script.title()).windows());
        }
    }

    @ParameterizedTest
    @MethodSource("scripts")
    @NeedsCompletionPorts
    void soDoesWine(AgreementScripts script) throws Exception {
        try (Win32 win32 = WindowsWin32.attach()) {
            assumeFalse(win32.wineVersion().isEmpty(), "compared with Wine so far");
        }
        assertThat(transcript(script, Site.here())).containsExactlyElementsOf(expected().get(script.title()).wine());
    }

    @Test
    void theFileHasTheseScriptsAndNoOthers() throws IOException {
        assertThat(expected().keySet()).containsExactlyElementsOf(scripts().map(AgreementScripts::title).toList());
    }

    private static List<String> transcript(AgreementScripts script, Site site) throws IOException, TimeoutException {
        Transcript transcript = new Transcript();
        site.run(new Experiment() {
            @Override
            public String name() {
                return script.title();
            }

            @Override
            public String question() {
                return "";
            }

            @Override
            public Finding run(Lab lab) throws IOException, TimeoutException {
                script.play(transcript, lab);
                return null;
            }
        }, progress -> { });
        return transcript.lines();
    }

    private static Map<String, Expected> expected() throws IOException {
        Map<String, Expected> scripts = new LinkedHashMap<>();
        Expected current = null;
        for (String line : read().lines().toList()) {
            if (line.startsWith(HEADING)) {
                current = new Expected(new ArrayList<>(), new ArrayList<>());
                scripts.put(line.substring(HEADING.length()), current);
            } else if (line.startsWith(ON_WINE)) {
                current.wine.set(current.wine.size() - 1, line.substring(ON_WINE.length(), line.lastIndexOf(" [")));
            } else if (!line.isBlank() && !line.startsWith("#")) {
                current.windows.add(line);
                current.wine.add(line);
            }
        }
        return scripts;
    }

    private static String read() throws IOException {
        try (InputStream in = AgreementTest.class.getResourceAsStream(FILE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
