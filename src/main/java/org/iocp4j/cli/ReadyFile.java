package org.iocp4j.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The file that tells a script where a server listens: there and whole, or not there. */
final class ReadyFile {
    private final Path path;

    ReadyFile(Path path) {
        this.path = path;
    }

    /** Takes one of an earlier run away, which would tell of a server that is no more. */
    void clear() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /** Written beside its place first: whoever sees the file sees all of it. */
    void write(String text) {
        Path part = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try {
                Files.writeString(part, text + "\n");
                Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private CommandFailure failure(IOException e) {
        String reason = switch (e) {
            case NoSuchFileException missing -> "no such folder";
            case AccessDeniedException denied -> "access denied";
            case DirectoryNotEmptyException folder -> "it is a folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> e.toString();
        };
        return new CommandFailure("--ready-file: cannot write " + path + ": " + reason);
    }
}
