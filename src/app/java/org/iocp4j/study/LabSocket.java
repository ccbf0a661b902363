package org.iocp4j.study;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import org.iocp4j.port.IoThread;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.FILE_COMPLETION_INFORMATION;
import org.iocp4j.win32.generated.IO_STATUS_BLOCK;

/**
 * An overlapped TCP socket, and one operation of each kind to post on it. {@code session} is the number that goes into
 * the operation's OVERLAPPED, and comes back in the {@link Packet}. What a call refuses at once is thrown.
 */
public final class LabSocket {
    private final Lab lab;
    private final Map<Kind, LabOperation> operations = new EnumMap<>(Kind.class);
    private final long handle;
    private int generation;
    private boolean closed;

    LabSocket(Lab lab) throws Win32Exception {
        this.lab = lab;
        this.handle = lab.newHandle();
    }

    /** The SOCKET. */
    public long handle() {
        return handle;
    }

    /** How many connections were accepted into it; that being accepted included. */
    public int generation() {
        return generation;
    }

    boolean isClosed() {
        return closed;
    }

    /** Its one operation of this kind; more of them: {@link Lab#operation}. */
    public LabOperation operation(Kind kind) {
        return operations.computeIfAbsent(kind, k -> lab.operation(this, k));
    }

    void takeOperations(LabSocket closed) {
        closed.operations.values().forEach(operation -> operation.moveTo(this));
        operations.putAll(closed.operations);
        closed.operations.clear();
    }

    /** CreateIoCompletionPort: 0, or the error. */
    public int associate(LabPort port, long key) {
        return port.associate(handle, key);
    }

    /**
     * NtSetInformationFile(FileReplaceCompletionInformation): another port and another key for packets from now on.
     *
     * @return the NTSTATUS; negative for failure
     */
    public int reKey(LabPort port, long key) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(IO_STATUS_BLOCK.layout());
            MemorySegment information = arena.allocate(FILE_COMPLETION_INFORMATION.layout());
            information.set(JAVA_LONG, FILE_COMPLETION_INFORMATION.Port$offset(), port.handle());
            information.set(JAVA_LONG, FILE_COMPLETION_INFORMATION.Key$offset(), key);
            return lab.win32().ntSetInformationFile(handle, status.address(), information.address(),
                    (int) information.byteSize(), FILE_REPLACE_COMPLETION_INFORMATION());
        }
    }

    /** DuplicateHandle, an association through the duplicate, and CloseHandle of it: 0, or the error. */
    public int associateDuplicate(LabPort port, long key) throws Win32Exception {
        long duplicate = lab.win32().duplicateHandle(handle);
        if (duplicate < 0) {
            throw new Win32Exception("DuplicateHandle", (int) -duplicate, toString());
        }
        int associated = port.associate(duplicate, key);
        int closed = lab.win32().closeHandle(duplicate);
        if (closed != 0) {
            throw new Win32Exception("CloseHandle", closed, "a duplicate of " + this);
        }
        return associated;
    }

    /** One generation more; the listener's. */
    void accepting() {
        generation++;
    }

    /** WSARecv. */
    public void receive(long session) throws Win32Exception {
        receive(operation(Kind.RECEIVE), session);
    }

    /** WSARecv, by one of several operations. */
    public void receive(LabOperation operation, long session) throws Win32Exception {
        lab.io().buffer(0, operation.bufferAddress(), LabOperation.BUFFER_BYTES);
        require(Kind.RECEIVE, lab.io().receive(operation.leaves(), session, handle, 1), session);
    }

    /** WSASend. */
    public void send(long session, byte... bytes) throws Win32Exception {
        send(operation(Kind.SEND), session, bytes);
    }

    /** WSASend, by one of several operations. */
    public void send(LabOperation operation, long session, byte... bytes) throws Win32Exception {
        operation.data(bytes);
        lab.io().buffer(0, operation.bufferAddress(), bytes.length);
        require(Kind.SEND, lab.io().send(operation.leaves(), session, handle, 1), session);
    }

    /**
     * WSASend of more than fits into all buffers on the way: it stays out until the peer reads, or something ends it.
     */
    public void sendTooMuch(long session) throws Win32Exception {
        lab.unbuffered(handle);
        for (int i = 0; i < IoThread.GATHER; i++) {
            lab.io().buffer(i, lab.bulk().address(), (int) lab.bulk().byteSize());
        }
        LabOperation operation = operation(Kind.SEND);
        require(Kind.SEND, lab.io().send(operation.leaves(), session, handle, IoThread.GATHER), session);
    }

    /** DisconnectEx(TF_REUSE_SOCKET): with its packet the socket can be accepted into again. */
    public void disconnect(long session) throws Win32Exception {
        LabOperation operation = operation(Kind.DISCONNECT);
        require(Kind.DISCONNECT, lab.io().disconnect(operation.leaves(), session, handle, TF_REUSE_SOCKET()), session);
    }

    /** TransmitFile(TF_DISCONNECT | TF_REUSE_SOCKET) of no file: the same by the older call. */
    public void transmitNothing(long session) throws Win32Exception {
        LabOperation operation = operation(Kind.TRANSMIT);
        require(Kind.TRANSMIT, lab.io().transmitNothing(operation.leaves(), session, handle,
                TF_DISCONNECT() | TF_REUSE_SOCKET()), session);
    }

    /** shutdown(SD_SEND): a FIN behind what was sent. */
    public void shutdownSend() throws Win32Exception {
        int error = lab.win32().shutdown(handle, SD_SEND());
        if (error != 0) {
            throw new Win32Exception("shutdown", error, toString());
        }
    }

    /** SO_LINGER: l_onoff in the low two bytes, l_linger in the high ones. */
    public void linger(int value) throws Win32Exception {
        int error = lab.io().setOption(handle, SOL_SOCKET(), SO_LINGER(), value);
        if (error != 0) {
            throw new Win32Exception("SO_LINGER", error, toString());
        }
    }

    /** The same, as getsockopt says it is in force. */
    public int linger() throws Win32Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_LONG);
            MemorySegment length = arena.allocate(JAVA_INT);
            length.set(JAVA_INT, 0, Integer.BYTES);
            int error = lab.win32().getsockopt(handle, SOL_SOCKET(), SO_LINGER(), value.address(), length.address());
            if (error != 0) {
                throw new Win32Exception("getsockopt(SO_LINGER)", error, toString());
            }
            return value.get(JAVA_INT, 0);
        }
    }

    /** CancelIoEx of one operation: 0, or the error. Its packet comes all the same. */
    public int cancel(LabOperation operation) {
        return lab.win32().cancelIoEx(handle, operation.address());
    }

    /** closesocket. Packets of what is out still come. */
    public void close() throws Win32Exception {
        closed = true;
        int error = lab.win32().closesocket(handle);
        if (error != 0) {
            throw new Win32Exception("closesocket", error, toString());
        }
    }

    private void require(Kind call, int error, long session) throws Win32Exception {
        if (error != 0) {
            throw new Win32Exception(call.toString(), error, this + ", session " + session);
        }
    }

    @Override
    public String toString() {
        return "socket " + handle + ", generation " + generation;
    }
}
