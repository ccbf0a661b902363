package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.iocp4j.server.Settled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The ready file of a server in a Windows JVM, which cannot tell a link of Linux' from a file, nor a device. */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class WineFilesTest extends WineTestBed {
    @TempDir
    private Path files;

    /** What a server did that was given this file; its exit code and standard error. */
    private record End(int exitCode, String errors) {
    }

    private End serve(Path ready) throws Exception {
        File err = files.resolveSibling(files.getFileName() + ".err").toFile();
        List<String> command = new ArrayList<>(windowsJava());
        command.addAll(List.of("serve", "--port", "0", "--seconds", "1", "--ready-file", ready.toString()));
        Process server = started(new ProcessBuilder(command).redirectOutput(Redirect.DISCARD).redirectError(err));
        assertThat(server.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        return new End(server.exitValue(), Files.readString(err.toPath()));
    }

    @Test
    void aLinkIsFollowedAndStays() throws Exception {
        Path folder = Files.createDirectory(files.resolve("sub"));
        Path target = Files.writeString(folder.resolve("target"), "127.0.0.1:1\n");
        Path link = Files.createSymbolicLink(files.resolve("link"), Path.of("sub", "target"));
        assertThat(serve(link).exitCode).isZero();
        assertThat(Files.readSymbolicLink(link)).isEqualTo(Path.of("sub", "target"));
        assertThat(Files.readString(target)).matches("127\\.0\\.0\\.1:\\d+\n").isNotEqualTo("127.0.0.1:1\n");
        assertThat(folder.toFile().list()).containsExactly("target");
    }

    /** An earlier run's address must not be found where no server has started; but what a link names is not ours. */
    @Test
    void whereTheServerDoesNotStartALinksTargetIsEmptyAndStays() throws Exception {
        Path target = Files.writeString(files.resolve("target"), "127.0.0.1:1\n");
        Path link = Files.createSymbolicLink(files.resolve("link"), target);
        List<String> command = new ArrayList<>(windowsJava());
        // From a block kept for documentation: nobody can listen there.
        command.addAll(List.of("serve", "--host", "192.0.2.1", "--ready-file", link.toString()));
        Process server = started(new ProcessBuilder(command).redirectError(Redirect.DISCARD));
        assertThat(server.waitFor(Settled.LONGEST.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(server.exitValue()).isOne();
        assertThat(target).isEmptyFile();
        assertThat(link).isSymbolicLink();
    }

    @Test
    void aDeviceBehindALinkIsWrittenAndStays() throws Exception {
        Path link = Files.createSymbolicLink(files.resolve("link"), Path.of("/dev/null"));
        assertThat(serve(link).exitCode).isZero();
        assertThat(link).isSymbolicLink();
        assertThat(Files.getAttribute(Path.of("/dev/null"), "isOther", LinkOption.NOFOLLOW_LINKS)).isEqualTo(true);
        assertThat(files.toFile().list()).containsExactly("link");
    }

    @Test
    void aPipeIsWrittenOnceAndStays() throws Exception {
        Path pipe = files.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        Process reader = started(new ProcessBuilder("cat", pipe.toString()));
        assertThat(serve(pipe).exitCode).isZero();
        assertThat(reader.inputReader().lines()).singleElement().asString().matches("127\\.0\\.0\\.1:\\d+");
        assertThat(Files.getAttribute(pipe, "isOther", LinkOption.NOFOLLOW_LINKS)).isEqualTo(true);
        assertThat(files.toFile().list()).containsExactly("pipe");
    }

    @Test
    void aLinkThatLeadsNowhereStays() throws Exception {
        Path link = Files.createSymbolicLink(files.resolve("link"), Path.of("nowhere"));
        End end = serve(link);
        assertThat(end.errors).startsWith("--ready-file: cannot write ").hasLineCount(1)
                .endsWith(": it is a link to what is not there\n");
        assertThat(end.exitCode).isOne();
        assertThat(link).isSymbolicLink();
        assertThat(files.toFile().list()).containsExactly("link");
    }

    @Test
    void aLoopOfLinksIsOneLine() throws Exception {
        Path link = Files.createSymbolicLink(files.resolve("link"), Path.of("link"));
        End end = serve(link);
        assertThat(end.errors).startsWith("--ready-file: cannot write ").hasLineCount(1);
        assertThat(end.exitCode).isOne();
        assertThat(link).isSymbolicLink();
    }
}
