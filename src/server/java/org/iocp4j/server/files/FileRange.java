package org.iocp4j.server.files;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;

/** A part of a file, as a caller names it: so many bytes from a position on. Any thread. */
public final class FileRange {
    private FileRange() { }

    /**
     * Refuses what no file can have.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public static void require(long position, long count) {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException((position < 0 ? "position: " + position : "count: " + count)
                    + " is negative");
        }
    }

    /**
     * Checks what {@link #require} has let through.
     *
     * @param file for the message
     * @throws EOFException if the file has fewer bytes
     */
    public static void requireWithin(long position, long count, long fileBytes, Object file) throws EOFException {
        if (position > fileBytes || count > fileBytes - position) {
            throw new EOFException(count + " bytes from " + position + " on of " + file + ", which has " + fileBytes);
        }
    }

    /**
     * Maps it, to be read. The channel may be closed afterwards.
     *
     * @param file  for the message
     * @param arena until this is closed, the part stays mapped
     * @throws IllegalArgumentException if no file can have it
     * @throws IOException              if it cannot be mapped, or the file has fewer bytes
     */
    public static MemorySegment map(FileChannel channel, Object file, long position, long count, Arena arena)
            throws IOException {
        require(position, count);
        requireWithin(position, count, channel.size(), file);
        return channel.map(FileChannel.MapMode.READ_ONLY, position, count, arena);
    }
}
