package org.iocp4j.study;

import org.iocp4j.study.LabOperation.Kind;

/**
 * A completion packet, as a thread dequeued it.
 *
 * @param operation  that is over; its memory is the program's again
 * @param socket     the handle it was posted on
 * @param generation of the socket when it was posted: 1 is the socket's first connection
 * @param key        that the packet carried
 * @param session    in the operation's OVERLAPPED, read from there
 * @param status     the NTSTATUS; negative for failure
 * @param outcome    {@code ok}, or the error's name
 * @param bytes      transferred
 */
public record Packet(LabOperation operation, long socket, int generation, long key, long session, int status,
                     String outcome, int bytes) {
    public Kind kind() {
        return operation.kind();
    }
}
