package org.iocp4j.simulation;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that a program lends to the layer: while it is not lent, nobody writes there. */
final class LayerMemory {
    static final int BYTES = 128;
    private static final byte OURS = 0x5B;
    private static final MemorySegment UNTOUCHED = Arena.global().allocate(BYTES).fill(OURS);

    final MemorySegment segment;

    LayerMemory(Arena arena) {
        segment = arena.allocate(BYTES).fill(OURS);
    }

    /** Before it is lent again. */
    void lend(LayerSimulation simulation, Object to) {
        long at = segment.mismatch(UNTOUCHED);
        if (at >= 0) {
            simulation.require(false, to + ": byte " + at + " of its memory was written when it was nobody's");
        }
    }

    /** Before it is lent, with what is to be sent. */
    void lend(byte[] bytes, LayerSimulation simulation, Object to) {
        lend(simulation, to);
        segment.copyFrom(MemorySegment.ofArray(bytes));
    }

    /** Whoever still reads there finds something else, and whoever still writes is found out. */
    void back() {
        segment.fill(OURS);
    }

    /** Tells a thread's next call of the first {@code bytes} of it, in so many pieces. */
    void buffers(LayerThread on, int bytes, int pieces) {
        int at = 0;
        for (int i = 0; i < pieces; i++) {
            int piece = i == pieces - 1 ? bytes - at : (bytes - at) / (pieces - i);
            on.io.buffer(i, segment.address() + at, piece);
            at += piece;
        }
    }
}
