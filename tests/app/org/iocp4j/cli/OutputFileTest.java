package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.iocp4j.server.Settled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link WineFilesTest} has what a Windows JVM does with Linux' links, devices and pipes. */
@Timeout(120)
class OutputFileTest {
    @TempDir
    private Path folder;

    private static OutputFile file(Path path) {
        return OutputFile.of("--html", path.toString()).orElseThrow();
    }

    private static void failsWith(ThrowingCallable what, String message) {
        assertThatThrownBy(what).isInstanceOf(CommandFailure.class).hasMessage(message);
    }

    @Test
    void replacesAnEarlierPageAndLeavesNothingElse() throws IOException {
        Path path = Files.writeString(folder.resolve("page.html"), "earlier");
        file(path).check();
        assertThat(path).hasContent("earlier");
        file(path).write("page\n");
        assertThat(path).hasContent("page\n");
        assertThat(folder.toFile().list()).containsExactly("page.html");
    }

    @Test
    void makesAPageAndLeavesNothingElse() {
        Path path = folder.resolve("page.html");
        file(path).check();
        assertThat(folder).isEmptyDirectory();
        file(path).write("page\n");
        assertThat(path).hasContent("page\n");
        assertThat(folder.toFile().list()).containsExactly("page.html");
        file(path).clear();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFolderIsNoFile() {
        failsWith(() -> file(folder).write("page"), "--html: cannot write " + folder + ": it is a folder");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anEmptyFolderIsNotTakenAwayAsAnEarlierRunsFile() {
        failsWith(() -> file(folder).clear(), "--html: cannot write " + folder + ": it is a folder");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aNameThatEndsAsAFoldersIsNoFile() {
        String name = folder.resolve("page") + "/";
        failsWith(() -> OutputFile.of("--html", name), "--html: cannot write " + name + ": it is a folder");
    }

    /** The bytes that the user typed are lost: a file of this name would not be the one that was meant. */
    @Test
    void aNameThatThisProcessCannotReadIsRefused() {
        assertThatThrownBy(() -> OutputFile.of("--html", "\uFFFDber.html")).isInstanceOf(CommandFailure.class)
                .hasMessage("--html: '\uFFFDber.html' is not allowed, must be a path in the characters of "
                        + System.getProperty("sun.jnu.encoding") + ", as LC_ALL, LANG or Windows' code page has it");
    }

    @Test
    void aFolderThatIsNotThereIsNotMade() {
        Path path = folder.resolve("none").resolve("page.html");
        failsWith(() -> file(path).check(), "--html: cannot write " + path + ": no such folder");
    }

    /** In a folder that all can write to, a link under the part's name would lead the text elsewhere. */
    @Test
    void whatLiesWhereItsPartShouldIsNotTouched() throws IOException {
        Path path = folder.resolve("page.html");
        Path part = Files.writeString(folder.resolve("page.html." + ProcessHandle.current().pid() + ".part"), "stays");
        failsWith(() -> file(path).write("page"), "--html: cannot write " + path + ": " + part + " is in the way");
        assertThat(part).hasContent("stays");
        assertThat(path).doesNotExist();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void linksAreFollowedAndStay() throws IOException {
        Path page = Files.writeString(Files.createDirectory(folder.resolve("sub")).resolve("page.html"), "earlier");
        Path second = Files.createSymbolicLink(folder.resolve("second"), Path.of("sub", "page.html"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), second);
        file(link).check();
        assertThat(page).hasContent("earlier");
        file(link).write("page\n");
        assertThat(page).hasContent("page\n").isRegularFile();
        file(link).clear();
        assertThat(page).isEmptyFile();
        assertThat(Files.readSymbolicLink(link)).isEqualTo(second);
        assertThat(Files.readSymbolicLink(second)).isEqualTo(Path.of("sub", "page.html"));
        assertThat(folder.resolve("sub").toFile().list()).containsExactly("page.html");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aLinkThatLeadsNowhereStays() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("nowhere"));
        String message = "--html: cannot write " + link + ": it is a link to what is not there";
        failsWith(() -> file(link).check(), message);
        failsWith(() -> file(link).clear(), message);
        failsWith(() -> file(link).write("page"), message);
        assertThat(link).isSymbolicLink();
        assertThat(folder.toFile().list()).containsExactly("link");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aLoopOfLinksIsOneLine() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("link"));
        assertThatThrownBy(() -> file(link).check()).isInstanceOf(CommandFailure.class)
                .hasMessageStartingWith("--html: cannot write " + link + ": Too many levels of symbolic links");
        assertThat(link).isSymbolicLink();
    }

    /** As root, {@code --html /dev/null} must not leave a file there. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aDeviceIsWrittenAndStays() throws Exception {
        Path device = folder.resolve("null");
        assumeTrue(run("mknod", device.toString(), "c", "1", "3") == 0, "root alone makes devices");
        Path link = Files.createSymbolicLink(folder.resolve("link"), device);
        for (Path path : new Path[] {device, link}) {
            file(path).check();
            file(path).clear();
            file(path).write("page");
        }
        assertThat(Files.getAttribute(device, "isOther", LinkOption.NOFOLLOW_LINKS)).isEqualTo(true);
        assertThat(link).isSymbolicLink();
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("null", "link");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aPipeIsWrittenOnceAndStays() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(run("mkfifo", pipe.toString())).isZero();
        CompletableFuture<String> read = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                read.complete(Files.readString(pipe));
            } catch (IOException e) {
                read.completeExceptionally(e);
            }
        });
        file(pipe).check();
        file(pipe).clear();
        file(pipe).write("page");
        assertThat(read).succeedsWithin(Settled.LONGEST).isEqualTo("page");
        assertThat(Files.getAttribute(pipe, "isOther", LinkOption.NOFOLLOW_LINKS)).isEqualTo(true);
        assertThat(folder.toFile().list()).containsExactly("pipe");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "rw-rw-rw-", "rwxr-x---"})
    @EnabledOnOs(OS.LINUX)
    void aFileThatIsReplacedKeepsItsMode(String mode) throws IOException {
        Path path = Files.writeString(folder.resolve("page.html"), "earlier");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
        file(path).write("page");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo(mode);
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void aReadOnlyFileStays() throws IOException {
        Path path = Files.writeString(folder.resolve("page.html"), "earlier");
        Files.setAttribute(path, "dos:readonly", true);
        try {
            failsWith(() -> file(path).check(), "--html: cannot write " + path + ": access denied");
            failsWith(() -> file(path).clear(), "--html: cannot write " + path + ": access denied");
            failsWith(() -> file(path).write("page"), "--html: cannot write " + path + ": access denied");
            assertThat(path).hasContent("earlier");
        } finally {
            Files.setAttribute(path, "dos:readonly", false);
        }
    }

    /** A pipe that nobody serves; a drive that is not there (Wine has C: and Z:). */
    @ParameterizedTest
    @ValueSource(strings = {"q:page", "q:\\page", "\\\\.\\pipe\\iocp4j-none", "nul:\\x",
            "a<b", "\\\\.\\nul", "c:"})
    @EnabledOnOs(OS.WINDOWS)
    void whatCannotBeIsOneLine(String name) {
        assertThatThrownBy(() -> {
            OutputFile file = OutputFile.of("--html", name).orElseThrow();
            file.clear();
            file.write("page");
        }).isInstanceOf(CommandFailure.class).message().startsWith("--html: ").hasLineCount(1).contains(name);
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void nulTakesItAll() {
        OutputFile file = OutputFile.checked("--html", "nul").orElseThrow();
        file.clear();
        file.write("page");
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).start().waitFor();
    }
}
