package org.iocp4j.simkernel;

/**
 * What a trace records. In a template, %n is a number, %h a handle or an error, %e an error, %s an NTSTATUS, %o an
 * operation's number, %k its kind, %t a thread.
 */
enum TraceEvent {
    ATTACHED("attached"),
    LEFT("leaves"),
    CREATE_PORT("CreateIoCompletionPort(concurrency %n) = %h"),
    ASSOCIATE("CreateIoCompletionPort(handle %n, port %n, key %n) = %h"),
    WAIT("GetQueuedCompletionStatusEx(port %n, timeout %n) waits"),
    DEQUEUED("GetQueuedCompletionStatusEx(port %n) = %e, %n packets"),
    PACKET("  packet of operation %o, key %n, status %s, %n bytes"),
    POSTED_PACKET("  posted packet, key %n, %n bytes"),
    POST("PostQueuedCompletionStatus(port %n, bytes %n, key %n) = %e"),
    NOTIFICATION_MODES("SetFileCompletionNotificationModes(handle %n, %n) = %e"),
    CANCEL("CancelIoEx(handle %n, operation %o) = %e"),
    CLOSE_HANDLE("CloseHandle(%n) = %e"),
    DUPLICATE("DuplicateHandle(%n) = %h"),
    VIRTUAL_ALLOC("VirtualAlloc(region %n, offset %n, %n bytes) = %e"),
    VIRTUAL_FREE("VirtualFree(region %n, type %n) = %e"),
    SOCKET("WSASocketW() = %h"),
    CLOSESOCKET("closesocket(%n) = %e"),
    BIND("bind(%n) = %e"),
    LISTEN("listen(%n, %n) = %e"),
    GETSOCKNAME("getsockname(%n) = %e"),
    SETSOCKOPT("setsockopt(%n, level %n, option %n) = %e"),
    GETSOCKOPT("getsockopt(%n, level %n, option %n) = %e"),
    SHUTDOWN("shutdown(%n, how %n) = %e"),
    RECEIVE("WSARecv(%n, %n buffers, operation %o) = %e"),
    SEND("WSASend(%n, %n buffers, operation %o) = %e"),
    ACCEPT("AcceptEx(listener %n, socket %n, operation %o) = %e"),
    CONNECT("ConnectEx(%n, operation %o) = %e"),
    RECV("recv(%n, flags %n) = %h"),
    GETPEERNAME("getpeername(%n) = %e"),
    IOCTL("ioctlsocket(%n) = %e"),
    DISCONNECT("DisconnectEx(%n, flags %n, operation %o) = %e"),
    TRANSMIT("TransmitFile(%n, flags %n, operation %o) = %e"),
    CREATE_FILE("CreateFileW(disposition %n) = %h"),
    FILE_SIZE("GetFileSizeEx(%n) = %h"),
    READ_FILE("ReadFile(%n, %n bytes, operation %o) = %e"),
    WRITE_FILE("WriteFile(%n, %n bytes, operation %o) = %e"),
    TCP_TABLE("GetExtendedTcpTable(family %n) = %e"),
    SET_INFORMATION("NtSetInformationFile(%n, class %n) = %s"),
    COMPLETED("operation %o of handle %n ends: %s, %n bytes"),
    QUEUED("packet of operation %o on port %n, key %n"),
    NO_PACKET("operation %o of handle %n needs no packet"),
    CONNECTS("client %n connects to port %n"),
    CONNECTING("  socket %n is client %n, and connects to port %n"),
    REFUSED("client %n is refused"),
    ARRIVED("client %n is at socket %n, generation %n"),
    TO_SERVER("%n bytes of client %n arrive"),
    TO_CLIENT("client %n hears %n bytes"),
    CLIENT_FIN("FIN of client %n arrives"),
    SERVER_FIN("client %n hears FIN"),
    CLIENT_RST("RST of client %n arrives"),
    SERVER_RST("client %n hears RST"),
    NETWORK_RST("the network breaks the connection of client %n"),
    NOTE("note %n %n %n");

    private static final TraceEvent[] ALL = values();

    final String template;

    TraceEvent(String template) {
        this.template = template;
    }

    static TraceEvent at(int ordinal) {
        return ALL[ordinal];
    }
}
