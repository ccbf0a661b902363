package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.iocp4j.cli.ExitCode;
import org.iocp4j.cli.Main;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code --html FILE}: written whole or not at all. */
@Timeout(120)
class HtmlFileTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @Test
    void theCommandWritesThePage() throws IOException {
        Path path = folder.resolve("page.html");
        assertThat(study("second-association", "key-and-overlapped", "--simulated", "--seed", "3", "--html",
                path.toString()))
                .isZero();
        assertThat(err()).isEmpty();
        assertThat(out()).endsWith("\n\nhtml: " + path + "\n");
        assertThat(Files.readString(path)).endsWith("</html>\n").doesNotContain("\r", folder.toString())
                .contains(
                        "<code>./iocp4j study second-association key-and-overlapped --simulated --seed 3 --html"
                        + " page.html</code>",
                        "simulated kernel, seed 3", "id=\"experiment-key-and-overlapped\"",
                        System.getProperty("java.runtime.version"))
                .doesNotContain("id=\"experiment-wrong-session\"");
    }

    @Test
    void jsonStaysJson() {
        Path path = folder.resolve("page.html");
        assertThat(study("second-association", "--simulated", "--json", "--html", path.toString())).isZero();
        assertThat(out()).hasLineCount(1).startsWith("{");
        assertThat(path).exists();
    }

    @Test
    void aMissingFolderIsOneLineBeforeAnythingRuns() {
        Path path = folder.resolve("none").resolve("page.html");
        assertThat(study("--simulated", "--html", path.toString())).isEqualTo(ExitCode.FAILED);
        assertThat(err()).isEqualTo("--html: cannot write " + path + ": no such folder\n");
        assertThat(out()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // where the system decides what a name may be before it is tried
    void whatCannotBeWrittenIsSaidBeforeAnythingRuns() {
        assertThat(study("--simulated", "--html", folder.resolve("x".repeat(300)).toString()))
                .isEqualTo(ExitCode.FAILED);
        assertThat(err()).hasLineCount(1).startsWith("--html: cannot write " + folder);
        assertThat(out()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aNameThatIsNoneIsExitCode2() {
        assertThat(study("--simulated", "--html", "\0")).isEqualTo(ExitCode.WRONG_OPTIONS);
        assertThat(err()).hasLineCount(1).startsWith("--html: ");
    }

    private int study(String... arguments) {
        return Main.run(out, err, Stream.concat(Stream.of("study"), Stream.of(arguments)).toArray(String[]::new));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return StudyChecks.withoutProgress(err.toString(StandardCharsets.UTF_8));
    }
}
