package org.iocp4j.simkernel;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Handles: multiples of 4, used again when closed, most often the latest first, so that a stale one meets a stranger.
 */
final class HandleTable {
    private final SeededRandom random;
    private final TreeMap<Long, Object> objects = new TreeMap<>();
    private final List<Long> closed = new ArrayList<>();
    private final Set<Long> lost = new HashSet<>();
    private long next = 0x100;

    HandleTable(SeededRandom random) {
        this.random = random;
    }

    long reserve() {
        if (closed.isEmpty() || random.chance(0.3)) {
            next += 4;
            return next;
        }
        return closed.remove(random.chance(0.7) ? closed.size() - 1 : random.below(closed.size()));
    }

    void put(long handle, Object object) {
        objects.put(handle, object);
    }

    /** Null if it is none, or closed. */
    @Nullable Object get(long handle) {
        return objects.get(handle);
    }

    /** Null if the handle is not an open socket's. */
    @Nullable SimulatedSocket socket(long handle) {
        return objects.get(handle) instanceof SimulatedSocket socket ? socket : null;
    }

    /** Null if the handle is not an open file's. */
    @Nullable SimulatedFile diskFile(long handle) {
        return objects.get(handle) instanceof SimulatedFile file ? file : null;
    }

    /** Null if the handle is neither an open socket's nor an open file's. */
    @Nullable FileObject file(long handle) {
        return objects.get(handle) instanceof FileObject file ? file : null;
    }

    /** Null if the handle is not an open port's. */
    @Nullable SimulatedPort port(long handle) {
        return objects.get(handle) instanceof SimulatedPort port ? port : null;
    }

    void close(long handle) {
        objects.remove(handle);
        closed.add(handle);
    }

    /** It is closed by other code, and the number is nobody's any more. */
    void lose(long handle) {
        objects.remove(handle);
        lost.add(handle);
    }

    boolean isLost(long handle) {
        return lost.contains(handle);
    }

    Collection<Object> open() {
        return objects.values();
    }
}
