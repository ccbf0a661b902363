package org.iocp4j.server.identity;

import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.StreamSocket;

/**
 * How a server finds the session that a completion packet belongs to. Only for the study of the completion-key bug: all
 * other servers use {@link #OVERLAPPED}.
 */
public enum SessionIdentity {
    /** By the session's id in the operation, behind its OVERLAPPED. Right for every operation. */
    OVERLAPPED {
        @Override
        public long key(int sessionSlot, int socketSlot) {
            return socketSlot + 1L; // not used
        }

        @Override
        public boolean names(long key, int sessionSlot, long session, IoDomain sockets) {
            return true;
        }
    },
    /**
     * By the completion key, which names the slot of the socket's first session, like a session pointer in the
     * original. A reused socket keeps its key, so its packets name a session that has ended.
     */
    KEY {
        @Override
        public long key(int sessionSlot, int socketSlot) {
            return sessionSlot + 1L;
        }

        @Override
        public boolean names(long key, int sessionSlot, long session, IoDomain sockets) {
            return key == sessionSlot + 1L;
        }
    },
    /**
     * By the completion key, which names the socket's slot; that never changes, and the socket knows its present
     * session.
     */
    SLOT_KEY {
        @Override
        public long key(int sessionSlot, int socketSlot) {
            return socketSlot + 1L;
        }

        @Override
        public boolean names(long key, int sessionSlot, long session, IoDomain sockets) {
            StreamSocket named = sockets.socketAt((int) key - 1);
            return named != null && named.owner() == session;
        }
    };

    /** The key for a socket's association; never 0, which is the listener's. */
    public abstract long key(int sessionSlot, int socketSlot);

    /**
     * Whether a packet with this key would reach the session that posted it.
     *
     * @param sessionSlot the slot of the session that the packet's own operation names
     * @param session     its id
     */
    public abstract boolean names(long key, int sessionSlot, long session, IoDomain sockets);
}
