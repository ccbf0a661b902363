package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.simkernel.FactScene.BOGUS;
import static org.iocp4j.simkernel.FactScene.KEY;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.WindowsFact.Known.DOCUMENTED;
import static org.iocp4j.simkernel.WindowsFact.Known.REPORTED;
import static org.iocp4j.simkernel.WindowsFact.fact;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.iocp4j.simkernel.FactScene.End;

/** Of CreateFileW, ReadFile, WriteFile, and of TransmitFile with a file. */
final class FileFacts {
    private static final String PATH = "C:\\ten";
    private static final byte[] TEN = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    private static final String FLAGS = "TransmitFile";
    private static final String WINE = "tried under Wine";

    private FileFacts() {
    }

    static List<WindowsFact> all() {
        return List.of(
                fact("CreateFileW of a file that is not there", DOCUMENTED, "CreateFileW",
                        s -> open(s, "C:\\none", GENERIC_READ(), 0, OPEN_EXISTING()), -(long) ERROR_FILE_NOT_FOUND()),
                fact("CreateFileW of a new file that is there", DOCUMENTED, "CreateFileW", s -> {
                    s.kernel.putFile(PATH, TEN);
                    return open(s, PATH, GENERIC_WRITE(), 0, CREATE_NEW());
                }, -(long) ERROR_FILE_EXISTS()),
                fact("CreateFileW of what another has open, and shares for reading", DOCUMENTED, "CreateFileW", s -> {
                    s.kernel.putFile(PATH, TEN);
                    open(s, PATH, GENERIC_READ(), FILE_SHARE_READ(), OPEN_EXISTING());
                    return List.of(open(s, PATH, GENERIC_READ(), FILE_SHARE_READ(), OPEN_EXISTING()) > 0,
                            open(s, PATH, GENERIC_READ(), 0, OPEN_EXISTING()),
                            open(s, PATH, GENERIC_WRITE(), FILE_SHARE_READ(), OPEN_EXISTING()));
                }, List.of(true, -(long) ERROR_SHARING_VIOLATION(), -(long) ERROR_SHARING_VIOLATION())),
                fact("GetFileSizeEx", DOCUMENTED, "GetFileSizeEx", s -> s.win32.getFileSizeEx(ten(s)), 10L),
                fact("ReadFile, no file at all", DOCUMENTED, "ReadFile",
                        s -> s.refused(s.win32.readFile(BOGUS, s.p.allocate(4).address(), 4, s.p.overlapped())),
                        List.of(ERROR_INVALID_HANDLE(), true)),
                fact("ReadFile begins where the OVERLAPPED says", DOCUMENTED, "ReadFile",
                        s -> read(s, ten(s), 4, 3), List.of(new End(KEY, 0, 3), bytes(4, 7))),
                fact("ReadFile of more than there is brings what there is", DOCUMENTED, "ReadFile",
                        s -> read(s, ten(s), 8, 100), List.of(new End(KEY, 0, 2), bytes(8, 10))),
                fact("ReadFile behind the end", DOCUMENTED, "ReadFile", s -> {
                    long overlapped = s.p.overlappedAt(10);
                    int error = s.win32.readFile(ten(s), s.p.allocate(4).address(), 4, overlapped);
                    return error == PENDING ? s.end(overlapped) : s.refused(error);
                }, new End(KEY, STATUS_END_OF_FILE(), 0)).or(DOCUMENTED, "ReadFile",
                        List.of(ERROR_HANDLE_EOF(), true)),
                fact("WriteFile writes where the OVERLAPPED says", DOCUMENTED, "WriteFile", s -> {
                    long file = ten(s);
                    long overlapped = s.p.overlappedAt(9);
                    s.win32.writeFile(file, s.p.bytes((byte) 70, (byte) 71).address(), 2, overlapped);
                    End end = s.end(overlapped);
                    return List.of(end, s.win32.getFileSizeEx(file), read(s, file, 8, 10));
                }, List.of(new End(KEY, 0, 2), 11L, List.of(new End(KEY, 0, 3), List.of((byte) 8, (byte) 70,
                        (byte) 71)))),
                fact("WriteFile at an offset of all ones appends", DOCUMENTED, "WriteFile", s -> {
                    long file = ten(s);
                    long overlapped = s.p.overlappedAt(-1);
                    s.win32.writeFile(file, s.p.bytes((byte) 70).address(), 1, overlapped);
                    return List.of(s.end(overlapped), read(s, file, 9, 10));
                }, List.of(new End(KEY, 0, 1), List.of(new End(KEY, 0, 2), List.of((byte) 9, (byte) 70)))),
                fact("CancelIoEx of a read", DOCUMENTED, "CancelIoEx", s -> {
                    long file = ten(s);
                    long overlapped = s.p.overlapped();
                    s.win32.readFile(file, s.p.allocate(4).address(), 4, overlapped);
                    boolean found = s.win32.cancelIoEx(file, overlapped) == 0;
                    int status = s.end(overlapped).status();
                    return status == 0 || (found && status == STATUS_CANCELLED());
                }, true),
                fact("the packet of a read comes though its file is closed", DOCUMENTED, "CloseHandle", s -> {
                    long file = ten(s);
                    long overlapped = s.p.overlapped();
                    s.win32.readFile(file, s.p.allocate(4).address(), 4, overlapped);
                    int error = s.win32.closeHandle(file);
                    int status = s.end(overlapped).status();
                    return List.of(error, status == 0 || status == STATUS_CANCELLED(), s.win32.getFileSizeEx(file));
                }, List.of(0, true, -(long) ERROR_INVALID_HANDLE())),
                // ---- TransmitFile ----
                fact("TransmitFile sends a whole file", DOCUMENTED, FLAGS, s -> transmitted(s, 0, 0, 0),
                        List.of(new End(KEY, 0, 10), bytes(0, 10), false)),
                fact("TransmitFile begins where the OVERLAPPED says", DOCUMENTED, FLAGS,
                        s -> transmitted(s, 3, 4, 0), List.of(new End(KEY, 0, 4), bytes(3, 7), false)),
                fact("TransmitFile of more than there is sends what there is", REPORTED, WINE,
                        s -> transmitted(s, 8, 100, 0), List.of(new End(KEY, 0, 2), bytes(8, 10), false)),
                fact("TransmitFile with TF_DISCONNECT: the FIN comes behind the file", DOCUMENTED, FLAGS,
                        s -> transmitted(s, 0, 0, TF_DISCONNECT()),
                        List.of(new End(KEY, 0, 10), bytes(0, 10), true)),
                fact("TransmitFile, no file at all", DOCUMENTED, FLAGS,
                        s -> s.win32.transmitFile(s.connect(), BOGUS, 0, 0, s.p.overlapped(), 0, 0),
                        ERROR_INVALID_HANDLE()),
                fact("TransmitFile of too much at once", DOCUMENTED, FLAGS,
                        s -> s.win32.transmitFile(s.connect(), ten(s), Integer.MAX_VALUE, 0, s.p.overlapped(), 0, 0),
                        WSAEINVAL()),
                fact("CloseHandle of a file while it is transmitted: the bytes go on, or it fails", DOCUMENTED,
                        "CloseHandle", FileFacts::closedWhileTransmitted, new End(KEY, 0, 200_000)).or(REPORTED, WINE,
                        new End(KEY, STATUS_OBJECT_TYPE_MISMATCH(), 0)),
                fact("CancelIoEx of a TransmitFile that has gone in part: its packet says how much", REPORTED, WINE,
                        s -> {
                            s.kernel.putFile(PATH, new byte[200_000]);
                            long file = open(s, PATH, GENERIC_READ(), 0, OPEN_EXISTING());
                            long socket = s.connect();
                            s.client.stopReading();
                            long overlapped = s.p.overlapped();
                            int error = s.win32.transmitFile(socket, file, 0, 0, overlapped, 0, 0);
                            s.settle();
                            s.win32.cancelIoEx(socket, overlapped);
                            End end = s.end(overlapped);
                            s.client.startReading();
                            s.settle();
                            boolean part = end.bytes() > 0 && end.bytes() < 200_000;
                            return List.of(error, end.status(), part, s.client.received().length == end.bytes());
                        }, List.of(PENDING, STATUS_CANCELLED(), true, true)));
    }

    private static long open(FactScene s, String path, int access, int share, int disposition) {
        return s.win32.createFile(path, access, share, disposition, FILE_FLAG_OVERLAPPED());
    }

    /** A file of ten bytes, on the port. */
    private static long ten(FactScene s) {
        s.kernel.putFile(PATH, TEN);
        long file = open(s, PATH, GENERIC_READ() | GENERIC_WRITE(), FILE_SHARE_READ() | FILE_SHARE_WRITE(),
                OPEN_EXISTING());
        assertThat(s.p.associate(file, s.port, KEY)).isZero();
        return file;
    }

    /** The packet, and what was read. */
    private static List<Object> read(FactScene s, long file, long offset, int bytes) {
        MemorySegment buffer = s.p.allocate(bytes);
        long overlapped = s.p.overlappedAt(offset);
        assertThat(s.win32.readFile(file, buffer.address(), bytes, overlapped)).isIn(0, PENDING);
        End end = s.end(overlapped);
        return List.of(end, bytes(buffer.asSlice(0, end.bytes()).toArray(JAVA_BYTE)));
    }

    /** The packet, what the peer has received, and whether a FIN came behind. */
    private static List<Object> transmitted(FactScene s, long offset, int bytes, int flags) {
        s.kernel.putFile("C:\\Ten", TEN);
        long file = open(s, PATH, GENERIC_READ(), 0, OPEN_EXISTING());
        long socket = s.connect();
        long overlapped = s.p.overlappedAt(offset);
        assertThat(s.win32.transmitFile(socket, file, bytes, 0, overlapped, 0, flags)).isIn(0, PENDING);
        s.client.finish();
        End end = s.end(overlapped);
        s.settle();
        return List.of(end, bytes(s.client.received()), s.client.hasEnded());
    }

    private static End closedWhileTransmitted(FactScene s) {
        s.kernel.putFile(PATH, new byte[200_000]);
        long file = open(s, PATH, GENERIC_READ(), 0, OPEN_EXISTING());
        long socket = s.connect();
        s.client.stopReading();
        long overlapped = s.p.overlapped();
        assertThat(s.win32.transmitFile(socket, file, 0, 0, overlapped, 0, 0)).isEqualTo(PENDING);
        s.settle();
        assertThat(s.win32.closeHandle(file)).isZero();
        s.client.startReading();
        return s.end(overlapped);
    }

    private static List<Byte> bytes(int from, int to) {
        return bytes(Arrays.copyOfRange(TEN, from, to));
    }

    private static List<Byte> bytes(byte[] bytes) {
        Byte[] boxed = new Byte[bytes.length];
        Arrays.setAll(boxed, i -> bytes[i]);
        return List.of(boxed);
    }
}
