package org.iocp4j.server;

import java.util.List;

/**
 * What became of a {@linkplain IocpGroup#broadcast broadcast}: how many sessions have taken the bytes, and the ids of
 * those that have not, each in the order given. A session that is there twice counts twice.
 *
 * @param taken    how many have taken the bytes: {@link SendResult#TAKEN}
 * @param full     those whose queue had too little room, or for whose bytes the system had no memory:
 *                 {@link SendResult#FULL}. Their {@link SessionHandler#writable} is called once there is some. They
 *                 have missed these bytes: send them later, or give the session up
 * @param closed   those that have ended or are ending, or were never there: {@link SendResult#CLOSED}; and those for
 *                 which something else stands ({@link Session#wrapRef}) that threw
 * @param tooSmall those whose send queue is smaller than the bytes ({@link ListenOptions#sendQueueBytes},
 *                 {@link ConnectOptions#sendQueueBytes}): they cannot take them in one piece, and no call follows
 */
public record BroadcastResult(int taken, List<Long> full, List<Long> closed, List<Long> tooSmall) {
    /** Copies the lists. */
    public BroadcastResult {
        full = List.copyOf(full);
        closed = List.copyOf(closed);
        tooSmall = List.copyOf(tooSmall);
    }
}
