package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class OutputFileTest {
    @TempDir
    private Path folder;

    @Test
    void replacesAnEarlierPageAndLeavesNothingElse() throws IOException {
        Path path = Files.writeString(folder.resolve("page.html"), "earlier");
        new OutputFile("--html", path).write("page\n");
        assertThat(path).hasContent("page\n");
        assertThat(folder).isDirectoryContaining(file -> file.equals(path)).isDirectoryNotContaining(file -> !file.equals(path));
    }

    @Test
    void aFolderIsNoFile() {
        assertThatThrownBy(() -> new OutputFile("--html", folder).write("page")).isInstanceOf(CommandFailure.class)
                .hasMessage("--html: cannot write " + folder + ": it is a folder");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anEmptyFolderIsNotTakenAwayAsAnEarlierRunsFile() {
        assertThatThrownBy(() -> new OutputFile("--ready-file", folder).clear()).isInstanceOf(CommandFailure.class)
                .hasMessage("--ready-file: cannot write " + folder + ": it is a folder");
        assertThat(folder).isEmptyDirectory();
    }
}
