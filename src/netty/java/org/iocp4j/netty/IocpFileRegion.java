package org.iocp4j.netty;

import static org.iocp4j.win32.generated.WinTypes.ERROR_FILE_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_NAME;
import static org.iocp4j.win32.generated.WinTypes.ERROR_PATH_NOT_FOUND;

import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.IllegalReferenceCountException;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import org.iocp4j.socket.OverlappedFile;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A part of a file that Windows sends by TransmitFile, without a copy in this process. An {@link IocpSocketChannel}
 * sends it, no other channel. (It also sends a {@link io.netty.channel.DefaultFileRegion}, by copies: the file's
 * Windows handle is out of reach there.) The file is opened at the first send, and closed when the region is released.
 *
 * <p>Client editions of Windows make two such sends at a time, the others wait [doc].
 */
public final class IocpFileRegion extends AbstractReferenceCounted implements FileRegion {
    /** The most of one send: progress comes in steps of this size. */
    static final int MOST_BYTES = 1 << 26;

    private final File source;
    private final long from;
    private final long bytes;
    private long transferred;
    private @Nullable OverlappedFile opened;
    private @Nullable IocpIoHandler loop;

    /**
     * The file need not exist yet.
     *
     * @param file     the file
     * @param position where in the file the region begins, in bytes
     * @param count    how many bytes; if the file has fewer, the write fails with an {@link IOException}
     */
    public IocpFileRegion(File file, long position, long count) {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException(count + " bytes from " + position + " on of " + file);
        }
        source = Objects.requireNonNull(file, "file is null");
        from = position;
        bytes = count;
    }

    /** The file, open on the port of a loop. On the loop's thread. */
    OverlappedFile open(IocpIoHandler on) throws IOException {
        OverlappedFile present = opened;
        if (present == null) {
            if (refCnt() == 0) {
                throw new IllegalReferenceCountException(0);
            }
            try {
                present = on.domain().openFile(source.getPath(), OverlappedFile.Access.READ, (file, status, n, io) -> {
                    throw new IllegalStateException("nobody reads from it: " + file);
                }, on.io());
            } catch (Win32Exception e) {
                if (e.code() == ERROR_FILE_NOT_FOUND() || e.code() == ERROR_PATH_NOT_FOUND()
                        || e.code() == ERROR_INVALID_NAME()) {
                    throw (IOException) new FileNotFoundException(e.getMessage()).initCause(e);
                }
                throw e;
            }
            opened = present;
            loop = on;
        }
        return present;
    }

    void sent(int more) {
        transferred += more;
    }

    @Override
    public long position() {
        return from;
    }

    @Override
    @Deprecated
    public long transfered() {
        return transferred;
    }

    @Override
    public long transferred() {
        return transferred;
    }

    @Override
    public long count() {
        return bytes;
    }

    /** Not for this region: its file is Windows' own. */
    @Override
    public long transferTo(WritableByteChannel target, long position) {
        throw new UnsupportedOperationException("only an IocpSocketChannel sends " + this);
    }

    /** Any thread. */
    @Override
    protected void deallocate() {
        OverlappedFile present = opened;
        IocpIoHandler on = loop;
        if (present != null && on != null) {
            on.call(present::close);
        }
    }

    @Override
    public IocpFileRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public IocpFileRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public IocpFileRegion touch() {
        return this;
    }

    @Override
    public IocpFileRegion touch(Object hint) {
        return this;
    }

    @Override
    public String toString() {
        return "a region of " + source + ": " + bytes + " bytes from " + from + " on, " + transferred + " sent";
    }
}
