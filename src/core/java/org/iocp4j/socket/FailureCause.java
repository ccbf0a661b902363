package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.HashMap;
import java.util.Map;

/** Whose failure it is that Windows refuses a call for a connection, or ends an operation with an error. */
public enum FailureCause {
    /** The peer's, by its reset or silence: there is no connection any more, and no reset is needed to tell it. */
    PEER,
    /** The network's: there may be a connection still. */
    NETWORK,
    /** The machine's: it is short of memory, or a quota is used up. That may pass. */
    SHORTAGE,
    /** None of these: a mistake of this library's, or an error that it does not know. */
    FAULT;

    private static final Map<Integer, FailureCause> BY_ERROR = new HashMap<>();

    static {
        put(PEER, ERROR_NETNAME_DELETED(), ERROR_CONNECTION_ABORTED(), ERROR_SEM_TIMEOUT(), WSAECONNRESET(),
                WSAECONNABORTED(), WSAENETRESET(), WSAETIMEDOUT());
        put(NETWORK, ERROR_UNEXP_NET_ERR(), ERROR_NETWORK_UNREACHABLE(), ERROR_HOST_UNREACHABLE(),
                ERROR_PROTOCOL_UNREACHABLE(), ERROR_PORT_UNREACHABLE(), ERROR_HOST_DOWN(), WSAENETDOWN(),
                WSAENETUNREACH(), WSAEHOSTUNREACH(), WSAEHOSTDOWN());
        // No session disconnects or shuts down before its last post, so it is not by a call of ours. [inf]
        put(NETWORK, WSAENOTCONN(), WSAESHUTDOWN(), WSAEDISCON(), ERROR_GRACEFUL_DISCONNECT());
        put(SHORTAGE, ERROR_NOT_ENOUGH_MEMORY(), ERROR_OUTOFMEMORY(), ERROR_NOT_ENOUGH_SERVER_MEMORY(),
                ERROR_NO_SYSTEM_RESOURCES(), ERROR_NONPAGED_SYSTEM_RESOURCES(), ERROR_PAGED_SYSTEM_RESOURCES(),
                ERROR_WORKING_SET_QUOTA(), ERROR_PAGEFILE_QUOTA(), ERROR_PAGEFILE_QUOTA_EXCEEDED(),
                ERROR_COMMITMENT_LIMIT(), ERROR_NOT_ENOUGH_QUOTA(), WSAENOBUFS());
    }

    private static void put(FailureCause cause, int... errors) {
        for (int error : errors) {
            BY_ERROR.put(error, cause);
        }
    }

    /**
     * Whose it is.
     *
     * @param error a Win32 or Winsock code; of a status, what RtlNtStatusToDosError makes of it
     */
    public static FailureCause of(int error) {
        return BY_ERROR.getOrDefault(error, FAULT);
    }
}
