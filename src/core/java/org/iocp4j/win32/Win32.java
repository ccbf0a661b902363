package org.iocp4j.win32;

/**
 * The system interface: the calls of Windows that iocp4j makes, one method for each, as one thread sees them.
 * The rest of the library reaches the system through this interface alone.
 *
 * <p>There are three kinds of implementation. {@link WindowsWin32#attach} gives the real one. The simulated kernel of
 * {@code org.iocp4j.simkernel} gives one that runs on every operating system. And a test may bring its own, to refuse a
 * call that Windows seldom refuses, or to count what is asked.
 *
 * <h2>Arguments</h2>
 *
 * Handles, sockets and addresses are numbers of 8 bytes. Windows' unsigned DWORDs are {@code int}s with the same bits.
 * An address names memory outside the Java heap: for most calls it has to live until the call returns, but what an
 * overlapped call was given (its OVERLAPPED, and the memory that its buffers name) belongs to the kernel until the
 * operation is complete, whatever becomes of the socket and of the thread meanwhile.
 *
 * <h2>Results</h2>
 *
 * A method that returns an error returns 0 for success, and otherwise the code that this call left behind: Windows'
 * last error for kernel32, Winsock's for ws2_32 and mswsock. {@link ErrorName} names both. A method that returns a
 * handle, a socket or an address returns minus the code on failure; what it returns on success is positive. Where a
 * method does otherwise, it says so. Errors are returned and not thrown, since many of them are expected, and since an
 * exception for each would cost memory. {@link #failure} makes an exception where one is due.
 *
 * <p>An overlapped call ({@link #wsaRecv}, {@link #wsaSend}, {@link #acceptEx}, {@link #connectEx},
 * {@link #disconnectEx}, {@link #transmitFile}, {@link #readFile}, {@link #writeFile}) returns {@code WSA_IO_PENDING}
 * (997) if the operation is pending: the usual case, and no failure. It returns 0 if the operation was complete when
 * the call returned. In both cases a packet comes to the handle's port, and after a 0 none only where
 * {@link #setFileCompletionNotificationModes} has asked for that. After any other code the operation was not posted,
 * and no packet comes; its {@code Internal} may say {@code STATUS_PENDING} all the same [wt, wine].
 *
 * <h2>Threads</h2>
 *
 * An instance is one thread's view of the system, and only that thread may call it ({@link #calls} excepted), until it
 * hands the view over to another thread, which must see what it has written. A thread gets its view before its first
 * call; whoever has a view last closes it. Handles, sockets and memory belong to the process,
 * not to the view: any thread may use them, and they outlive the view that made them. I/O is bound to the thread that
 * started it: Windows may cancel it when that thread ends [doc].
 *
 * <h2>What an implementation for tests must keep</h2>
 *
 * <ul>
 * <li>A method that throws has not made the call: its caller takes the operation back then, memory and all. The real
 * implementation throws nothing.
 * <li>Addresses are real. What {@link #virtualAlloc} returns is read and written directly, as much of it as was asked
 * for, until {@link #virtualFree}.
 * <li>Each operation that was posted has exactly one packet, even if its socket is closed; none only where a call that
 * returned 0 was to send none. While the operation is pending, {@code OVERLAPPED.Internal} is {@code STATUS_PENDING}.
 * When its packet can be dequeued, {@code Internal} holds its NTSTATUS and {@code InternalHigh} its bytes.
 * <li>{@link #getQueuedCompletionStatusEx} may be called by several threads at the same time, each through its own
 * view, and returns when {@link #postQueuedCompletionStatus} has put a packet there.
 * <li>{@link #nanoTime}, {@link #sleep} and the timeouts of {@link #getQueuedCompletionStatusEx} are of one clock.
 * <li>No method keeps its thread waiting but {@link #getQueuedCompletionStatusEx} and {@link #sleep}.
 * </ul>
 */
public interface Win32 extends AutoCloseable {

    // ---- kernel32: completion ports ----

    /**
     * Makes a port, or associates a handle with one for as long as the handle lives. Its packets then carry the key.
     * Windows refuses a second association with {@code ERROR_INVALID_PARAMETER} (87) [rep, wine].
     *
     * @param file        the socket or handle to associate, or -1 to make a port
     * @param port        the port to associate with, or 0 to make one
     * @param key         what each of the handle's packets carries; ignored when a port is made
     * @param concurrency how many threads the port lets run at the same time, 0: as many as there are processors;
     *                    ignored when a handle is associated
     * @return the port, or minus the error
     */
    long createIoCompletionPort(long file, long port, long key, int concurrency);

    /**
     * Takes packets off a port, and waits for the first of them. The wait is not alertable.
     *
     * @param entries       address of {@code count} OVERLAPPED_ENTRY to be filled
     * @param count         the most packets to take
     * @param removed       address of a DWORD: how many were taken
     * @param timeoutMillis how long to wait; 0: not at all, -1: without end
     * @return 0; {@code WAIT_TIMEOUT} (258) if no packet came; {@code ERROR_ABANDONED_WAIT_0} (735) or
     *         {@code ERROR_INVALID_HANDLE} (6) if the port was closed
     */
    int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis);

    /**
     * Puts a packet of the program's own on a port. The three values come out as they went in.
     *
     * @return 0, or the error
     */
    int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped);

    /**
     * Sets when a handle's operations send a packet. What was set once stays set [doc].
     *
     * @param flags {@code FILE_SKIP_COMPLETION_PORT_ON_SUCCESS} (1): no packet after a call that returned 0;
     *              {@code FILE_SKIP_SET_EVENT_ON_HANDLE} (2): the handle itself is not signalled
     * @return 0, or the error
     */
    int setFileCompletionNotificationModes(long handle, int flags);

    /**
     * Asks for operations of a handle to be cancelled, of whichever thread. It does not wait for them: each still has
     * its packet, and may have succeeded all the same.
     *
     * @param overlapped the operation's address, or 0 for all that are pending on the handle
     * @return 0; {@code ERROR_NOT_FOUND} (1168) if none is pending, but under Wine 0 if all were meant [wine]; or
     *         another error
     */
    int cancelIoEx(long handle, long overlapped);

    /**
     * Closes a port, or another handle of kernel32. For a socket there is {@link #closesocket}.
     *
     * @return 0, or the error
     */
    int closeHandle(long handle);

    /**
     * Makes a second handle to the same object, in this process and with the same rights. No child process inherits it.
     *
     * @return the new handle, or minus the error
     */
    long duplicateHandle(long handle);

    // ---- kernel32: memory ----

    /**
     * Reserves addresses, commits memory at reserved ones, or says that the contents of committed memory are of no
     * interest for now. Committed memory is zero at first, and keeps its contents when it is committed again.
     *
     * @param address    where, or 0: where the system likes
     * @param bytes      how much; the system rounds up to whole pages
     * @param type       {@code MEM_RESERVE}, {@code MEM_COMMIT}, both together, or {@code MEM_RESET}
     * @param protection {@code PAGE_READWRITE}
     * @return the address, or minus the error
     */
    long virtualAlloc(long address, long bytes, int type, int protection);

    /**
     * Releases what {@link #virtualAlloc} gave.
     *
     * @param address as it was returned when the addresses were reserved
     * @param bytes   0: all of it is released
     * @param type    {@code MEM_RELEASE}
     * @return 0, or the error
     */
    int virtualFree(long address, long bytes, int type);

    // ---- kernel32: files ----

    /**
     * Opens or makes a file. No child process inherits the handle.
     *
     * @param path        as Windows writes it, at most some 32,760 characters, whether or not the system lets programs
     *                    have more than 260; a NUL would end it
     * @param access      {@code GENERIC_READ}, {@code GENERIC_WRITE} or both
     * @param share       what others may do with it meanwhile: {@code FILE_SHARE_READ} (1), {@code FILE_SHARE_WRITE}
     *                    (2), {@code FILE_SHARE_DELETE} (4), added up, or 0
     * @param disposition {@code OPEN_EXISTING} (3), {@code CREATE_ALWAYS} (2), or another of Windows'
     * @param flags       {@code FILE_FLAG_OVERLAPPED}, without which it cannot be used with a port, and attributes
     * @return the handle, or minus the error: {@code ERROR_FILE_NOT_FOUND} (2), {@code ERROR_PATH_NOT_FOUND} (3) if a
     *         folder on the way is missing, {@code ERROR_ACCESS_DENIED} (5) also for a folder,
     *         {@code ERROR_SHARING_VIOLATION} (32), {@code ERROR_INVALID_NAME} (123) [wine]
     */
    long createFile(String path, int access, int share, int disposition, int flags);

    /**
     * Says how long a file is.
     *
     * @return the bytes, or minus the error
     */
    long getFileSizeEx(long file);

    /**
     * Posts a read. Where in the file it begins, the OVERLAPPED says: its Offset and OffsetHigh. It reads what is there
     * of {@code bytes}. Where nothing is, it fails with {@code STATUS_END_OF_FILE} [wine] or is refused [doc].
     *
     * <p>Under Wine it is complete when the call returns 997, so that its packet comes even where success sends none
     * [wine].
     *
     * @param buffer address of {@code bytes}, the kernel's until the operation is complete
     * @return 0 or {@code WSA_IO_PENDING} (997, which is ERROR_IO_PENDING, too); otherwise the error, and nothing was
     *         posted: {@code ERROR_HANDLE_EOF} (38) at or behind the file's end [doc]
     */
    int readFile(long file, long buffer, int bytes, long overlapped);

    /**
     * Posts a write. Where in the file it begins, the OVERLAPPED says: its Offset and OffsetHigh, or, if both are all
     * ones, at the file's end [doc, wine].
     *
     * @param buffer address of {@code bytes}, the kernel's until the operation is complete
     * @return as {@link #readFile}
     */
    int writeFile(long file, long buffer, int bytes, long overlapped);

    // ---- kernel32: this process ----

    /**
     * Says how much memory this process uses; {@link ProcessMemory} reads it.
     *
     * @param counters address of a PROCESS_MEMORY_COUNTERS_EX with its size in its first field
     * @param bytes    its size
     * @return 0, or the error
     */
    int getProcessMemoryInfo(long counters, int bytes);

    // ---- ws2_32 ----

    /**
     * Makes a socket.
     *
     * @param family AF_INET (2) or AF_INET6 (23)
     * @param flags  {@code WSA_FLAG_OVERLAPPED} (1), without which it cannot be used with a port, and
     *               {@code WSA_FLAG_NO_HANDLE_INHERIT} (128): no child process inherits it
     * @return the socket, or minus the error
     */
    long wsaSocket(int family, int type, int protocol, int flags);

    /**
     * Closes a socket. Operations that are pending on it are cancelled, and each still has its packet. A program calls
     * {@link #cancelIoEx} first: under Wine a send or a transmission that has sent a part would otherwise have its
     * packet only when the peer makes room or leaves, with C0000024 and 0 bytes [wine].
     *
     * <p>Stock Wine 8.0 may lose a receive whose thread has yet to fetch what has come when another one closes the
     * socket: it has no packet then, or takes bytes of the next socket with the handle's number [wine].
     *
     * @return 0, or the error
     */
    int closesocket(long socket);

    /**
     * Gives a socket its local address.
     *
     * @param address of a sockaddr_in or sockaddr_in6
     * @param length  its size
     * @return 0, or the error: {@code WSAEADDRINUSE} (10048) if another socket has it
     */
    int bind(long socket, long address, int length);

    /**
     * Makes a bound socket a listener.
     *
     * @param backlog how many connections may wait for an accept
     * @return 0, or the error
     */
    int listen(long socket, int backlog);

    /**
     * Says where a socket is bound.
     *
     * @param address of room for a sockaddr
     * @param length  address of an int: the bytes there are; afterwards those written
     * @return 0, or the error
     */
    int getsockname(long socket, long address, long length);

    /**
     * Says where a connected socket's peer is. After {@link #connectEx} or {@link #acceptEx}, only once the socket's
     * context was updated [doc]; Wine knows it before [wine].
     *
     * @param address of room for a sockaddr
     * @param length  address of an int: the bytes there are; afterwards those written
     * @return 0, or the error
     */
    int getpeername(long socket, long address, long length);

    /**
     * Sets how a socket does its I/O. iocp4j uses one command, {@code FIONBIO}: calls without an OVERLAPPED do not
     * wait. Overlapped ones pend all the same, and a send until the system has taken all its bytes [wine].
     *
     * @param argument address of a DWORD: 1 or 0
     * @return 0, or the error
     */
    int ioctlsocket(long socket, int command, long argument);

    /**
     * Sets an option.
     *
     * @param value  address of the value
     * @param length its size
     * @return 0, or the error
     */
    int setsockopt(long socket, int level, int option, long value, int length);

    /**
     * Reads an option.
     *
     * @param value  address of room for the value
     * @param length address of an int: the bytes there are; afterwards those written
     * @return 0, or the error
     */
    int getsockopt(long socket, int level, int option, long value, long length);

    /**
     * Ends a connection in one direction or in both. The socket stays open.
     *
     * @param how {@code SD_RECEIVE} (0), {@code SD_SEND} (1) or {@code SD_BOTH} (2)
     * @return 0, or the error
     */
    int shutdown(long socket, int how);

    /**
     * Posts a receive: it completes when there are bytes, with 0 bytes at the end of the peer's stream, or with a
     * failure.
     *
     * @param buffers address of {@code count} WSABUF, which the call copies
     * @param flags   address of a DWORD, 0 for an ordinary receive
     * @return 0 or {@code WSA_IO_PENDING}; otherwise the error, and nothing was posted
     */
    int wsaRecv(long socket, long buffers, int count, long flags, long overlapped);

    /**
     * Posts a send: it completes when the system has taken the bytes, perhaps not all, or with a failure.
     *
     * @param buffers address of {@code count} WSABUF, which the call copies
     * @return 0 or {@code WSA_IO_PENDING}; otherwise the error, and nothing was posted
     */
    int wsaSend(long socket, long buffers, int count, int flags, long overlapped);

    /**
     * Receives what is there. Only for a socket that {@link #ioctlsocket} has made non-blocking: no method keeps its
     * thread waiting. A receive that pends on the socket is not disturbed where nothing is there.
     *
     * <p>Under Wine only a receive that was pending tells of a reset. This call, and {@link #wsaRecv}, then find the
     * end of the stream; a send says {@code WSAECONNRESET} [wine].
     *
     * @param buffer address of {@code bytes}
     * @param flags  0, or {@code MSG_PEEK} (2): the bytes stay there
     * @return how many bytes, 0 at the end of the peer's stream; or minus the error: {@code WSAEWOULDBLOCK} (10035) if
     *         there is nothing yet
     */
    int recv(long socket, long buffer, int bytes, int flags);

    // ---- mswsock, through the pointers that WSAIoctl gives ----

    /**
     * Posts a connect: it completes when the peer has accepted or refused, or does not answer. The socket then wants
     * {@code SO_UPDATE_CONNECT_CONTEXT} before {@link #shutdown} or {@link #getpeername} [doc]; Wine does without
     * [wine].
     *
     * <p>A connect that nobody takes fails with {@code STATUS_CONNECTION_REFUSED}: for {@link #rtlNtStatusToDosError}
     * that is {@code ERROR_CONNECTION_REFUSED} (1225), for {@code SO_ERROR} {@code WSAECONNREFUSED} (10061) [wine].
     * One that was cancelled, or whose socket was closed, fails with {@code STATUS_CANCELLED} [wine]. After a failure
     * the socket connects no more: it says {@code WSAECONNABORTED} (10053), or 10022 if it was cancelled [wine].
     *
     * <p>Under Wine the call never returns 0, so that its packet comes even where success sends none [wine].
     *
     * @param socket     bound (otherwise {@code WSAEINVAL}, 10022), not connected ({@code WSAEISCONN}, 10056) [doc,
     *                   wine]
     * @param address    of the peer's sockaddr
     * @param length     its size
     * @param sendBuffer address of bytes to send when connected, or 0: none
     * @param sendBytes  how many
     * @param sent       address of a DWORD: the bytes sent, if the call returns 0; or 0
     * @return 0 or {@code WSA_IO_PENDING}; otherwise the error, and nothing was posted
     */
    int connectEx(long socket, long address, int length, long sendBuffer, int sendBytes, long sent, long overlapped);

    /**
     * Posts an accept: it completes when a client has connected, with the connection on {@code socket}.
     *
     * @param socket       neither bound nor connected
     * @param output       address of room for the first bytes received, then the local address, then the peer's; the
     *                     kernel's until the operation is complete
     * @param receiveBytes room for received bytes; with 0 it completes as soon as there is a connection
     * @param localBytes   room for the local sockaddr: its size and 16 more
     * @param remoteBytes  room for the peer's sockaddr: its size and 16 more
     * @param received     address of a DWORD: the bytes received, if the call returns 0
     * @return 0 or {@code WSA_IO_PENDING}; otherwise the error, and nothing was posted
     */
    int acceptEx(long listener, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                 long received, long overlapped);

    /**
     * Finds the two addresses in the output of a complete accept. The first four arguments are those of its
     * {@link #acceptEx}. It cannot fail.
     *
     * @param local        address of a pointer that is set to the local sockaddr, inside {@code output}
     * @param localLength  address of an int: that sockaddr's size
     * @param remote       address of a pointer that is set to the peer's sockaddr, inside {@code output}
     * @param remoteLength address of an int: that sockaddr's size
     */
    void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                              long local, long localLength, long remote, long remoteLength);

    /**
     * Posts a disconnect: what was sent is still delivered, and the operation completes when the connection has ended.
     *
     * @param flags    {@code TF_REUSE_SOCKET} (2): the socket can then be given to {@link #acceptEx} again; or 0
     * @param reserved 0
     * @return 0 or {@code WSA_IO_PENDING}; otherwise the error, and nothing was posted
     */
    int disconnectEx(long socket, long overlapped, int flags, int reserved);

    /**
     * Posts the sending of a file, or, with no file and no buffers, of nothing, for what the flags ask. Where in the
     * file it begins, the OVERLAPPED says: its Offset and OffsetHigh. It sends what is there of {@code bytes}; where
     * nothing is, it completes with 0 bytes [wine].
     *
     * <p>The file stays open until the operation is complete: under Wine it otherwise fails with C0000024 and 0 bytes,
     * although it has sent a part. One that was cancelled says how much the peer gets [wine]. Under Wine the call
     * never returns 0, so that its packet comes even where success sends none [wine].
     *
     * @param file         a file's handle, overlapped or not [wine], or 0: none
     * @param bytes        how much of it to send, at most 2^31 - 2 [doc]; 0: all that follows
     * @param bytesPerSend 0: as the system likes
     * @param buffers      address of what to send before and after the file (TRANSMIT_FILE_BUFFERS), or 0: nothing
     * @param flags        {@code TF_DISCONNECT} (1), {@code TF_REUSE_SOCKET} (2), both or none
     * @return 0 or {@code WSA_IO_PENDING}; otherwise the error, and nothing was posted
     */
    int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers, int flags);

    // ---- iphlpapi ----

    /**
     * Lists all TCP connections and listeners of the machine, with the processes that own them.
     *
     * @param table       address of room for a MIB_TCPTABLE_OWNER_PID, or, for IPv6, a MIB_TCP6TABLE_OWNER_PID
     * @param sizeAddress address of a DWORD: the bytes there are; afterwards those needed
     * @param family      AF_INET or AF_INET6
     * @return 0, or the error, which this call returns itself: {@code ERROR_INSUFFICIENT_BUFFER} (122) if there were
     *         too few bytes
     */
    int getExtendedTcpTable(long table, long sizeAddress, int family);

    // ---- ntdll ----

    /**
     * Sets a property of a handle. iocp4j uses one class of information, 61: it gives a handle another port and key, or
     * takes it off its port.
     *
     * @param ioStatusBlock address of an IO_STATUS_BLOCK, which the call fills
     * @param information   address of the new value
     * @param length        its size
     * @return an NTSTATUS: negative if it failed; {@link ErrorName#ofStatus} names it
     */
    int ntSetInformationFile(long handle, long ioStatusBlock, long information, int length, int informationClass);

    /** The Win32 code that Windows itself gives for an NTSTATUS. */
    int rtlNtStatusToDosError(int status);

    // ---- the system ----

    /** The system's text for a Win32 or Winsock code, or an empty string where it has none. Never null. */
    String formatMessage(int code);

    /**
     * What to throw when a call was refused, with the system's text for the code.
     *
     * @param call    the call, as Windows names it
     * @param code    the error that the method returned, positive
     * @param subject what it was called on, as a reader would name it
     */
    default Win32Exception failure(String call, int code, String subject) {
        return new Win32Exception(call, code, subject, formatMessage(code));
    }

    /** Blocks the calling thread for that long. An interrupt does not end it. */
    void sleep(int millis);

    /**
     * Nanoseconds of a clock that starts anywhere and never goes back: {@link System#nanoTime}, or a simulated system's
     * own time.
     */
    long nanoTime();

    /** The version of Wine that runs this process, or an empty string where it is not Wine. Never null. */
    String wineVersion();

    /**
     * How many calls have been made through this view; 0 where nobody counts. Any thread may ask, and gets the figure
     * of a moment ago. The clock is not counted, nor are the few calls of which no error is captured.
     */
    default long calls() {
        return 0;
    }

    /** Ends the view: its thread makes no more calls. What was made through it stays. Throws nothing. */
    @Override
    void close();
}
