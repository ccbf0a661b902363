package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerSpecTest {
    @Test
    void optionsFollowTheName() {
        assertThat(ServerSpec.parse(" iocp4j  --workers 1 "))
                .isEqualTo(new ServerSpec("iocp4j --workers 1", ServerKind.IOCP4J, null, List.of("--workers", "1")));
        assertThat(ServerSpec.parse("c-best")).isEqualTo(new ServerSpec("c-best", ServerKind.C_BEST, null, List.of()));
    }

    /** Shown by the name of its file: a report is not about where somebody's files lie. */
    @Test
    void aServerMayBeAnotherJars() {
        assertThat(ServerSpec.parse("iocp4j@build/before.jar")).isEqualTo(
                new ServerSpec("iocp4j@before.jar", ServerKind.IOCP4J, Path.of("build/before.jar"), List.of()));
        assertThat(ServerSpec.parse("iocp4j@build/before.jar  --workers 1").withWholePath()).isEqualTo(new ServerSpec(
                "iocp4j@" + Path.of("build/before.jar") + " --workers 1", ServerKind.IOCP4J,
                Path.of("build/before.jar"),
                List.of("--workers", "1")));
    }

    @Test
    void itsPathEndsWhereAWordEndsInJar() {
        assertThat(ServerSpec.parse("iocp4j@my  jars/be fore@1.JAR --ready-file x.jar")).isEqualTo(new ServerSpec(
                "iocp4j@be fore@1.JAR --ready-file x.jar", ServerKind.IOCP4J, Path.of("my  jars/be fore@1.JAR"),
                List.of("--ready-file", "x.jar")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"iocp4j@", "iocp4j@.jar", "iocp4j@before", "iocp4j@before.jar.old", "iocp4j@ before.jar",
        "@before.jar", "c@before.jar", "netty-nio@before.jar", "iocp4j@\0.jar"})
    void whatNamesNoJarOrTheJarOfNoServerOfOursIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse(text));
    }

    @Test
    void everyServerHasAName() {
        for (ServerKind kind : ServerKind.values()) {
            assertThat(ServerSpec.parse(kind.toString()).kind()).isEqualTo(kind);
        }
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse("")).withMessage("no such server: ");
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse("C"));
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse("netty-nio --fast"))
                .withMessage("netty-nio takes no options");
    }
}
