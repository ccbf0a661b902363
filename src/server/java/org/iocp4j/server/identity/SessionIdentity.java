package org.iocp4j.server.identity;

import org.iocp4j.socket.PooledSocket;
import org.iocp4j.socket.SocketPool;

/**
 * How a server finds the session that a completion packet belongs to. For the study of the completion-key bug; whoever
 * uses the library has {@link #OVERLAPPED}, so this package is not exported.
 */
public enum SessionIdentity {
    /** The session's id in the OVERLAPPED extension: whoever posted it. Right for every operation. */
    OVERLAPPED {
        @Override
        public long key(int sessionSlot, int socketSlot) {
            return socketSlot + 1L; // not looked at
        }

        @Override
        public boolean names(long key, long session, SocketPool sockets) {
            return true;
        }
    },
    /**
     * The completion key, as a C++ server's session pointer: the place of the socket's first session. A reused socket
     * keeps that key, so its packets name a session of long ago.
     */
    KEY {
        @Override
        public long key(int sessionSlot, int socketSlot) {
            return sessionSlot + 1L;
        }

        @Override
        public boolean names(long key, long session, SocketPool sockets) {
            return key == SessionId.slot(session) + 1;
        }
    },
    /** The completion key names the socket's slot, which never changes, and the slot its present session. */
    SLOT_KEY {
        @Override
        public long key(int sessionSlot, int socketSlot) {
            return socketSlot + 1L;
        }

        @Override
        public boolean names(long key, long session, SocketPool sockets) {
            PooledSocket named = sockets.at((int) key - 1);
            return named != null && named.owner() == session;
        }
    };

    /** The key for a socket's association; never 0, which is the listener's. */
    public abstract long key(int sessionSlot, int socketSlot);

    /**
     * Whether a packet with this key would reach the session that posted it.
     *
     * @param session the id in the packet's own operation
     */
    public abstract boolean names(long key, long session, SocketPool sockets);
}
