package org.iocp4j.study;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A page in a file: there and whole, or not there, or as it was before. */
public final class HtmlFile {
    private final Path path;

    public HtmlFile(Path path) {
        this.path = path;
    }

    /**
     * Before minutes of experiments, what would fail after them: a file is made beside its place, and deleted.
     *
     * @throws IOException with what is wrong, for people
     */
    public void check() throws IOException {
        store("", false);
    }

    /**
     * Written beside its place first: whoever sees the file sees all of it.
     *
     * @throws IOException with what is wrong, for people
     */
    public void write(String page) throws IOException {
        store(page, true);
    }

    private void store(String page, boolean stays) throws IOException {
        if (path.getFileName() == null || Files.isDirectory(path)) {
            throw failure("it is a folder");
        }
        if (!Files.isDirectory(path.toAbsolutePath().getParent())) {
            throw failure("no such folder");
        }
        Path part = path.resolveSibling(path.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try {
                Files.writeString(part, page);
                if (stays) {
                    Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
                }
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (NoSuchFileException e) {
            throw failure("no such folder");
        } catch (AccessDeniedException e) {
            throw failure("access denied");
        } catch (DirectoryNotEmptyException e) {
            throw failure("it is a folder");
        } catch (IOException e) {
            throw failure(e.toString());
        }
    }

    private IOException failure(String reason) {
        return new IOException("cannot write " + path + ": " + reason);
    }
}
