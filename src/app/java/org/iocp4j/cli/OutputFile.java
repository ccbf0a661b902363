package org.iocp4j.cli;

import java.io.File;
import java.io.IOError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.Optional;

/**
 * A file that an option names as output. An ordinary file is there and whole, or not there, or as it was before. A link
 * is followed, and stays. A device, pipe or socket is written as it is: nothing is made, moved or deleted in its place.
 *
 * <p>What a Windows JVM sees of Linux' files [wine]: A link to a file is like the file; only getCanonicalFile (JDK 24)
 * tells where it leads. To delete it deletes what it leads to, and to move a file over it replaces the link. A link to
 * nothing is like no file, but a file of its name cannot be made. The attributes of a device, a pipe or a socket cannot
 * be read; the first two can be opened.
 */
final class OutputFile {
    private static final String FOLDER = "it is a folder";
    private static final String NO_FOLDER = "no such folder";
    private static final String DANGLING = "it is a link to what is not there";
    /** Stands in a name for bytes that are no characters of the process's character set; Windows' JVM has '?' there. */
    private static final char UNKNOWN = '\uFFFD';

    private enum Kind { MISSING, ORDINARY, SPECIAL }

    private final String option;
    private final Path path;

    private OutputFile(String option, Path path) {
        this.option = option;
        this.path = path;
    }

    /** The file that was given, if any, not checked yet. */
    static Optional<OutputFile> of(String option, String given) {
        return Optional.ofNullable(given).map(name -> new OutputFile(option, absolute(option, name)));
    }

    /** The file that was given, if any, checked before anything runs: a run may take minutes. */
    static Optional<OutputFile> checked(String option, String given) {
        Optional<OutputFile> file = of(option, given);
        file.ifPresent(OutputFile::check);
        return file;
    }

    private static Path absolute(String option, String given) {
        try {
            Path path = Path.of(given).toAbsolutePath();
            if (given.indexOf(UNKNOWN) >= 0) {
                throw new InvalidPathException(given, "another name than was meant");
            }
            if (given.endsWith("/") || given.endsWith(File.separator)) {
                throw failure(option, given, FOLDER); // or its name would be taken for a file's
            }
            return path;
        } catch (InvalidPathException e) {
            boolean unknown = given.indexOf(UNKNOWN) >= 0 || given.indexOf('?') >= 0;
            throw OptionErrors.notAllowed(option, given, !unknown ? "a path" : "a path in the characters of "
                    + System.getProperty("sun.jnu.encoding") + ", as LC_ALL, LANG or Windows' code page has it");
        } catch (IOError e) {
            throw failure(option, given, e.getCause().getMessage()); // of a drive that is not there, as in q:name
        }
    }

    /** Tries what would fail at the end: for an ordinary file one is made beside it, and deleted. */
    void check() {
        try {
            Kind kind = kind();
            if (kind != Kind.SPECIAL) { // a pipe's reader would notice
                Files.delete(writePart(target(kind), ""));
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Deletes what an earlier run wrote, which is no longer true. */
    void clear() {
        check();
        try {
            if (kind() != Kind.ORDINARY) {
                return;
            }
            Path target = target(Kind.ORDINARY);
            if (target.equals(real(path.getParent()).resolve(path.getFileName()))) {
                Files.delete(target);
            } else {
                Files.writeString(target, ""); // there is a link to it, and somebody who wants it there
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** An ordinary file is written beside its place and then moved, so that no reader sees a part of it. */
    void write(String text) {
        try {
            Kind kind = kind();
            if (kind == Kind.SPECIAL) {
                writeInto(path, text);
                return;
            }
            Path target = target(kind);
            Path part = writePart(target, text);
            try {
                if (kind == Kind.ORDINARY) {
                    replace(target, part);
                } else {
                    create(target, part);
                }
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Neither made nor cut: a device or a pipe can be neither. */
    private static void writeInto(Path device, String text) throws IOException {
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.WRITE)) {
            ByteBuffer rest = StandardCharsets.UTF_8.encode(text);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
        }
    }

    /** Only a new file: in a shared folder somebody may have put a link under its name. */
    private static Path writePart(Path target, String text) throws IOException {
        Path part = target.resolveSibling(target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            Files.createFile(part);
        } catch (FileAlreadyExistsException e) {
            throw new FileSystemException(part.toString(), null, part + " is in the way");
        }
        try {
            Files.writeString(part, text);
            return part;
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw e;
        }
    }

    /** Windows has no mode bits: there the new file has the folder's permissions, as any new file. */
    private static void replace(Path target, Path part) throws IOException {
        var mode = Files.getFileAttributeView(target, PosixFileAttributeView.class);
        if (mode != null) {
            Files.setPosixFilePermissions(part, mode.readAttributes().permissions());
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** By a second name for it, which replaces nothing: under Wine a link to nothing looks like nothing. */
    private static void create(Path target, Path part) throws IOException {
        try {
            Files.createLink(target, part);
        } catch (FileAlreadyExistsException e) {
            throw new FileSystemException(target.toString(), null, DANGLING);
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE); // a file has one name here
        }
    }

    private Kind kind() throws IOException {
        if (path.getFileName() == null) {
            throw failure(option, path, FOLDER);
        }
        boolean windows = !path.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (windows && path.getRoot().toString().startsWith("\\\\.\\")) {
            return Kind.SPECIAL; // a pipe would take the look for its client
        }
        try {
            BasicFileAttributes there = Files.readAttributes(path, BasicFileAttributes.class);
            if (there.isDirectory()) {
                throw failure(option, path, FOLDER);
            }
            return there.isRegularFile() || windows ? Kind.ORDINARY : Kind.SPECIAL;
        } catch (NoSuchFileException e) {
            if (Files.isSymbolicLink(path)) {
                throw failure(option, path, DANGLING);
            }
            return Kind.MISSING;
        } catch (FileSystemException e) {
            if (windows && !(e instanceof AccessDeniedException) && Files.isDirectory(path.getParent())) {
                return Kind.SPECIAL; // not a file of a machine that does not answer
            }
            throw e;
        }
    }

    /** The place to write to, at the end of all links. */
    private Path target(Kind kind) throws IOException {
        Path target = kind == Kind.ORDINARY ? real(path) : path;
        if (!Files.isDirectory(target.getParent())) {
            throw failure(option, path, NO_FOLDER);
        }
        // Not Files.isWritable: it asks the volume, too, of which Wine complains on standard error [wine].
        if (kind == Kind.ORDINARY && !target.toFile().canWrite()) {
            throw new AccessDeniedException(target.toString());
        }
        return target;
    }

    /** toRealPath knows Windows' own links with any JDK, getCanonicalFile also those of Linux [wine]. */
    private static Path real(Path path) throws IOException {
        return path.toRealPath().toFile().getCanonicalFile().toPath();
    }

    private CommandFailure failure(IOException e) {
        return failure(option, path, switch (e) {
            case AccessDeniedException denied -> "access denied";
            case NoSuchFileException missing -> "no such file or folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.getMessage();
        });
    }

    private static CommandFailure failure(String option, Object path, String reason) {
        return new CommandFailure(option + ": cannot write " + path + ": " + reason);
    }
}
