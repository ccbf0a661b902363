package org.iocp4j.win32;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinFunctions.*;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.iocp4j.win32.generated.GUID;
import org.iocp4j.win32.generated.LPFN_ACCEPTEX;
import org.iocp4j.win32.generated.LPFN_DISCONNECTEX;
import org.iocp4j.win32.generated.LPFN_GETACCEPTEXSOCKADDRS;
import org.iocp4j.win32.generated.LPFN_TRANSMITFILE;
import org.iocp4j.win32.generated.WSADATA;

/** The real calls. */
public final class WindowsWin32 implements Win32 {
    /** The pseudo-handle that GetCurrentProcess returns. */
    private static final long THIS_PROCESS = -1;

    /** This thread's error capture; automatic, because threads come and go and the segment must outlive a call only. */
    private final MemorySegment capture = Arena.ofAuto().allocate(Calls.CAPTURE);

    /**
     * A view of Windows for the calling thread.
     *
     * @throws UnsupportedPlatformException if this JVM is not a Windows one
     */
    public static Win32 attach() {
        String os = System.getProperty("os.name");
        if (!os.toLowerCase(Locale.ROOT).startsWith("windows")) {
            throw new UnsupportedPlatformException("iocp4j needs Windows' completion ports, and this JVM runs on " + os
                    + ": run it on a Windows JDK (on Linux under Wine: ./iocp4j does that)");
        }
        if (Calls.WSA_STARTUP_ERROR != 0) {
            throw new UnsupportedPlatformException("WSAStartup: " + ErrorName.of(Calls.WSA_STARTUP_ERROR) + ", Winsock 2.2");
        }
        Extensions.load();
        return new WindowsWin32();
    }

    private WindowsWin32() {
    }

    @Override
    public long createIoCompletionPort(long file, long port, long key, int concurrency) {
        try {
            long handle = (long) Calls.CREATE_IO_COMPLETION_PORT.invokeExact(capture, file, port, key, concurrency);
            return handle != 0 ? handle : -lastError();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int getQueuedCompletionStatusEx(long port, long entries, int count, long removed, int timeoutMillis) {
        try {
            return win32((int) Calls.GET_QUEUED_COMPLETION_STATUS_EX.invokeExact(capture, port, entries, count, removed,
                    timeoutMillis, 0));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int postQueuedCompletionStatus(long port, int bytes, long key, long overlapped) {
        try {
            return win32((int) Calls.POST_QUEUED_COMPLETION_STATUS.invokeExact(capture, port, bytes, key, overlapped));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int setFileCompletionNotificationModes(long handle, int flags) {
        try {
            return win32((int) Calls.SET_FILE_COMPLETION_NOTIFICATION_MODES.invokeExact(capture, handle, (byte) flags));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int cancelIoEx(long handle, long overlapped) {
        try {
            return win32((int) Calls.CANCEL_IO_EX.invokeExact(capture, handle, overlapped));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int closeHandle(long handle) {
        try {
            return win32((int) Calls.CLOSE_HANDLE.invokeExact(capture, handle));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public long duplicateHandle(long handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment duplicate = arena.allocate(JAVA_LONG);
            int inherited = 0;
            int error = win32((int) Calls.DUPLICATE_HANDLE.invokeExact(capture, THIS_PROCESS, handle, THIS_PROCESS,
                    duplicate.address(), 0, inherited, DUPLICATE_SAME_ACCESS()));
            return error == 0 ? duplicate.get(JAVA_LONG, 0) : -error;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public long virtualAlloc(long address, long bytes, int type, int protection) {
        try {
            long allocated = (long) Calls.VIRTUAL_ALLOC.invokeExact(capture, address, bytes, type, protection);
            return allocated != 0 ? allocated : -lastError();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int virtualFree(long address, long bytes, int type) {
        try {
            return win32((int) Calls.VIRTUAL_FREE.invokeExact(capture, address, bytes, type));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int getProcessMemoryInfo(long counters, int bytes) {
        try {
            return win32((int) Calls.GET_PROCESS_MEMORY_INFO.invokeExact(capture, THIS_PROCESS, counters, bytes));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public long wsaSocket(int family, int type, int protocol, int flags) {
        try {
            long noProtocolInfo = 0;
            long socket = (long) Calls.WSA_SOCKET.invokeExact(capture, family, type, protocol, noProtocolInfo, 0, flags);
            return socket != -1 ? socket : -lastWsaError();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int closesocket(long socket) {
        try {
            return winsock((int) Calls.CLOSESOCKET.invokeExact(capture, socket));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int bind(long socket, long address, int length) {
        try {
            return winsock((int) Calls.BIND.invokeExact(capture, socket, address, length));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int listen(long socket, int backlog) {
        try {
            return winsock((int) Calls.LISTEN.invokeExact(capture, socket, backlog));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int getsockname(long socket, long address, long length) {
        try {
            return winsock((int) Calls.GETSOCKNAME.invokeExact(capture, socket, address, length));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int setsockopt(long socket, int level, int option, long value, int length) {
        try {
            return winsock((int) Calls.SETSOCKOPT.invokeExact(capture, socket, level, option, value, length));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int getsockopt(long socket, int level, int option, long value, long length) {
        try {
            return winsock((int) Calls.GETSOCKOPT.invokeExact(capture, socket, level, option, value, length));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int shutdown(long socket, int how) {
        try {
            return winsock((int) Calls.SHUTDOWN.invokeExact(capture, socket, how));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int wsaRecv(long socket, long buffers, int count, long flags, long overlapped) {
        try {
            long noByteCount = 0; // with an OVERLAPPED the count in the call's own variable would be unreliable [doc]
            long noRoutine = 0;
            return winsock((int) Calls.WSA_RECV.invokeExact(capture, socket, buffers, count, noByteCount, flags, overlapped,
                    noRoutine));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int wsaSend(long socket, long buffers, int count, int flags, long overlapped) {
        try {
            long noByteCount = 0;
            long noRoutine = 0;
            return winsock((int) Calls.WSA_SEND.invokeExact(capture, socket, buffers, count, noByteCount, flags, overlapped,
                    noRoutine));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int acceptEx(long listener, long socket, long output, int receiveBytes, int localBytes, int remoteBytes,
                        long received, long overlapped) {
        try {
            return winsockBool((int) Extensions.ACCEPT_EX.invokeExact(capture, listener, socket, output, receiveBytes,
                    localBytes, remoteBytes, received, overlapped));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public void getAcceptExSockaddrs(long output, int receiveBytes, int localBytes, int remoteBytes,
                                     long local, long localLength, long remote, long remoteLength) {
        try {
            Extensions.GET_ACCEPT_EX_SOCKADDRS.invokeExact(output, receiveBytes, localBytes, remoteBytes, local,
                    localLength, remote, remoteLength);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int disconnectEx(long socket, long overlapped, int flags, int reserved) {
        try {
            return winsockBool((int) Extensions.DISCONNECT_EX.invokeExact(capture, socket, overlapped, flags, reserved));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @Override
    public int transmitFile(long socket, long file, int bytes, int bytesPerSend, long overlapped, long buffers,
                            int flags) {
        try {
            return winsockBool((int) Extensions.TRANSMIT_FILE.invokeExact(capture, socket, file, bytes, bytesPerSend,
                    overlapped, buffers, flags));
        } catch (Throwable t) {
            throw unexpected(t);
        }
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

    /** Nothing to do: the capture is the collector's. */
    @Override
    public void close() {
    }

    @Override
    public String wineVersion() {
        return Calls.WINE_VERSION;
    }

    private int wsaIoctl(long socket, int code, long in, int inBytes, long out, int outBytes, long returned) {
        try {
            long notOverlapped = 0;
            long noRoutine = 0;
            return winsock((int) Calls.WSA_IOCTL.invokeExact(capture, socket, code, in, inBytes, out, outBytes, returned,
                    notOverlapped, noRoutine));
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private int win32(int result) {
        return result != 0 ? 0 : lastError();
    }

    private int winsock(int result) {
        return result == 0 ? 0 : lastWsaError();
    }

    private int winsockBool(int result) {
        return result != 0 ? 0 : lastWsaError();
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
        static final MethodHandle GET_PROCESS_MEMORY_INFO =
                link(K32GetProcessMemoryInfo$address(), K32GetProcessMemoryInfo$descriptor());
        static final MethodHandle WSA_SOCKET = link(WSASocketW$address(), WSASocketW$descriptor());
        static final MethodHandle CLOSESOCKET = link(closesocket$address(), closesocket$descriptor());
        static final MethodHandle BIND = link(bind$address(), bind$descriptor());
        static final MethodHandle LISTEN = link(listen$address(), listen$descriptor());
        static final MethodHandle GETSOCKNAME = link(getsockname$address(), getsockname$descriptor());
        static final MethodHandle SETSOCKOPT = link(setsockopt$address(), setsockopt$descriptor());
        static final MethodHandle GETSOCKOPT = link(getsockopt$address(), getsockopt$descriptor());
        static final MethodHandle SHUTDOWN = link(shutdown$address(), shutdown$descriptor());
        static final MethodHandle WSA_IOCTL = link(WSAIoctl$address(), WSAIoctl$descriptor());
        static final MethodHandle WSA_RECV = link(WSARecv$address(), WSARecv$descriptor());
        static final MethodHandle WSA_SEND = link(WSASend$address(), WSASend$descriptor());
        static final String WINE_VERSION = wineGetVersion();
        static final int WSA_STARTUP_ERROR = wsaStartup();

        /** Both errors are captured, so that each call's own rule says which to read. */
        static MethodHandle link(MemorySegment address, FunctionDescriptor descriptor) {
            return LINKER.downcallHandle(address, descriptor,
                    Linker.Option.captureCallState("GetLastError", "WSAGetLastError"));
        }

        /** Winsock stays started as long as the process: no call of ours outlives it. */
        private static int wsaStartup() {
            try (Arena arena = Arena.ofConfined()) {
                short version22 = 0x0202;
                return WSAStartup(version22, arena.allocate(WSADATA.layout()).address());
            }
        }

        /** Only Wine's ntdll exports this, so it cannot be among the generated functions. */
        private static String wineGetVersion() {
            try (Arena arena = Arena.ofConfined()) {
                var address = SymbolLookup.libraryLookup("ntdll", arena).find("wine_get_version");
                if (address.isEmpty()) {
                    return "";
                }
                MethodHandle call = LINKER.downcallHandle(address.get(), FunctionDescriptor.of(JAVA_LONG));
                long text = (long) call.invokeExact();
                return MemorySegment.ofAddress(text).reinterpret(64).getString(0);
            } catch (Throwable t) {
                throw unexpected(t);
            }
        }
    }

    /**
     * Microsoft's Winsock extensions. Their addresses belong to the provider, not to a library's exports, and WSAIoctl
     * tells them for a socket of that provider [doc]; IPv4 and IPv6 sockets have the same one.
     */
    private static final class Extensions {
        static final MethodHandle ACCEPT_EX =
                Calls.link(pointer(WSAID_ACCEPTEX_LO(), WSAID_ACCEPTEX_HI()), LPFN_ACCEPTEX.descriptor());
        static final MethodHandle GET_ACCEPT_EX_SOCKADDRS = Calls.LINKER.downcallHandle(
                pointer(WSAID_GETACCEPTEXSOCKADDRS_LO(), WSAID_GETACCEPTEXSOCKADDRS_HI()),
                LPFN_GETACCEPTEXSOCKADDRS.descriptor());
        static final MethodHandle DISCONNECT_EX =
                Calls.link(pointer(WSAID_DISCONNECTEX_LO(), WSAID_DISCONNECTEX_HI()), LPFN_DISCONNECTEX.descriptor());
        static final MethodHandle TRANSMIT_FILE =
                Calls.link(pointer(WSAID_TRANSMITFILE_LO(), WSAID_TRANSMITFILE_HI()), LPFN_TRANSMITFILE.descriptor());

        /** So that what fails fails when a thread attaches, not inside its first accept. */
        static void load() {
        }

        private static MemorySegment pointer(long idLow, long idHigh) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment id = arena.allocate(GUID.layout());
                id.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, idLow);
                id.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, idHigh);
                MemorySegment pointer = arena.allocate(JAVA_LONG);
                MemorySegment returned = arena.allocate(JAVA_INT);
                WindowsWin32 win32 = new WindowsWin32();
                long socket = win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED());
                int error = socket < 0 ? (int) -socket : win32.wsaIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER(),
                        id.address(), (int) id.byteSize(), pointer.address(), (int) pointer.byteSize(), returned.address());
                win32.closesocket(socket);
                if (error != 0) {
                    throw new AssertionError("SIO_GET_EXTENSION_FUNCTION_POINTER: " + ErrorName.of(error));
                }
                return MemorySegment.ofAddress(pointer.get(JAVA_LONG, 0));
            }
        }
    }
}
