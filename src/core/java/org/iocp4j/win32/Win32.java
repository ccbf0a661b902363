package org.iocp4j.win32;

/**
 * The calls of kernel32, ws2_32, mswsock and ntdll that iocp4j makes, one method a call, as one thread sees them.
 *
 * <p>Handles, sockets, addresses and lengths are plain numbers, and no method allocates. A method that reports failure
 * returns {@code 0} for success and otherwise the error that the same call left behind (a Win32 code for kernel32, a
 * Winsock code for ws2_32): the error is captured inside the downcall, since the JVM's own calls would overwrite it
 * before Java could ask. A method that returns a handle or an address gives minus the error on failure. Overlapped
 * calls return {@code WSA_IO_PENDING} (997) as the call does.
 *
 * <p>A method throws nothing on Windows. In another implementation, a call that throws must not have been made: whoever posts an
 * operation takes it back then, memory and all.
 *
 * <p>Not thread-safe: an instance holds its thread's error capture. Each thread that calls Windows has its own, and closes it
 * when it calls no more.
 */
public interface Win32 extends AutoCloseable {

    // ---- kernel32: completion ports ----

    /** Creates a port ({@code file} = -1, {@code port} = 0) or associates {@code file} with one; the port, or -error. */
    long createIoCompletionPort(long file, long port, long key, int concurrency);

    /** Blocks up to {@code timeoutMillis} (-1: for ever); {@code WAIT_TIMEOUT} (258) if nothing came. */
    int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis);

    int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped);

    int setFileCompletionNotificationModes(long handle, int flags);

    /** {@code ERROR_NOT_FOUND} (1168): nothing (more) to cancel. {@code overlapped} = 0 cancels all of the handle's. */
    int cancelIoEx(long handle, long overlapped);

    int closeHandle(long handle);

    /** A second handle to the same object, in this process and with the same rights; or -error. */
    long duplicateHandle(long handle);

    // ---- kernel32: memory ----

    /** The address, or -error. */
    long virtualAlloc(long address, long bytes, int type, int protection);

    int virtualFree(long address, long bytes, int type);

    // ---- kernel32: this process ----

    /** Fills a {@code PROCESS_MEMORY_COUNTERS_EX}. */
    int getProcessMemoryInfo(long counters, int bytes);

    // ---- ws2_32 ----

    /** The socket, or -error. */
    long wsaSocket(int family, int type, int protocol, int flags);

    int closesocket(long socket);

    int bind(long socket, long address, int length);

    int listen(long socket, int backlog);

    int getsockname(long socket, long address, long length);

    int setsockopt(long socket, int level, int option, long value, int length);

    int getsockopt(long socket, int level, int option, long value, long length);

    int shutdown(long socket, int how);

    /** {@code flags} is the address of a DWORD that lives until the call returns. */
    int wsaRecv(long socket, long buffers, int count, long flags, long overlapped);

    int wsaSend(long socket, long buffers, int count, int flags, long overlapped);

    // ---- mswsock, through the pointers that WSAIoctl gives ----

    int acceptEx(long listener, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                 long received, long overlapped);

    void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                              long local, long localLength, long remote, long remoteLength);

    int disconnectEx(long socket, long overlapped, int flags, int reserved);

    int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers, int flags);

    // ---- iphlpapi ----

    /**
     * Fills a {@code MIB_TCPTABLE_OWNER_PID} (or that of TCP over IPv6) with all connections and listeners of the machine.
     *
     * @param sizeAddress of a DWORD: the bytes there are; afterwards those needed
     * @param family      AF_INET or AF_INET6
     * @return 0, or the error as the call returns it: {@code ERROR_INSUFFICIENT_BUFFER} (122) if there were too few bytes
     */
    int getExtendedTcpTable(long table, long sizeAddress, int family);

    // ---- ntdll ----

    /** An NTSTATUS, as the call returns it. */
    int ntSetInformationFile(long handle, long ioStatusBlock, long information, int length, int informationClass);

    /** The Win32 code that Windows itself gives for an NTSTATUS. */
    int rtlNtStatusToDosError(int status);

    // ---- the system ----

    /** The system's text for a Win32 or Winsock code, or an empty string where it has none. */
    String formatMessage(int code);

    /** What to throw when a call was refused, with the system's text for the code. */
    default Win32Exception failure(String call, int code, String subject) {
        return new Win32Exception(call, code, subject, formatMessage(code));
    }

    /** Blocks the calling thread. */
    void sleep(int millis);

    /** As {@link System#nanoTime}, so that a simulated system can have a time of its own. */
    long nanoTime();

    /** The version of Wine that runs this process, or an empty string on Windows. */
    String wineVersion();

    /**
     * How many calls have been made through this view; 0 where nobody counts. Any thread may ask, and has a figure of a
     * moment ago. The clock is not counted, nor are the few calls of which no error is captured.
     */
    default long calls() {
        return 0;
    }

    /** This thread makes no more calls. */
    @Override
    void close();
}
