package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.HashMap;
import java.util.Map;

/**
 * Why a connect has failed. Windows says it in three ways: by an NTSTATUS in the packet, which is another Win32 code
 * for RtlNtStatusToDosError than Winsock's own, and by the Winsock code that the call returns.
 */
public enum ConnectFailure {
    /** The peer's system answered that nobody listens there. */
    REFUSED,
    /** No way to the peer's address, or none from ours. */
    UNREACHABLE,
    /** No local port, socket, slot or memory for one more connection: it may pass. */
    NO_ROOM,
    /** No answer in the time that the system gives. */
    TIMED_OUT,
    /** Cancelled, or the socket was closed. */
    CANCELLED,
    /** Another error. */
    OTHER;

    private static final Map<Integer, ConnectFailure> BY_CODE = new HashMap<>();

    static {
        put(REFUSED, STATUS_CONNECTION_REFUSED(), ERROR_CONNECTION_REFUSED(), WSAECONNREFUSED());
        put(UNREACHABLE, STATUS_NETWORK_UNREACHABLE(), STATUS_HOST_UNREACHABLE(), STATUS_PROTOCOL_UNREACHABLE(),
                STATUS_PORT_UNREACHABLE(), STATUS_HOST_DOWN(), STATUS_INVALID_ADDRESS(),
                STATUS_INVALID_ADDRESS_COMPONENT(), ERROR_NETWORK_UNREACHABLE(), ERROR_HOST_UNREACHABLE(),
                ERROR_PROTOCOL_UNREACHABLE(), ERROR_PORT_UNREACHABLE(), ERROR_HOST_DOWN(), WSAENETUNREACH(),
                WSAEHOSTUNREACH(), WSAEHOSTDOWN(), WSAENETDOWN(), WSAEADDRNOTAVAIL());
        put(NO_ROOM, STATUS_ADDRESS_ALREADY_EXISTS(), STATUS_TOO_MANY_ADDRESSES(),
                STATUS_INSUFFICIENT_RESOURCES(), STATUS_NO_MEMORY(), STATUS_QUOTA_EXCEEDED(), STATUS_PAGEFILE_QUOTA(),
                STATUS_WORKING_SET_QUOTA(), STATUS_COMMITMENT_LIMIT(), WSAEADDRINUSE(), WSAEMFILE());
        put(TIMED_OUT, STATUS_IO_TIMEOUT(), STATUS_LINK_TIMEOUT(), ERROR_SEM_TIMEOUT(), ERROR_TIMEOUT(),
                WSAETIMEDOUT());
        // Not ERROR_NETNAME_DELETED: STATUS_CONNECTION_RESET becomes that, too [wine].
        put(CANCELLED, STATUS_CANCELLED(), STATUS_LOCAL_DISCONNECT(), STATUS_CONNECTION_ABORTED(),
                ERROR_OPERATION_ABORTED(), ERROR_CONNECTION_ABORTED(), WSAECONNABORTED(), WSAENOTSOCK());
    }

    private static void put(ConnectFailure failure, int... codes) {
        for (int code : codes) {
            BY_CODE.put(code, failure);
        }
    }

    /**
     * What a code means.
     *
     * @param code an event's status, negative; or a Win32 or Winsock code, positive
     */
    public static ConnectFailure of(int code) {
        ConnectFailure known = BY_CODE.get(code);
        if (known != null) {
            return known;
        }
        return FailureCause.of(code) == FailureCause.SHORTAGE ? NO_ROOM : OTHER;
    }
}
