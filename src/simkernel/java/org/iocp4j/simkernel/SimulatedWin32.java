package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.ERROR_ABANDONED_WAIT_0;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;

import org.iocp4j.win32.Win32;
import org.jspecify.annotations.Nullable;

/**
 * A view of the simulated system, one thread's or anybody's. The baton may change hands at the entry to each call and
 * at its return.
 */
final class SimulatedWin32 implements Win32 {
    private final SimulatedKernel kernel;
    /** The one that it was made for, and that calls, unless it was handed over; null if it is for whoever calls. */
    private final @Nullable SimulatedThread thread;
    /** The thread ends with this view, and not with another one that it has besides. */
    private final boolean endsThread;

    SimulatedWin32(SimulatedKernel kernel, @Nullable SimulatedThread thread, boolean endsThread) {
        this.kernel = kernel;
        this.thread = thread;
        this.endsThread = endsThread;
    }

    private SimulatedThread thread() {
        return thread != null && isOwn(thread) ? thread : kernel.schedule.attach(true);
    }

    private static boolean isOwn(SimulatedThread thread) {
        return thread.thread == Thread.currentThread();
    }

    private void enter() {
        kernel.schedule.point(thread());
    }

    private int leave(int result, TraceEvent call, long a, long b, long c) {
        kernel.trace.add(kernel.timeline.now(), thread().ordinal, call, a, b, c, result);
        kernel.schedule.point(thread());
        return result;
    }

    private int leave(int result, TraceEvent call, long a, long b) {
        kernel.trace.add(kernel.timeline.now(), thread().ordinal, call, a, b, result, 0);
        kernel.schedule.point(thread());
        return result;
    }

    private int leave(int result, TraceEvent call, long a) {
        kernel.trace.add(kernel.timeline.now(), thread().ordinal, call, a, result, 0, 0);
        kernel.schedule.point(thread());
        return result;
    }

    // ---- completion ports ----

    @Override
    public long createIoCompletionPort(long file, long port, long key, int concurrency) {
        enter();
        boolean create = file == -1;
        long result = !create ? kernel.ports.associate(file, port, key)
                : port != 0 ? -ERROR_INVALID_PARAMETER() : kernel.ports.create(concurrency);
        if (create) {
            kernel.note(thread(), TraceEvent.CREATE_PORT, concurrency, result, 0, 0);
        } else {
            kernel.note(thread(), TraceEvent.ASSOCIATE, file, port, key, result);
        }
        kernel.schedule.point(thread());
        return result;
    }

    @Override
    public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
        if (kernel.schedule.failure() != null) {
            // the run is over: a worker that survives every Error is to end all the same
            return ERROR_ABANDONED_WAIT_0();
        }
        enter();
        int result = kernel.ports.dequeue(thread(), port, entries, count, removed, timeoutMillis);
        int error = Math.max(0, -result);
        kernel.note(thread(), TraceEvent.DEQUEUED, port, error, Math.max(0, result), 0);
        kernel.schedule.point(thread());
        return error;
    }

    @Override
    public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
        enter();
        return leave(kernel.ports.post(port, bytes, key, overlapped), TraceEvent.POST, port, bytes, key);
    }

    @Override
    public int setFileCompletionNotificationModes(long handle, int flags) {
        enter();
        return leave(kernel.ports.notificationModes(handle, flags), TraceEvent.NOTIFICATION_MODES, handle, flags);
    }

    @Override
    public int cancelIoEx(long handle, long overlapped) {
        enter();
        long operation = kernel.operations.serialAt(overlapped);
        return leave(kernel.cancelIoEx(handle, overlapped), TraceEvent.CANCEL, handle, operation);
    }

    @Override
    public int closeHandle(long handle) {
        enter();
        return leave(kernel.ports.close(handle), TraceEvent.CLOSE_HANDLE, handle);
    }

    @Override
    public long duplicateHandle(long handle) {
        enter();
        long result = kernel.sockets.duplicate(handle);
        kernel.note(thread(), TraceEvent.DUPLICATE, handle, result, 0, 0);
        kernel.schedule.point(thread());
        return result;
    }

    // ---- memory ----

    @Override
    public long virtualAlloc(long address, long bytes, int type, int protection) {
        enter();
        long result = kernel.memory.allocate(address, bytes, type);
        long where = result < 0 ? address : result;
        leave((int) Math.max(0, -result), TraceEvent.VIRTUAL_ALLOC, kernel.memory.number(where),
                kernel.memory.offset(where), bytes);
        return result;
    }

    @Override
    public int virtualFree(long address, long bytes, int type) {
        enter();
        int number = kernel.memory.number(address);
        return leave(kernel.memory.free(address, bytes, type), TraceEvent.VIRTUAL_FREE, number, type);
    }

    @Override
    public int getProcessMemoryInfo(long counters, int bytes) {
        enter();
        return kernel.processMemory(counters, bytes);
    }

    // ---- sockets ----

    @Override
    public long wsaSocket(int family, int type, int protocol, int flags) {
        enter();
        long result = kernel.sockets.create(family, type, protocol, flags);
        kernel.note(thread(), TraceEvent.SOCKET, result, 0, 0, 0);
        kernel.schedule.point(thread());
        return result;
    }

    @Override
    public int closesocket(long socket) {
        enter();
        return leave(kernel.sockets.close(socket), TraceEvent.CLOSESOCKET, socket);
    }

    @Override
    public int bind(long socket, long address, int length) {
        enter();
        return leave(kernel.sockets.bind(socket, address, length), TraceEvent.BIND, socket);
    }

    @Override
    public int listen(long socket, int backlog) {
        enter();
        return leave(kernel.sockets.listen(socket, backlog), TraceEvent.LISTEN, socket, backlog);
    }

    @Override
    public int getsockname(long socket, long address, long length) {
        enter();
        return leave(kernel.sockets.name(socket, address, length), TraceEvent.GETSOCKNAME, socket);
    }

    @Override
    public int setsockopt(long socket, int level, int option, long value, int length) {
        enter();
        return leave(kernel.options.set(socket, level, option, value, length), TraceEvent.SETSOCKOPT, socket, level,
                option);
    }

    @Override
    public int getsockopt(long socket, int level, int option, long value, long length) {
        enter();
        return leave(kernel.options.get(socket, level, option, value, length), TraceEvent.GETSOCKOPT, socket, level,
                option);
    }

    @Override
    public int shutdown(long socket, int how) {
        enter();
        return leave(kernel.transfers.shutdown(socket, how), TraceEvent.SHUTDOWN, socket, how);
    }

    @Override
    public int wsaRecv(long socket, long buffers, int count, long flags, long overlapped) {
        enter();
        int result = kernel.transfers.receive(thread(), socket, buffers, count, flags, overlapped);
        return leave(result, TraceEvent.RECEIVE, socket, count, kernel.operations.lastPosted(result));
    }

    @Override
    public int wsaSend(long socket, long buffers, int count, int flags, long overlapped) {
        enter();
        int result = kernel.transfers.send(thread(), socket, buffers, count, flags, overlapped);
        return leave(result, TraceEvent.SEND, socket, count, kernel.operations.lastPosted(result));
    }

    @Override
    public int acceptEx(long listener, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                        long received, long overlapped) {
        enter();
        int result = kernel.accepts.accept(thread(), listener, socket, output, receiveBytes, localBytes, remoteBytes,
                overlapped);
        return leave(result, TraceEvent.ACCEPT, listener, socket, kernel.operations.lastPosted(result));
    }

    @Override
    public void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                                     long local, long localLength, long remote, long remoteLength) {
        kernel.schedule.check(thread());
        kernel.accepts.sockaddrs(output, receiveBytes, localBytes, local, localLength, remote, remoteLength);
    }

    @Override
    public int disconnectEx(long socket, long overlapped, int flags, int reserved) {
        enter();
        int result = kernel.disconnects.disconnectEx(thread(), socket, overlapped, flags, reserved);
        return leave(result, TraceEvent.DISCONNECT, socket, flags, kernel.operations.lastPosted(result));
    }

    @Override
    public int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers,
                            int flags) {
        enter();
        int result = kernel.disconnects.transmitFile(thread(), socket, file, bytes, overlapped, buffers, flags);
        return leave(result, TraceEvent.TRANSMIT, socket, flags, kernel.operations.lastPosted(result));
    }

    @Override
    public long createFile(String path, int access, int share, int disposition, int flags) {
        enter();
        long result = kernel.files.create(path, access, share, disposition, flags);
        kernel.note(thread(), TraceEvent.CREATE_FILE, disposition, result, 0, 0);
        kernel.schedule.point(thread());
        return result;
    }

    @Override
    public long getFileSizeEx(long file) {
        enter();
        long result = kernel.files.size(file);
        kernel.note(thread(), TraceEvent.FILE_SIZE, file, result, 0, 0);
        kernel.schedule.point(thread());
        return result;
    }

    @Override
    public int readFile(long file, long buffer, int bytes, long overlapped) {
        enter();
        int result = kernel.files.read(thread(), file, buffer, bytes, overlapped);
        return leave(result, TraceEvent.READ_FILE, file, bytes, kernel.operations.lastPosted(result));
    }

    @Override
    public int writeFile(long file, long buffer, int bytes, long overlapped) {
        enter();
        int result = kernel.files.write(thread(), file, buffer, bytes, overlapped);
        return leave(result, TraceEvent.WRITE_FILE, file, bytes, kernel.operations.lastPosted(result));
    }

    @Override
    public int getpeername(long socket, long address, long length) {
        enter();
        return leave(kernel.sockets.peerName(socket, address, length), TraceEvent.GETPEERNAME, socket);
    }

    @Override
    public int ioctlsocket(long socket, int command, long argument) {
        enter();
        return leave(kernel.sockets.control(socket, command, argument), TraceEvent.IOCTL, socket);
    }

    @Override
    public int recv(long socket, long buffer, int bytes, int flags) {
        enter();
        return leave(kernel.transfers.receiveNow(socket, buffer, bytes, flags), TraceEvent.RECV, socket, flags);
    }

    @Override
    public int connectEx(long socket, long address, int length, long sendBuffer, int sendBytes, long sent,
                         long overlapped) {
        enter();
        int result = kernel.connects.connect(thread(), socket, address, length, sendBuffer, sendBytes, sent,
                overlapped);
        return leave(result, TraceEvent.CONNECT, socket, kernel.operations.lastPosted(result));
    }

    // ---- the rest ----

    @Override
    public int getExtendedTcpTable(long table, long sizeAddress, int family) {
        enter();
        return leave(kernel.tcpTable.write(table, sizeAddress, family), TraceEvent.TCP_TABLE, family);
    }

    @Override
    public int ntSetInformationFile(long handle, long ioStatusBlock, long information, int length,
                                    int informationClass) {
        enter();
        int result = kernel.ports.replace(handle, information, length, informationClass);
        kernel.memory.putInt(ioStatusBlock, result);
        return leave(result, TraceEvent.SET_INFORMATION, handle, informationClass);
    }

    @Override
    public int rtlNtStatusToDosError(int status) {
        return NtStatus.toDosError(status);
    }

    @Override
    public String formatMessage(int code) {
        return "";
    }

    /** In virtual time. */
    @Override
    public void sleep(int millis) {
        enter();
        kernel.sleep(thread(), millis * 1_000_000L);
    }

    @Override
    public long nanoTime() {
        return kernel.nanoTime();
    }

    @Override
    public String wineVersion() {
        return "";
    }

    /** If this is the thread's first view, the thread is at its end, and perhaps its pending I/O with it. */
    @Override
    public void close() {
        if (thread != null && endsThread && isOwn(thread) && kernel.schedule.failure() == null) {
            kernel.schedule.check(thread);
            kernel.schedule.leave(thread);
        }
    }
}
