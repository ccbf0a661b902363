package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The jar that runs by itself. */
@Tag("packaged")
@Timeout(120)
class ApplicationJarTest {
    private Path application;

    @BeforeEach
    void findApplication() {
        application = Jars.application();
    }

    private Attributes manifest() throws IOException {
        try (JarFile jar = new JarFile(application.toFile())) {
            return jar.getManifest().getMainAttributes();
        }
    }

    @Test
    void holdsEveryClassOfOursAndWhatTheyNeed() throws Exception {
        assertThat(Jars.entries(application)).containsAll(Jars.compiledClasses(application))
                .contains("org/iocp4j/server/IocpServer.class", "org/iocp4j/port/CompletionPort.class",
                        "org/iocp4j/simkernel/SimulatedKernel.class", "org/iocp4j/echo/EchoServer.class",
                        "picocli/CommandLine.class", "org/HdrHistogram/Histogram.class",
                        "com/fasterxml/jackson/core/JsonFactory.class", "org/slf4j/LoggerFactory.class",
                        "META-INF/services/org.slf4j.spi.SLF4JServiceProvider", "simplelogger.properties")
                .noneMatch(name -> name.startsWith("org/junit/") || name.startsWith("com/tngtech/"));
    }

    /** A module-info of ours or of a dependency would say something of the whole jar that is not true. */
    @Test
    void isNoModule() throws Exception {
        assertThat(Jars.entries(application)).noneMatch(name -> name.endsWith("module-info.class"));
    }

    @Test
    void manifestNamesMainClassAndAllowsNativeAccess() throws Exception {
        assertThat(manifest().getValue("Main-Class")).isEqualTo("org.iocp4j.cli.Main");
        assertThat(manifest().getValue("Enable-Native-Access")).isEqualTo("ALL-UNNAMED");
    }

    @Test
    void runsAndSaysItsVersion() throws Exception {
        Jars.Ended version = Jars.java(Jars.newFolder(application),
                List.of("-jar", application.toString(), "--version"));
        assertThat(version.err()).isEmpty();
        assertThat(version.out()).isEqualTo("iocp4j " + manifest().getValue("Implementation-Version") + "\n");
        assertThat(version.exitCode()).isZero();
    }
}
