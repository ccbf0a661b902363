package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** A modular project of others whose tests use {@code iocp4j-junit}, run by Surefire: {@code examples/junit}. */
@Tag("packaged")
@Tag("slow")
@Timeout(600)
@DisabledIf("thereIsNoCompiler")
class JunitExampleTest {
    private static final List<String> MODULES = List.of("core", "server", "echo", "junit");

    /** So the Windows JDK of the test bed: this test runs in Linux' JVM, and starts that one. */
    static boolean thereIsNoCompiler() {
        return ToolProvider.getSystemJavaCompiler() == null;
    }

    @Test
    void itsTestsRunInAWindowsJvm() throws Exception {
        ExampleBuild build = ExampleBuild.of("junit", MODULES, "-Djvm=" + ExampleBuild.windowsJava(), "test");
        assertThat(build.exitCode()).as(build.log()).isZero();
        assertThat(report(build)).contains("tests=\"3\"", "errors=\"0\"", "skipped=\"0\"", "failures=\"0\"");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereTheyAreSkippedWithTheReason() throws Exception {
        ExampleBuild build = ExampleBuild.of("junit", MODULES, "test");
        assertThat(build.exitCode()).as(build.log()).isZero();
        assertThat(report(build)).contains("<skipped", "iocp4j needs Windows&apos; completion ports")
                .contains("errors=\"0\"", "failures=\"0\"");
    }

    private static String report(ExampleBuild build) throws IOException {
        return Files.readString(Path.of(build.folder().toString(),
                "target/surefire-reports/TEST-example.client.MyClientTest.xml"));
    }
}
