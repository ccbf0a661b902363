package org.iocp4j.simulation;

import static org.iocp4j.win32.generated.WinTypes.ERROR_HANDLE_EOF;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.IntSupplier;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.socket.OverlappedFile;
import org.iocp4j.socket.StreamSocket;

/** A file that the program has open: it is read, and sent. */
final class LayerFile implements OverlappedFile.Events {
    static final int BYTES = 300;
    static final String PATH = "C:\\layer\\file";

    private final LayerDomain domain;
    private final LayerSimulation simulation;
    private final SeededRandom random;
    private OverlappedFile file;
    private final LayerMemory memory;
    private LayerPost reading;
    private int transmits;
    private int position;
    private int bytes;
    /** Somebody has begun to close it. */
    private boolean closing;
    private boolean closed;
    private boolean gone;

    LayerFile(LayerDomain domain) {
        this.domain = domain;
        simulation = domain.simulation;
        random = simulation.random;
        memory = simulation.takeMemory();
    }

    void opened(OverlappedFile opened) {
        file = opened;
    }

    /** There is no such file: the domain has refused it. */
    void neverWas() {
        simulation.giveMemory(memory);
    }

    boolean isGone() {
        return gone;
    }

    boolean isOver() {
        return closed || gone;
    }

    /** What is there of so many bytes. */
    static byte[] contents(int from, int count) {
        byte[] contents = new byte[Math.clamp(BYTES - from, 0, count)];
        for (int i = 0; i < contents.length; i++) {
            contents[i] = (byte) ((from + i) * 0x9E37_79B1 >>> 21);
        }
        return contents;
    }

    // ---- acts ----

    /** It keeps it open, for itself, until {@link #transmitted}. */
    int transmit(StreamSocket to, int from, int count, LayerThread on) {
        transmits++;
        boolean over = isOver();
        int outcome = to.transmit(file, from, count, on.io);
        require(outcome < 0 || !over, "is closed, and is sent");
        if (outcome != StreamSocket.PENDING) {
            transmits--;
        }
        return outcome;
    }

    void transmitted() {
        transmits--;
    }

    void act(LayerThread on) {
        if (random.chance(0.1)) {
            close(on);
        } else if (reading == null && !gone) {
            read(on);
        }
    }

    private void read(LayerThread on) {
        memory.lend(simulation, this);
        position = random.below(BYTES + 50);
        bytes = 1 + random.below(LayerMemory.BYTES);
        LayerPost post = new LayerPost(domain, "a read of " + this);
        reading = post;
        boolean over = isOver();
        IntSupplier call = () -> file.read(position, memory.segment.address(), bytes, on.io);
        int outcome = on.call(call);
        if (post.returned(outcome)) {
            require(!over, "is closed, and is read");
            return;
        }
        require(outcome < 0 || !over, "is closed, and is read");
        require(outcome != -ERROR_INVALID_HANDLE() || closing || domain.isEnding(), "finds itself closed");
        require(outcome != -ERROR_HANDLE_EOF() || position >= BYTES, "ends too early");
        if (outcome >= 0) {
            check(outcome);
        }
        reading = null;
        memory.back();
    }

    private void check(int count) {
        byte[] is = memory.segment.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
        require(Arrays.equals(is, contents(position, bytes)), "has other bytes at " + position);
    }

    void close(LayerThread on) {
        boolean before = closed;
        closing = true;
        boolean first = on.test(() -> file.close(on.io));
        require(!first || !before, "was closed twice");
        closed |= first;
        require(!file.isOpen(), "is open after its close");
    }

    // ---- events ----

    @Override
    public void transferred(OverlappedFile of, int status, int count, IoThread io) {
        LayerThread on = begin("read", io);
        LayerPost post = reading;
        require(post != null, "was read, and nobody asked for it");
        post.told();
        if (status >= 0) {
            check(count);
        }
        reading = null;
        memory.back();
        try {
            if (random.chance(0.5) && domain.mayAct()) {
                act(on);
            }
            domain.whim(on);
        } finally {
            on.over();
        }
    }

    @Override
    public void gone(OverlappedFile of, IoThread io) {
        LayerThread on = begin("gone", io);
        require(closing || domain.isEnding(), "is gone, and nobody has closed it");
        require(reading == null || !reading.isPending(), "is gone before the event of its read");
        gone = true;
        if (reading == null) {
            simulation.giveMemory(memory);
        }
        try {
            domain.whim(on);
        } finally {
            on.over();
        }
    }

    private LayerThread begin(String event, IoThread io) {
        LayerThread on = simulation.thread(io);
        on.told(domain, event);
        require(!gone, "is told that it is " + event + " after it is gone");
        return on;
    }

    // ---- checks ----

    void checkAtRest() {
        require(!closed || gone || reading != null || transmits > 0,
                "is closed and nothing is pending, and it is not gone");
    }

    void checkEnd() {
        require(gone, "was never gone");
        require(reading == null, "has a read whose event never came");
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, this + " " + violation);
        }
    }

    @Override
    public String toString() {
        return file + " of " + domain;
    }
}
