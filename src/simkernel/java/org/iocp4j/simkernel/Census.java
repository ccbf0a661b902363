package org.iocp4j.simkernel;

/**
 * Every open socket that is not a listener, counted where it is. An operation is the kernel's until its packet is
 * dequeued, and so is its socket where the operation has it.
 *
 * @param free          fit for AcceptEx, and nobody's
 * @param accepting     an AcceptEx has it
 * @param connected     or connecting, and neither accepted into nor being disconnected
 * @param forsaken      those of the connected on which nothing is posted: nothing will ever happen on them
 * @param disconnecting DisconnectEx or TransmitFile has it
 * @param unfit         good for closesocket only, and nobody closes it
 */
public record Census(int free, int accepting, int connected, int forsaken, int disconnecting, int unfit) {
    static final Census EMPTY = new Census(0, 0, 0, 0, 0, 0);

    Census plusAccepting() {
        return new Census(free, accepting + 1, connected, forsaken, disconnecting, unfit);
    }

    Census plusDisconnecting() {
        return new Census(free, accepting, connected, forsaken, disconnecting + 1, unfit);
    }

    /** @param busy whether something is posted on it */
    Census plus(SimulatedSocket.State state, boolean busy) {
        return switch (state) {
            case FRESH, REUSABLE -> new Census(free + 1, accepting, connected, forsaken, disconnecting, unfit);
            case CONNECTED, CONNECTING ->
                    new Census(free, accepting, connected + 1, forsaken + (busy ? 0 : 1), disconnecting, unfit);
            default -> new Census(free, accepting, connected, forsaken, disconnecting, unfit + 1);
        };
    }
}
