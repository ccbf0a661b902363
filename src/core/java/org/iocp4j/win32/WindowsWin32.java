package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinFunctions.*;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.iocp4j.win32.generated.GUID;
import org.iocp4j.win32.generated.LPFN_ACCEPTEX;
import org.iocp4j.win32.generated.LPFN_CONNECTEX;
import org.iocp4j.win32.generated.LPFN_DISCONNECTEX;
import org.iocp4j.win32.generated.LPFN_GETACCEPTEXSOCKADDRS;
import org.iocp4j.win32.generated.LPFN_TRANSMITFILE;
import org.iocp4j.win32.generated.WSADATA;

/**
 * The real system: Windows, or Wine. {@link #attach} is the way to it.
 *
 * <p>The first thread to attach starts Winsock and has the functions linked; they stay for as long as the process
 * lives.
 */
public final class WindowsWin32 implements Win32 {
    /** The pseudo-handle that GetCurrentProcess returns. */
    private static final long THIS_PROCESS = -1;
    /** Of a path in the usual form, with the NUL behind it [doc]. */
    private static final int MAX_PATH = 260;

    private static final WinsockStart WINSOCK = new WinsockStart();
    private static final VarHandle CALLS;

    static {
        try {
            CALLS = MethodHandles.lookup().findVarHandle(WindowsWin32.class, "calls", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** This thread's error capture; automatic, because threads come and go and the segment must outlive a call only. */
    private final MemorySegment capture = Arena.ofAuto().allocate(Calls.CAPTURE);
    private long calls;

    /**
     * A view of Windows for the calling thread, which closes it after its last call. A thread may have several.
     *
     * @throws UnsupportedPlatformException if this is no 64-bit JVM of Windows, or denies us native access: each time
     * @throws UncheckedIOException         with a {@link Win32Exception} as its cause, if Winsock refuses to start: the
     *                                      next attempt may succeed
     */
    public static Win32 attach() {
        String os = System.getProperty("os.name");
        if (!os.toLowerCase(Locale.ROOT).startsWith("windows")) {
            throw new UnsupportedPlatformException("iocp4j needs Windows' completion ports, and this JVM runs on " + os
                    + ": run it on a Windows JDK (on Linux under Wine: ./iocp4j does that)");
        }
        if (ADDRESS.byteSize() != Long.BYTES) {
            throw new UnsupportedPlatformException("iocp4j needs a 64-bit JVM, and this one is for "
                    + System.getProperty("os.arch"));
        }
        NativeAccess.require();
        WindowsWin32 win32 = new WindowsWin32();
        try {
            WINSOCK.start(win32.new Start());
        } catch (Win32Exception e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
        Extensions.load();
        return win32;
    }

    private WindowsWin32() {
    }

    @Override
    public long createIoCompletionPort(long file, long port, long key, int concurrency) {
        long handle = call(Calls.CREATE_IO_COMPLETION_PORT, file, port, key, concurrency);
        return handle != 0 ? handle : -lastError();
    }

    @Override
    public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
        try {
            return win32((long) Calls.GET_QUEUED_COMPLETION_STATUS_EX.invokeExact(counted(), port, entries,
                    (long) count, removed, (long) timeoutMillis, 0L, 0L));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
        return win32(call(Calls.POST_QUEUED_COMPLETION_STATUS, port, bytes, key, overlapped));
    }

    @Override
    public int setFileCompletionNotificationModes(long handle, int flags) {
        return win32(call(Calls.SET_FILE_COMPLETION_NOTIFICATION_MODES, handle, flags));
    }

    @Override
    public int cancelIoEx(long handle, long overlapped) {
        return win32(call(Calls.CANCEL_IO_EX, handle, overlapped));
    }

    @Override
    public int closeHandle(long handle) {
        return win32(call(Calls.CLOSE_HANDLE, handle));
    }

    @Override
    public long duplicateHandle(long handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment duplicate = arena.allocate(JAVA_LONG);
            int inherited = 0;
            int error = win32(call(Calls.DUPLICATE_HANDLE, THIS_PROCESS, handle, THIS_PROCESS, duplicate.address(), 0,
                    inherited, DUPLICATE_SAME_ACCESS()));
            return error == 0 ? duplicate.get(JAVA_LONG, 0) : -error;
        }
    }

    @Override
    public long virtualAlloc(long address, long bytes, int type, int protection) {
        long allocated = call(Calls.VIRTUAL_ALLOC, address, bytes, type, protection);
        return allocated != 0 ? allocated : -lastError();
    }

    @Override
    public int virtualFree(long address, long bytes, int type) {
        return win32(call(Calls.VIRTUAL_FREE, address, bytes, type));
    }

    @Override
    public long createFile(String path, int access, int share, int disposition, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(fileName(path), StandardCharsets.UTF_16LE);
            long notInherited = 0;
            long noTemplate = 0;
            long file = call(Calls.CREATE_FILE, name.address(), access, share, notInherited, disposition, flags,
                    noTemplate);
            return file != INVALID_HANDLE_VALUE() ? file : -lastError();
        }
    }

    /**
     * A path that Windows takes, however long it is: from 260 characters on, with those of the current folder if it is
     * relative, only in a form in which "/", "." and ".." mean nothing [doc]. Java's own files do likewise.
     */
    static String fileName(String path) {
        String full;
        try {
            full = Path.of(path).toAbsolutePath().normalize().toString();
        } catch (InvalidPathException e) {
            return path; // the call says what is wrong with it
        }
        boolean isShort = path.length() < MAX_PATH && full.length() < MAX_PATH;
        if (isShort || full.startsWith("\\\\?\\") || full.startsWith("\\\\.\\")) {
            return path;
        }
        return full.startsWith("\\\\") ? "\\\\?\\UNC" + full.substring(1) : "\\\\?\\" + full;
    }

    @Override
    public long getFileSizeEx(long file) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(JAVA_LONG);
            int error = win32(call(Calls.GET_FILE_SIZE_EX, file, size.address()));
            return error == 0 ? size.get(JAVA_LONG, 0) : -error;
        }
    }

    @Override
    public int readFile(long file, long buffer, int bytes, long overlapped) {
        long noByteCount = 0;
        return win32(call(Calls.READ_FILE, file, buffer, bytes, noByteCount, overlapped));
    }

    @Override
    public int writeFile(long file, long buffer, int bytes, long overlapped) {
        long noByteCount = 0;
        return win32(call(Calls.WRITE_FILE, file, buffer, bytes, noByteCount, overlapped));
    }

    @Override
    public int getProcessMemoryInfo(long counters, int bytes) {
        return win32(call(Calls.GET_PROCESS_MEMORY_INFO, THIS_PROCESS, counters, bytes));
    }

    @Override
    public long wsaSocket(int family, int type, int protocol, int flags) {
        long noProtocolInfo = 0;
        long socket = call(Calls.WSA_SOCKET, family, type, protocol, noProtocolInfo, 0, flags);
        return socket != -1 ? socket : -lastWsaError();
    }

    @Override
    public int closesocket(long socket) {
        return winsock(call(Calls.CLOSESOCKET, socket));
    }

    @Override
    public int bind(long socket, long address, int length) {
        return winsock(call(Calls.BIND, socket, address, length));
    }

    @Override
    public int listen(long socket, int backlog) {
        return winsock(call(Calls.LISTEN, socket, backlog));
    }

    @Override
    public int getsockname(long socket, long address, long length) {
        return winsock(call(Calls.GETSOCKNAME, socket, address, length));
    }

    @Override
    public int getpeername(long socket, long address, long length) {
        return winsock(call(Calls.GETPEERNAME, socket, address, length));
    }

    @Override
    public int ioctlsocket(long socket, int command, long argument) {
        return winsock(call(Calls.IOCTLSOCKET, socket, command, argument));
    }

    @Override
    public int setsockopt(long socket, int level, int option, long value, int length) {
        return winsock(call(Calls.SETSOCKOPT, socket, level, option, value, length));
    }

    @Override
    public int getsockopt(long socket, int level, int option, long value, long length) {
        return winsock(call(Calls.GETSOCKOPT, socket, level, option, value, length));
    }

    @Override
    public int shutdown(long socket, int how) {
        return winsock(call(Calls.SHUTDOWN, socket, how));
    }

    @Override
    public int wsaRecv(long socket, long buffers, int count, long flags, long overlapped) {
        long noByteCount = 0; // with an OVERLAPPED the count in the call's own variable would be unreliable [doc]
        long noRoutine = 0;
        try {
            return winsock((long) Calls.WSA_RECV.invokeExact(counted(), socket, buffers, (long) count, noByteCount,
                    flags, overlapped, noRoutine));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int wsaSend(long socket, long buffers, int count, int flags, long overlapped) {
        long noByteCount = 0;
        long noRoutine = 0;
        try {
            return winsock((long) Calls.WSA_SEND.invokeExact(counted(), socket, buffers, (long) count, noByteCount,
                    (long) flags, overlapped, noRoutine));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int recv(long socket, long buffer, int bytes, int flags) {
        int received = (int) call(Calls.RECV, socket, buffer, bytes, flags);
        return received >= 0 ? received : -lastWsaError();
    }

    @Override
    public int connectEx(long socket, long address, int length, long sendBuffer, int sendBytes, long sent,
                         long overlapped) {
        return winsockBool(call(Extensions.CONNECT_EX, socket, address, length, sendBuffer, sendBytes, sent,
                overlapped));
    }

    @Override
    public int acceptEx(long listener, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                        long received, long overlapped) {
        try {
            return winsockBool((long) Extensions.ACCEPT_EX.invokeExact(counted(), listener, socket, output,
                    (long) receiveBytes, (long) localBytes, (long) remoteBytes, received, overlapped, 0L));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                                     long local, long localLength, long remote, long remoteLength) {
        call(Extensions.GET_ACCEPT_EX_SOCKADDRS, output, receiveBytes, localBytes, remoteBytes, local, localLength,
                remote, remoteLength);
    }

    @Override
    public int disconnectEx(long socket, long overlapped, int flags, int reserved) {
        try {
            return winsockBool((long) Extensions.DISCONNECT_EX.invokeExact(counted(), socket, overlapped, (long) flags,
                    (long) reserved));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers,
                            int flags) {
        return winsockBool(call(Extensions.TRANSMIT_FILE, socket, file, bytes, bytesPerSend, overlapped, buffers,
                flags));
    }

    @Override
    public int getExtendedTcpTable(long table, long sizeAddress, int family) {
        int unsorted = 0;
        return GetExtendedTcpTable(table, sizeAddress, unsorted, family, TCP_TABLE_OWNER_PID_ALL(), 0);
    }

    @Override
    public int ntSetInformationFile(long handle, long ioStatusBlock, long information, int length,
                                    int informationClass) {
        return NtSetInformationFile(handle, ioStatusBlock, information, length, informationClass);
    }

    @Override
    public int rtlNtStatusToDosError(int status) {
        return RtlNtStatusToDosError(status);
    }

    @Override
    public String formatMessage(int code) {
        try (Arena arena = Arena.ofConfined()) {
            int capacity = 1024;
            MemorySegment text = arena.allocate(2L * capacity);
            int length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM() | FORMAT_MESSAGE_IGNORE_INSERTS(), 0, code, 0,
                    text.address(), capacity, 0);
            byte[] utf16 = text.asSlice(0, 2L * length).toArray(ValueLayout.JAVA_BYTE);
            return new String(utf16, StandardCharsets.UTF_16LE).strip();
        }
    }

    @Override
    public void sleep(int millis) {
        Sleep(millis);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public long calls() {
        return (long) CALLS.getOpaque(this);
    }

    /** Nothing to do: the capture is the collector's. */
    @Override
    public void close() {
    }

    @Override
    public String wineVersion() {
        return Calls.WINE_VERSION;
    }

    /** What only a start calls. */
    private final class Start implements WinsockStart.Winsock {
        @Override
        public int startup() {
            try (Arena arena = Arena.ofConfined()) {
                int version22 = 0x0202;
                return (int) call(Calls.link(WSAStartup$address(), WSAStartup$descriptor()), version22,
                        arena.allocate(WSADATA.layout()).address());
            }
        }

        @Override
        public long socket(int family) {
            return wsaSocket(family, SOCK_STREAM(), IPPROTO_TCP(),
                    WSA_FLAG_OVERLAPPED() | WSA_FLAG_NO_HANDLE_INHERIT());
        }

        @Override
        public long extension(long socket, long guidLow, long guidHigh) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment id = arena.allocate(GUID.layout());
                id.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, guidLow);
                id.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, guidHigh);
                MemorySegment pointer = arena.allocate(JAVA_LONG);
                MemorySegment returned = arena.allocate(JAVA_INT);
                long notOverlapped = 0;
                long noRoutine = 0;
                int error = winsock(call(Calls.WSA_IOCTL, socket, SIO_GET_EXTENSION_FUNCTION_POINTER(), id.address(),
                        id.byteSize(), pointer.address(), pointer.byteSize(), returned.address(), notOverlapped,
                        noRoutine));
                return error == 0 ? pointer.get(JAVA_LONG, 0) : -error;
            }
        }

        @Override
        public void closesocket(long socket) {
            WindowsWin32.this.closesocket(socket);
        }
    }

    // ---- what the calls have in common: arguments and result as longs, whatever their types and number, see
    // Calls.link ---- Each of these has 35 bytes of bytecode at most, so that the JIT inlines it everywhere, and with
    // it a constant function: otherwise a call costs more, and 40 bytes of the heap. The calls on the way of a packet
    // invoke their function themselves: what is shared has run too often before the JIT profiles it, and on a single
    // processor may never be profiled, so that the JIT takes the call for a rare one and leaves the 40 bytes in (two
    // calls and 80 bytes for each echo of one connection [wine]).

    private long call(MethodHandle function, long a) {
        return call(function, a, 0, 0, 0);
    }

    private long call(MethodHandle function, long a, long b) {
        return call(function, a, b, 0, 0);
    }

    private long call(MethodHandle function, long a, long b, long c) {
        return call(function, a, b, c, 0);
    }

    private long call(MethodHandle function, long a, long b, long c, long d) {
        try {
            return (long) function.invokeExact(counted(), a, b, c, d);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private long call(MethodHandle function, long a, long b, long c, long d, long e) {
        return call(function, a, b, c, d, e, 0, 0);
    }

    private long call(MethodHandle function, long a, long b, long c, long d, long e, long f) {
        return call(function, a, b, c, d, e, f, 0);
    }

    private long call(MethodHandle function, long a, long b, long c, long d, long e, long f, long g) {
        try {
            return (long) function.invokeExact(counted(), a, b, c, d, e, f, g);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private long call(MethodHandle function, long a, long b, long c, long d, long e, long f, long g, long h) {
        return call(function, a, b, c, d, e, f, g, h, 0);
    }

    private long call(MethodHandle function, long a, long b, long c, long d, long e, long f, long g, long h, long i) {
        try {
            return (long) function.invokeExact(counted(), a, b, c, d, e, f, g, h, i);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The capture, for one call more. */
    private MemorySegment counted() {
        CALLS.setOpaque(this, calls + 1); // one thread writes it
        return capture;
    }

    private int win32(long result) {
        return (int) result != 0 ? 0 : lastError();
    }

    private int winsock(long result) {
        return (int) result == 0 ? 0 : lastWsaError();
    }

    private int winsockBool(long result) {
        return (int) result != 0 ? 0 : lastWsaError();
    }

    private int lastError() {
        return capture.get(JAVA_INT, Calls.LAST_ERROR);
    }

    private int lastWsaError() {
        return capture.get(JAVA_INT, Calls.WSA_LAST_ERROR);
    }

    /** A downcall's declared Throwable: nothing checked can come out of one. */
    private static AssertionError unexpected(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        if (t instanceof RuntimeException runtime) {
            throw runtime;
        }
        return new AssertionError("thrown by a downcall", t);
    }

    /** The functions that the libraries export; linked when the first instance is made, on Windows only. */
    private static final class Calls {
        static final Linker LINKER = Linker.nativeLinker();
        static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
        static final long LAST_ERROR = CAPTURE.byteOffset(PathElement.groupElement("GetLastError"));
        static final long WSA_LAST_ERROR = CAPTURE.byteOffset(PathElement.groupElement("WSAGetLastError"));

        static final MethodHandle CREATE_IO_COMPLETION_PORT =
                link(CreateIoCompletionPort$address(), CreateIoCompletionPort$descriptor());
        static final MethodHandle GET_QUEUED_COMPLETION_STATUS_EX =
                link(GetQueuedCompletionStatusEx$address(), GetQueuedCompletionStatusEx$descriptor());
        static final MethodHandle POST_QUEUED_COMPLETION_STATUS =
                link(PostQueuedCompletionStatus$address(), PostQueuedCompletionStatus$descriptor());
        static final MethodHandle SET_FILE_COMPLETION_NOTIFICATION_MODES =
                link(SetFileCompletionNotificationModes$address(), SetFileCompletionNotificationModes$descriptor());
        static final MethodHandle CANCEL_IO_EX = link(CancelIoEx$address(), CancelIoEx$descriptor());
        static final MethodHandle CLOSE_HANDLE = link(CloseHandle$address(), CloseHandle$descriptor());
        static final MethodHandle DUPLICATE_HANDLE = link(DuplicateHandle$address(), DuplicateHandle$descriptor());
        static final MethodHandle VIRTUAL_ALLOC = link(VirtualAlloc$address(), VirtualAlloc$descriptor());
        static final MethodHandle VIRTUAL_FREE = link(VirtualFree$address(), VirtualFree$descriptor());
        static final MethodHandle CREATE_FILE = link(CreateFileW$address(), CreateFileW$descriptor());
        static final MethodHandle GET_FILE_SIZE_EX = link(GetFileSizeEx$address(), GetFileSizeEx$descriptor());
        static final MethodHandle READ_FILE = link(ReadFile$address(), ReadFile$descriptor());
        static final MethodHandle WRITE_FILE = link(WriteFile$address(), WriteFile$descriptor());
        static final MethodHandle GET_PROCESS_MEMORY_INFO =
                link(K32GetProcessMemoryInfo$address(), K32GetProcessMemoryInfo$descriptor());
        static final MethodHandle WSA_SOCKET = link(WSASocketW$address(), WSASocketW$descriptor());
        static final MethodHandle CLOSESOCKET = link(closesocket$address(), closesocket$descriptor());
        static final MethodHandle BIND = link(bind$address(), bind$descriptor());
        static final MethodHandle LISTEN = link(listen$address(), listen$descriptor());
        static final MethodHandle GETSOCKNAME = link(getsockname$address(), getsockname$descriptor());
        static final MethodHandle GETPEERNAME = link(getpeername$address(), getpeername$descriptor());
        static final MethodHandle IOCTLSOCKET = link(ioctlsocket$address(), ioctlsocket$descriptor());
        static final MethodHandle SETSOCKOPT = link(setsockopt$address(), setsockopt$descriptor());
        static final MethodHandle GETSOCKOPT = link(getsockopt$address(), getsockopt$descriptor());
        static final MethodHandle SHUTDOWN = link(shutdown$address(), shutdown$descriptor());
        static final MethodHandle WSA_IOCTL = link(WSAIoctl$address(), WSAIoctl$descriptor());
        static final MethodHandle WSA_RECV = link(WSARecv$address(), WSARecv$descriptor());
        static final MethodHandle WSA_SEND = link(WSASend$address(), WSASend$descriptor());
        static final MethodHandle RECV = link(recv$address(), recv$descriptor());
        static final String WINE_VERSION = wineGetVersion();

        /**
         * Both errors are captured, so that each call's own rule says which to read. Each argument and the result is a
         * long: on 64-bit Windows an integer of any width has 8 bytes of its own, of which only its width is read; and
         * a function does not see what follows its arguments, which the caller takes away again [doc: x64 and arm64
         * calling conventions]. So three shapes do for all. Each costs a start some 7 ms, for the JVM spins classes for
         * it.
         *
         * <p>That is [doc] alone: it has run under Wine on x64, but neither Windows on x64 nor arm64 has ever seen it.
         * Should one of them object, link each function with its own descriptor.
         */
        @SuppressWarnings("restricted")
        static MethodHandle link(MemorySegment address, FunctionDescriptor descriptor) {
            int arguments = descriptor.argumentLayouts().size();
            MemoryLayout[] longs = new MemoryLayout[arguments <= 4 ? 4 : arguments <= 7 ? 7 : 9];
            Arrays.fill(longs, JAVA_LONG);
            return LINKER.downcallHandle(address, FunctionDescriptor.of(JAVA_LONG, longs),
                    Linker.Option.captureCallState("GetLastError", "WSAGetLastError"));
        }

        /** Only Wine's ntdll exports this, so it cannot be among the generated functions. */
        @SuppressWarnings("restricted")
        private static String wineGetVersion() {
            try (Arena arena = Arena.ofConfined()) {
                var address = SymbolLookup.libraryLookup("ntdll", arena).find("wine_get_version");
                if (address.isEmpty()) {
                    return "";
                }
                long text = new WindowsWin32().call(link(address.get(), FunctionDescriptor.of(JAVA_LONG)), 0);
                return MemorySegment.ofAddress(text).reinterpret(64).getString(0);
            }
        }
    }

    /**
     * Microsoft's Winsock extensions. A class is initialised only once, whatever comes of it, so nothing that Winsock
     * may refuse is done here: their addresses are known before.
     */
    private static final class Extensions {
        private static final WinsockStart.Addresses AT =
                Objects.requireNonNull(WINSOCK.addresses(), "Winsock is not started");

        static final MethodHandle ACCEPT_EX = link(AT.acceptEx(), LPFN_ACCEPTEX.descriptor());
        /** It returns nothing: what is left in the result's register is nobody's. */
        static final MethodHandle GET_ACCEPT_EX_SOCKADDRS =
                link(AT.getAcceptExSockaddrs(), LPFN_GETACCEPTEXSOCKADDRS.descriptor());
        static final MethodHandle CONNECT_EX = link(AT.connectEx(), LPFN_CONNECTEX.descriptor());
        static final MethodHandle DISCONNECT_EX = link(AT.disconnectEx(), LPFN_DISCONNECTEX.descriptor());
        static final MethodHandle TRANSMIT_FILE = link(AT.transmitFile(), LPFN_TRANSMITFILE.descriptor());

        /** So that they are linked when a thread attaches, not inside its first accept. */
        static void load() {
        }

        private static MethodHandle link(long address, FunctionDescriptor descriptor) {
            return Calls.link(MemorySegment.ofAddress(address), descriptor);
        }
    }
}
