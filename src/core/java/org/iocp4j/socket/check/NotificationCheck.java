package org.iocp4j.socket.check;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeoutException;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.FILE_COMPLETION_INFORMATION;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/**
 * Checks of what packets a socket sends to its port. Package port relies on a {@link org.iocp4j.port.Delivery}, and
 * here that is the question: so these checks make the calls themselves, on a port of their own.
 */
final class NotificationCheck {
    static final String OVER_WITHOUT_PACKET =
            "DisconnectEx returns " + ErrorName.of(WSA_IO_PENDING()) + ", completes, and sends no packet";

    private static final long KEY = 5;
    private static final long NEW_KEY = 6;
    private static final long MARKER_KEY = 7;
    /** On Windows, a packet that has not come by then will not come. */
    private static final int SILENCE_MILLIS = 100;
    private static final byte SENT = 3;

    private final LoopbackCheck loopback;
    private final Win32 win32;
    private final MemorySegment memory;
    private final MemorySegment overlapped;
    private final MemorySegment entry;
    private final MemorySegment buffer;
    private final MemorySegment data;
    /** A DWORD that a call reads or fills before it returns. */
    private final MemorySegment scratch;
    /**
     * Whether the operation in {@link #overlapped} is pending, by what its call returned: after a refusal the
     * OVERLAPPED may say so all the same [wt].
     */
    private boolean pending;

    NotificationCheck(LoopbackCheck loopback) {
        this.loopback = loopback;
        this.win32 = loopback.win32();
        memory = loopback.memory();
        overlapped = memory.asSlice(LoopbackCheck.FREE, OVERLAPPED.sizeof());
        entry = memory.asSlice(LoopbackCheck.FREE + 64, OVERLAPPED_ENTRY.sizeof());
        buffer = memory.asSlice(LoopbackCheck.FREE + 128, WSABUF.sizeof());
        data = memory.asSlice(LoopbackCheck.FREE + 160, 1);
        scratch = memory.asSlice(LoopbackCheck.FREE + 192, 64);
    }

    String skipOnSuccess() throws IOException, TimeoutException, IncapableException {
        return onAssociated(this::skipOnSuccess);
    }

    String skipOnSuccessWithDisconnectEx() throws IOException, TimeoutException, IncapableException {
        return onAssociated((client, port) -> {
            skipOnSuccess(client, port);
            client.close();
            finish("WSARecv", port, receive());
            clear();
            int error = called(win32.disconnectEx(loopback.socket(), overlapped.address(), TF_REUSE_SOCKET(), 0));
            if (error == 0) {
                return "DisconnectEx succeeds synchronously";
            }
            if (error != WSA_IO_PENDING()) {
                loopback.require("DisconnectEx", error);
            }
            boolean completed = !isStatusPending();
            if (completed ? hasPacket(port) : dequeue(port, LoopbackCheck.BOUND_MILLIS)) {
                return "DisconnectEx pends and sends its packet";
            }
            if (!completed) {
                throw loopback.late("DisconnectEx");
            }
            pending = false;
            throw new IncapableException(OVER_WITHOUT_PACKET);
        });
    }

    String reKey() throws IOException, TimeoutException, IncapableException {
        return onAssociated((client, port) -> {
            scratch.fill((byte) 0);
            MemorySegment information = scratch.asSlice(16, FILE_COMPLETION_INFORMATION.sizeof());
            information.set(JAVA_LONG, FILE_COMPLETION_INFORMATION.Port$offset(), port);
            information.set(JAVA_LONG, FILE_COMPLETION_INFORMATION.Key$offset(), NEW_KEY);
            int status = win32.ntSetInformationFile(loopback.socket(), scratch.address(), information.address(),
                    (int) information.byteSize(), FILE_REPLACE_COMPLETION_INFORMATION());
            if (status < 0) {
                String refused = "NtSetInformationFile: " + ErrorName.ofStatus(status);
                if (LoopbackCheck.isRefusal(win32.rtlNtStatusToDosError(status))) {
                    throw new IncapableException(refused);
                }
                throw new IOException(refused);
            }
            loopback.asks();
            int error = send();
            if (error != WSA_IO_PENDING()) {
                loopback.require("WSASend", error);
            }
            if (!dequeue(port, LoopbackCheck.BOUND_MILLIS)) {
                throw loopback.late("WSASend after the re-key");
            }
            loopback.read(client, SENT);
            if (key() != NEW_KEY) {
                throw new IncapableException("NtSetInformationFile succeeds, but packets carry key " + key());
            }
            return "NtSetInformationFile, packets carry the new key";
        });
    }

    /** A check of a connected socket that is associated with a port of its own. */
    @FunctionalInterface
    private interface Check {
        String run(LoopbackClient client, long port) throws IOException, TimeoutException, IncapableException;
    }

    private String onAssociated(Check check) throws IOException, TimeoutException, IncapableException {
        long port = win32.createIoCompletionPort(INVALID_HANDLE_VALUE(), 0, 0, 0);
        loopback.needs("CreateIoCompletionPort", port < 0 ? (int) -port : 0);
        try (LoopbackClient client = loopback.connect()) {
            long associated = win32.createIoCompletionPort(loopback.socket(), port, KEY, 0);
            loopback.needs("CreateIoCompletionPort", associated < 0 ? (int) -associated : 0);
            return check.run(client, port);
        } finally {
            awaitCompletion(port);
            win32.closeHandle(port);
        }
    }

    /** If an operation stays pending, whatever stopped the check, the memory stays allocated. */
    private void awaitCompletion(long port) throws Win32Exception {
        if (pending) {
            win32.cancelIoEx(loopback.socket(), overlapped.address());
            dequeue(port, LoopbackCheck.END_MILLIS);
        }
        if (pending && isStatusPending()) {
            loopback.memoryInUse();
        }
    }

    private String skipOnSuccess(LoopbackClient client, long port)
            throws IOException, TimeoutException, IncapableException {
        loopback.asks();
        loopback.require("SetFileCompletionNotificationModes",
                win32.setFileCompletionNotificationModes(loopback.socket(), FILE_SKIP_COMPLETION_PORT_ON_SUCCESS()));
        boolean inline = finish("WSASend", port, send());
        loopback.read(client, SENT);
        int pending = receive();
        client.write(SENT);
        finish("WSARecv", port, pending);
        if (!inline) {
            throw new IOException("WSASend of one byte did not complete synchronously, so nothing was seen");
        }
        return "a synchronous send without a packet, a pended receive with one";
    }

    private int send() {
        clear();
        data.set(JAVA_BYTE, 0, SENT);
        return called(win32.wsaSend(loopback.socket(), buffer.address(), 1, 0, overlapped.address()));
    }

    private int receive() {
        clear();
        scratch.set(JAVA_INT, 0, 0);
        return called(win32.wsaRecv(loopback.socket(), buffer.address(), 1, scratch.address(), overlapped.address()));
    }

    private void clear() {
        overlapped.fill((byte) 0);
        buffer.set(JAVA_INT, WSABUF.len$offset(), (int) data.byteSize());
        buffer.set(JAVA_LONG, WSABUF.buf$offset(), data.address());
    }

    /** Each call that uses {@link #overlapped} passes its error through here. */
    private int called(int error) {
        pending = error == WSA_IO_PENDING();
        return error;
    }

    /**
     * Awaits the end of a send or receive: one that completed synchronously must send no packet, any other one.
     *
     * @return whether it completed synchronously
     */
    private boolean finish(String call, long port, int error) throws IOException, TimeoutException, IncapableException {
        if (error == 0) {
            if (hasPacket(port)) {
                throw new IncapableException(call + " completes synchronously and sends a packet all the same");
            }
            return true;
        }
        if (error != WSA_IO_PENDING()) {
            loopback.require(call, error);
        }
        if (!dequeue(port, LoopbackCheck.BOUND_MILLIS)) {
            throw loopback.late(call);
        }
        if (internal() < 0) {
            loopback.require(call, win32.rtlNtStatusToDosError(internal()));
        }
        return false;
    }

    private boolean isStatusPending() {
        return internal() == STATUS_PENDING();
    }

    private int internal() {
        return (int) overlapped.get(JAVA_LONG, OVERLAPPED.Internal$offset());
    }

    /**
     * Whether an operation that has completed sent a packet. Wine queues it before this thread can see the completion,
     * so it comes ahead of a packet posted now [wine]. Nothing says so of Windows: there it gets a moment.
     */
    private boolean hasPacket(long port) throws Win32Exception, TimeoutException {
        if (win32.wineVersion().isEmpty()) {
            return dequeue(port, SILENCE_MILLIS);
        }
        loopback.needs("PostQueuedCompletionStatus", win32.postQueuedCompletionStatus(port, 0, MARKER_KEY, 0));
        if (!dequeue(port, LoopbackCheck.BOUND_MILLIS)) {
            throw loopback.late("PostQueuedCompletionStatus");
        }
        return key() != MARKER_KEY;
    }

    private long key() {
        return entry.get(JAVA_LONG, OVERLAPPED_ENTRY.lpCompletionKey$offset());
    }

    /** Whether a packet came, into {@link #entry}. */
    private boolean dequeue(long port, int millis) throws Win32Exception {
        int error = win32.getQueuedCompletionStatusEx(port, entry.address(), 1, scratch.address(), millis);
        if (error != 0 && error != WAIT_TIMEOUT()) {
            loopback.needs("GetQueuedCompletionStatusEx", error);
        }
        if (error == 0 && key() != MARKER_KEY) {
            pending = false;
        }
        return error == 0;
    }
}
