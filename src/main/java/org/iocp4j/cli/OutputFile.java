package org.iocp4j.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** The file that an option names: there and whole, or not there, or as it was before. */
final class OutputFile {
    private final String option;
    private final Path path;

    OutputFile(String option, Path path) {
        this.option = option;
        this.path = path;
    }

    /** The one that was given, if any, looked at before anything runs: a run may take minutes. */
    static Optional<OutputFile> checked(String option, String given) {
        if (given == null) {
            return Optional.empty();
        }
        try {
            OutputFile file = new OutputFile(option, Path.of(given));
            file.check();
            return Optional.of(file);
        } catch (InvalidPathException e) {
            throw OptionErrors.notAllowed(option, given, "a path");
        }
    }

    /** Takes one of an earlier run away, which would tell of what is no more. */
    void clear() {
        if (Files.isDirectory(path)) {
            throw failure("it is a folder"); // an empty one would be deleted
        }
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** What would fail at the end: a file is made beside its place, and deleted. */
    void check() {
        store("", false);
    }

    /** Written beside its place first: whoever sees the file sees all of it. */
    void write(String text) {
        store(text, true);
    }

    private void store(String text, boolean stays) {
        if (path.getFileName() == null || Files.isDirectory(path)) {
            throw failure("it is a folder");
        }
        if (!Files.isDirectory(path.toAbsolutePath().getParent())) {
            throw failure("no such folder");
        }
        Path part = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try {
                Files.writeString(part, text);
                if (stays) {
                    Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
                }
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private CommandFailure failure(IOException e) {
        return failure(switch (e) {
            case NoSuchFileException missing -> "no such folder";
            case AccessDeniedException denied -> "access denied";
            case DirectoryNotEmptyException folder -> "it is a folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.toString();
        });
    }

    private CommandFailure failure(String reason) {
        return new CommandFailure(option + ": cannot write " + path + ": " + reason);
    }
}
