package org.iocp4j.server;

import static org.iocp4j.win32.generated.WinTypes.ERROR_ACCESS_DENIED;
import static org.iocp4j.win32.generated.WinTypes.ERROR_FILE_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.ERROR_PATH_NOT_FOUND;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.files.FileRange;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.OverlappedFile;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/** A part of a file, which Windows sends by TransmitFile. */
final class FileSource extends SendSource {
    private final OverlappedFile file;
    private final Path path;
    /** What the queue has copied, to be sent before the piece; the kernel's while the send is pending. */
    private long head;
    private int headBytes;

    private FileSource(OverlappedFile file, Path path, long position, long count, long progressNanos) {
        super(position, count, progressNanos);
        this.file = file;
        this.path = path;
    }

    /**
     * Opens the file.
     *
     * @throws IOException if it cannot be opened, or has fewer bytes
     */
    static FileSource open(Path path, long position, long count, long progressNanos, IoDomain domain, IoThread io)
            throws IOException {
        OverlappedFile file = open(path, domain, io);
        boolean isGood = false;
        try {
            long bytes = file.size(io);
            if (bytes < 0) {
                throw io.win32().failure("GetFileSizeEx", (int) -bytes, path.toString());
            }
            FileRange.requireWithin(position, count, bytes, path);
            isGood = true;
        } finally {
            if (!isGood) {
                file.close(io);
            }
        }
        return new FileSource(file, path, position, count, progressNanos);
    }

    private static OverlappedFile open(Path path, IoDomain domain, IoThread io) throws IOException {
        try {
            return domain.openFile(path.toString(), OverlappedFile.Access.READ, (file, status, bytes, on) -> {
                throw new IllegalStateException("nobody reads from it: " + file);
            }, io);
        } catch (Win32Exception e) {
            int code = e.code();
            if (code == ERROR_FILE_NOT_FOUND() || code == ERROR_PATH_NOT_FOUND()) {
                throw because(e, new NoSuchFileException(path.toString()));
            }
            if (code == ERROR_ACCESS_DENIED()) { // which a directory is told, too
                throw because(e, Files.isDirectory(path) ? isDirectory(path)
                        : new AccessDeniedException(path.toString()));
            }
            throw e;
        }
    }

    static FileSystemException isDirectory(Path path) {
        return new FileSystemException(path.toString(), null, "is a directory");
    }

    private static IOException because(Win32Exception cause, IOException what) {
        what.initCause(cause);
        return what;
    }

    /** What goes out before the next piece, with it. */
    void head(long address, int bytes) {
        head = address;
        headBytes = bytes;
    }

    /** Posts the send of the piece and its head; its outcome is {@link StreamSocket#transmit}'s. */
    int transmit(StreamSocket socket, IoThread io) {
        return socket.transmit(file, position(), pieceBytes(), head, headBytes, io);
    }

    @Override
    IOException shortage() {
        return new EOFException(path + " has become shorter: it ends at " + position() + ", and " + leftBytes()
                + " bytes were still to be sent");
    }

    @Override
    IOException failure(int error) {
        return new Win32Exception("TransmitFile", error, path + " at " + position());
    }

    @Override
    void release(@Nullable IoThread io) {
        file.close(Objects.requireNonNull(io, "a file needs a thread with an IoThread"));
    }
}
