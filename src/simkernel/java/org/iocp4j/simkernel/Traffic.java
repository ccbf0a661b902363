package org.iocp4j.simkernel;

/**
 * What threads have dequeued of operations that did not fail.
 *
 * @param accepts  connections
 * @param receives those that brought something
 * @param sends    files are among them
 */
public record Traffic(long accepts, long receives, long receivedBytes, long sends, long sentBytes) {
    static final Traffic NONE = new Traffic(0, 0, 0, 0, 0);

    Traffic plus(PendingOperation operation) {
        if (operation.status < 0) {
            return this;
        }
        return switch (operation.kind) {
            case ACCEPT -> new Traffic(accepts + 1, receives, receivedBytes, sends, sentBytes);
            case RECEIVE -> operation.bytes == 0 ? this
                    : new Traffic(accepts, receives + 1, receivedBytes + operation.bytes, sends, sentBytes);
            case SEND -> sent(operation);
            case TRANSMIT -> operation.transmits == null ? this : sent(operation);
            case CONNECT, DISCONNECT, READ, WRITE -> this;
        };
    }

    private Traffic sent(PendingOperation operation) {
        return new Traffic(accepts, receives, receivedBytes, sends + 1, sentBytes + operation.bytes);
    }
}
