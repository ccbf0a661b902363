package org.iocp4j.socket;

import org.iocp4j.port.Operation;
import org.iocp4j.port.OperationSlab;
import org.jspecify.annotations.Nullable;

/** A file's operation, used by one file after another. */
final class FileSlot {
    final Operation operation;
    volatile @Nullable OverlappedFile file;

    FileSlot(OperationSlab slab) {
        operation = slab.add((completed, key, status, bytes, io) -> {
            OverlappedFile present = file;
            if (present == null) {
                throw new IllegalStateException("a packet for no file");
            }
            present.completed(status, bytes, io);
        });
    }
}
