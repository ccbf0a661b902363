package org.iocp4j.tls;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.iocp4j.server.files.FileRange;

/**
 * A part of a file that is still to be encrypted, or other memory that is too long for a queue. A file is mapped, so
 * its channel may be closed. One thread at a time.
 */
final class FilePart {
    private final Arena arena;
    private final MemorySegment memory;
    private long position;

    private FilePart(Arena arena, MemorySegment memory) {
        this.arena = arena;
        this.memory = memory;
    }

    static FilePart map(Path file, long position, long count) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return map(channel, file, position, count);
        }
    }

    /** @param name of the file, for messages */
    @SuppressWarnings("MustBeClosedChecker") // the arena is, by close
    static FilePart map(FileChannel channel, Object name, long position, long count) throws IOException {
        Arena arena = Arena.ofShared(); // closed by whichever thread sends the last of it
        try {
            return new FilePart(arena, FileRange.map(channel, name, position, count, arena));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    /** A copy of memory that is too long for a queue: its owner may give it back before it is encrypted. */
    @SuppressWarnings("MustBeClosedChecker") // as above
    static FilePart copy(ByteBuffer part) {
        Arena arena = Arena.ofShared();
        try {
            return new FilePart(arena, arena.allocate(part.remaining()).copyFrom(MemorySegment.ofBuffer(part)));
        } catch (Throwable e) {
            arena.close();
            throw e;
        }
    }

    /** Puts in what fits. */
    void read(ByteBuffer into) {
        long bytes = Math.min(into.remaining(), memory.byteSize() - position);
        into.put(memory.asSlice(position, bytes).asByteBuffer());
        position += bytes;
    }

    boolean isRead() {
        return position == memory.byteSize();
    }

    void close() {
        arena.close();
    }
}
