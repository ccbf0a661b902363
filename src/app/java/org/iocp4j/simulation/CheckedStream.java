package org.iocp4j.simulation;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.iocp4j.simkernel.SimulatedKernel;

/** The bytes that go one way through one connection, as its sender knows them and its receiver finds them. */
final class CheckedStream {
    private final SimulatedKernel kernel;
    private final String name;
    private byte[] bytes = new byte[256];
    /** As many as may come out. */
    private int most;
    /** As many as have to come out before an end in order. */
    private int least;
    private int received;
    private boolean ended;
    private boolean lossy;

    CheckedStream(SimulatedKernel kernel, String name) {
        this.kernel = kernel;
        this.name = name;
    }

    // ---- the sender ----

    /** What is sent next: no two places of one stream, nor two streams, look alike. */
    byte[] next(int count) {
        byte[] next = new byte[count];
        for (int i = 0; i < count; i++) {
            int mixed = (name.hashCode() + most + i) * 0x9E37_79B1;
            next[i] = (byte) (mixed >>> 24 ^ mixed >>> 13);
        }
        return next;
    }

    /** It is being sent: it may arrive at any moment. */
    void sending(byte[] next) {
        least = most;
        queue(next);
    }

    /** It is to be sent after all that was queued before: it may arrive from now on. Where it ends in the stream. */
    int queue(byte[] next) {
        if (most + next.length > bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * (most + next.length));
        }
        System.arraycopy(next, 0, bytes, most, next.length);
        most += next.length;
        return most;
    }

    /** What was queued has gone, up to there: it has to arrive before an end in order. */
    void gone(int end) {
        least = Math.max(least, end);
        require(!ended || lossy || received >= least, "its end has come after " + received + " bytes of " + least);
    }

    /** All that was queued has arrived. */
    boolean isComplete() {
        return lossy || received == most;
    }

    /** Whether all that is said to have gone has arrived. */
    boolean hasWhatHasGone() {
        return lossy || received >= least;
    }

    /**
     * What became of what was being sent.
     *
     * @param count  how much of it is said to have gone
     * @param atMost how much of it may have gone
     */
    void sent(int count, int atMost) {
        require(count <= most - least, "more has gone than was sent");
        most = least + atMost;
        least += count;
        require(received <= most, received + " bytes have come, of " + most + " that may have gone");
    }

    // ---- the receiver ----

    /** A receive has failed, and perhaps has taken bytes with it: what comes is not looked at any more. */
    void lost() {
        lossy = true;
    }

    void arrived(MemorySegment from, int count) {
        if (lossy) {
            return;
        }
        require(!ended, "bytes come after its end");
        require(received + count <= most, count + " bytes come at " + received + " of " + most);
        for (int i = 0; i < count; i++) {
            byte is = from.get(ValueLayout.JAVA_BYTE, i);
            if (is != bytes[received + i]) {
                require(false, "byte " + (received + i) + " is " + is + ", not " + bytes[received + i]);
            }
        }
        received += count;
    }

    /** Bytes that come again. */
    void peeked(MemorySegment from, int count) {
        int before = received;
        arrived(from, count);
        received = before;
    }

    /** Its end has come, after everything. */
    void ended() {
        ended = true;
        require(lossy || received >= least, "its end comes after " + received + " bytes of " + least);
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            kernel.require(false, name + ": " + violation);
        }
    }
}
