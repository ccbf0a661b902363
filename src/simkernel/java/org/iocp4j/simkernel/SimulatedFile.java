package org.iocp4j.simkernel;

import java.util.Arrays;

/** What is behind a HANDLE of a file. */
final class SimulatedFile extends FileObject {
    /** What is on the disk. */
    static final class Contents {
        byte[] bytes;

        Contents(byte[] bytes) {
            this.bytes = bytes;
        }

        /** What there is from an offset on, at most so many bytes. */
        byte[] from(long offset, int most) {
            int first = (int) Math.min(offset, bytes.length);
            return Arrays.copyOfRange(bytes, first, first + Math.min(most, bytes.length - first));
        }

        /** What lies between the old end and the offset is zeros. */
        void write(int offset, byte[] source) {
            if (offset + source.length > bytes.length) {
                bytes = Arrays.copyOf(bytes, offset + source.length);
            }
            System.arraycopy(source, 0, bytes, offset, source.length);
        }
    }

    final Contents contents;
    final boolean reads;
    final boolean writes;
    /** FILE_SHARE_: what others may do meanwhile. */
    final int share;

    SimulatedFile(long handle, boolean overlapped, Contents contents, boolean reads, boolean writes, int share) {
        super(handle, overlapped);
        this.contents = contents;
        this.reads = reads;
        this.writes = writes;
        this.share = share;
    }

    @Override
    void unlink(PendingOperation operation) {
        // Reads and writes wait for the disk alone.
    }
}
