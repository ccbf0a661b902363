package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.CREATE_ALWAYS;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.FILE_FLAG_OVERLAPPED;
import static org.iocp4j.win32.generated.WinTypes.FILE_SHARE_READ;
import static org.iocp4j.win32.generated.WinTypes.FILE_SHARE_WRITE;
import static org.iocp4j.win32.generated.WinTypes.GENERIC_READ;
import static org.iocp4j.win32.generated.WinTypes.GENERIC_WRITE;
import static org.iocp4j.win32.generated.WinTypes.OPEN_EXISTING;

import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A file whose reads and writes complete on the port of its {@link IoDomain}. One of them may be pending at a time. A
 * post's outcome is one of {@link StreamSocket}'s; so are the rules for threads. {@link IoDomain#openFile} makes it.
 *
 * <p>Windows may make a read or write of a file wait in the call itself, for the disk [doc].
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class OverlappedFile extends IoHandle {
    /** What a file tells, as {@link SocketEvents} says. */
    public interface Events {
        /**
         * A read or a write has ended.
         *
         * @param status of a read behind the end of the file, STATUS_END_OF_FILE (C0000011)
         */
        void transferred(OverlappedFile file, int status, int bytes, IoThread io);

        /** The last event after {@link OverlappedFile#close}. */
        default void gone(OverlappedFile file, IoThread io) {
        }
    }

    /** What a file is opened for. */
    public enum Access {
        /** An existing file; others may read it and write it. */
        READ(GENERIC_READ(), OPEN_EXISTING()),
        /** Made anew, or emptied. */
        WRITE(GENERIC_READ() | GENERIC_WRITE(), CREATE_ALWAYS());

        private final int rights;
        private final int disposition;

        Access(int rights, int disposition) {
            this.rights = rights;
            this.disposition = disposition;
        }
    }

    /** The most files that a domain has open at the same time. */
    public static final int MOST_FILES = 16_384;

    private final FileSlot slot;
    private final Events events;
    private final String path;
    private final long handle;

    OverlappedFile(IoDomain domain, FileSlot slot, String path, Access access, Events events, IoThread io)
            throws Win32Exception {
        super(domain);
        this.slot = slot;
        this.path = path;
        this.events = events;
        handle = io.win32().createFile(path, access.rights, FILE_SHARE_READ() | FILE_SHARE_WRITE(), access.disposition,
                FILE_FLAG_OVERLAPPED());
        if (handle < 0) {
            throw io.win32().failure("CreateFileW", (int) -handle, path);
        }
        try {
            int error = domain.port().associate(io.win32(), handle, 0);
            if (error != 0) {
                throw io.win32().failure("CreateIoCompletionPort", error, path);
            }
        } catch (Throwable e) {
            io.win32().closeHandle(handle);
            throw e;
        }
        slot.file = this;
        opened();
    }

    /**
     * Reads; its event is {@link Events#transferred}, with fewer bytes than asked for at the end of the file.
     *
     * @param position where in the file it begins, in bytes
     * @param address  of {@code bytes} off the heap that stay in place
     * @return one of the outcomes that {@link StreamSocket} lists; {@code -ERROR_HANDLE_EOF} (-38) behind the end
     */
    public int read(long position, long address, int bytes, IoThread io) {
        return transfer(false, position, address, bytes, io);
    }

    /** Writes; otherwise as {@link #read}. */
    public int write(long position, long address, int bytes, IoThread io) {
        return transfer(true, position, address, bytes, io);
    }

    private int transfer(boolean writes, long position, long address, int bytes, IoThread io) {
        if (position < 0 || bytes < 0) {
            throw new IllegalArgumentException(bytes + " bytes from " + position + " on of " + this);
        }
        if (!enterPost(io)) {
            return -ERROR_INVALID_HANDLE();
        }
        Operation operation = slot.operation;
        int error;
        try {
            error = writes ? io.writeFile(operation, 0, handle, position, address, bytes)
                    : io.readFile(operation, 0, handle, position, address, bytes);
        } catch (Throwable e) {
            refused(io);
            throw e;
        }
        return outcome(error, operation, io);
    }

    void completed(int status, int bytes, IoThread io) {
        try {
            events.transferred(this, status, bytes, io);
        } finally {
            told(io);
        }
    }

    /** The handle, for a call between {@link #enter} and {@link #leave}. */
    long handle() {
        return handle;
    }

    /**
     * How long it is.
     *
     * @return the bytes, or minus the error
     */
    public long size(IoThread io) {
        if (!enter(io)) {
            return -ERROR_INVALID_HANDLE();
        }
        try {
            return io.win32().getFileSizeEx(handle);
        } finally {
            leave(io);
        }
    }

    /**
     * Cancels what is pending and closes the file. Sends that transmit it go on, and the handle is closed when the last
     * of them has completed. Any thread; the first call counts.
     *
     * @return whether this call was the first
     */
    public boolean close(IoThread io) {
        return beginClose(Closing.FIN, io);
    }

    @Override
    void release(@Nullable Closing how, IoThread io) {
        try {
            if (slot.operation.isPending()) {
                io.win32().cancelIoEx(handle, 0);
            }
        } finally {
            int error = io.win32().closeHandle(handle);
            if (error != 0) {
                IoDomain.LOG.error("CloseHandle: {}, {}", ErrorName.of(error), this);
            }
        }
    }

    @Override
    void gone(IoThread io) {
        slot.file = null;
        domain.forget(this, slot);
        events.gone(this, io);
    }

    @Override
    public String toString() {
        return "file " + handle + " (" + path + ")";
    }
}
