package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

/** What ntdll says of the statuses that the simulated system uses. */
final class NtStatus {
    private NtStatus() {
    }

    /** RtlNtStatusToDosError; a status without a code is ERROR_MR_MID_NOT_FOUND (317) [doc]. */
    static int toDosError(int status) {
        if (status == STATUS_SUCCESS()) {
            return ERROR_SUCCESS();
        }
        if (status == STATUS_PENDING()) {
            return ERROR_IO_PENDING();
        }
        if (status == STATUS_CANCELLED()) {
            return ERROR_OPERATION_ABORTED(); // C0000120 -> 995 [wine]
        }
        if (status == STATUS_CONNECTION_RESET() || status == STATUS_LOCAL_DISCONNECT()
                || status == STATUS_REMOTE_DISCONNECT()) {
            return ERROR_NETNAME_DELETED(); // C000020D -> 64 [wine]
        }
        if (status == STATUS_CONNECTION_ABORTED()) {
            return ERROR_CONNECTION_ABORTED();
        }
        if (status == STATUS_CONNECTION_REFUSED()) {
            return ERROR_CONNECTION_REFUSED(); // C0000236 -> 1225 [wine]
        }
        if (status == STATUS_NETWORK_UNREACHABLE()) {
            return ERROR_NETWORK_UNREACHABLE();
        }
        if (status == STATUS_HOST_UNREACHABLE()) {
            return ERROR_HOST_UNREACHABLE();
        }
        if (status == STATUS_BUFFER_TOO_SMALL()) {
            return ERROR_INSUFFICIENT_BUFFER();
        }
        if (status == STATUS_INSUFFICIENT_RESOURCES()) {
            return ERROR_NO_SYSTEM_RESOURCES();
        }
        if (status == STATUS_END_OF_FILE()) {
            return ERROR_HANDLE_EOF();
        }
        if (status == STATUS_OBJECT_TYPE_MISMATCH()) {
            return ERROR_INVALID_HANDLE();
        }
        if (status == STATUS_DISK_FULL()) {
            return ERROR_DISK_FULL();
        }
        if (status == STATUS_IO_TIMEOUT()) {
            return ERROR_SEM_TIMEOUT();
        }
        if (status == STATUS_HANDLES_CLOSED()) {
            return ERROR_HANDLES_CLOSED(); // 8000000A -> 676 [wine]
        }
        if (status == STATUS_INVALID_PARAMETER()) {
            return ERROR_INVALID_PARAMETER();
        }
        if (status == STATUS_INVALID_HANDLE()) {
            return ERROR_INVALID_HANDLE();
        }
        if (status == STATUS_NOT_SUPPORTED()) {
            return ERROR_NOT_SUPPORTED();
        }
        int noText = 317;
        return noText;
    }
}
