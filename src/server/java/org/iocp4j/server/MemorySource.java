package org.iocp4j.server;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.files.FileRange;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/** Memory that Windows sends from: lent memory, or a part of a file that is mapped for this. */
final class MemorySource extends SendSource {
    private final long address;
    private final Runnable giveBack;
    /** The file that it maps; null if it is memory alone. */
    private final @Nullable String file;

    private MemorySource(MemorySegment memory, Runnable giveBack, @Nullable String file, long progressNanos) {
        super(0, memory.byteSize(), progressNanos);
        this.address = memory.address();
        this.giveBack = giveBack;
        this.file = file;
    }

    /** @param giveBack is run when it is over; until then the memory stays */
    static MemorySource lent(MemorySegment memory, Runnable giveBack, long progressNanos) {
        return new MemorySource(memory, giveBack, null, progressNanos);
    }

    /**
     * Maps a part of a file. The channel may be closed afterwards.
     *
     * @throws IOException if it cannot be mapped, or has fewer bytes
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena is, by whichever thread sends the last of it
    static MemorySource mapped(FileChannel channel, Object name, long position, long count, long progressNanos)
            throws IOException {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment memory = FileRange.map(channel, name, position, count, arena);
            return new MemorySource(memory, arena::close, name.toString(), progressNanos);
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    /** The same of a file that is opened for this: on any thread, since no completion port takes part. */
    static MemorySource mapped(Path path, long position, long count, long progressNanos) throws IOException {
        if (Files.isDirectory(path)) {
            throw FileSource.isDirectory(path);
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return mapped(channel, path, position, count, progressNanos);
        }
    }

    /** Where the piece lies. */
    long address() {
        return address + position();
    }

    @Override
    @Nullable IOException shortage() {
        return null;
    }

    @Override
    @Nullable IOException failure(int error) {
        return file == null ? null : new Win32Exception("WSASend", error, file + ", which is mapped");
    }

    @Override
    void release(@Nullable IoThread io) {
        release();
    }

    /** The same on any thread. */
    void release() {
        giveBack.run();
    }
}
