package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.iocp4j.simkernel.PendingOperation.Kind;
import org.iocp4j.win32.generated.OVERLAPPED;

/** The calls on files, and the disk with them. There are no directories: any name may be a file's. */
final class FileCalls {
    private static final int MAX_BYTES = 1 << 28;
    /** Offset and OffsetHigh of a write at the end [doc]. */
    private static final long AT_END = -1;

    private final SimulatedKernel kernel;
    private final Map<String, SimulatedFile.Contents> disk = new HashMap<>();

    FileCalls(SimulatedKernel kernel) {
        this.kernel = kernel;
    }

    void put(String path, byte[] bytes) {
        disk.put(name(path), new SimulatedFile.Contents(bytes.clone()));
    }

    byte[] bytes(String path) {
        SimulatedFile.Contents contents = disk.get(name(path));
        if (contents == null) {
            throw new IllegalArgumentException("no file " + path);
        }
        return contents.bytes.clone();
    }

    /** Upper and lower case are the same [doc]. */
    private static String name(String path) {
        return path.toLowerCase(Locale.ROOT);
    }

    // ---- handles ----

    long create(String path, int access, int share, int disposition, int flags) {
        if (disposition < CREATE_NEW() || disposition > OPEN_EXISTING()) {
            throw kernel.fail("CreateFileW with disposition " + disposition + " is not simulated");
        }
        SimulatedFile.Contents contents = disk.get(name(path));
        boolean reads = (access & GENERIC_READ()) != 0;
        boolean writes = (access & GENERIC_WRITE()) != 0;
        if (contents == null && disposition == OPEN_EXISTING()) {
            return -ERROR_FILE_NOT_FOUND(); // [doc]
        }
        if (contents != null && disposition == CREATE_NEW()) {
            return -ERROR_FILE_EXISTS(); // [doc]
        }
        if (contents != null && !isShared(contents, reads, writes, share)) {
            return -ERROR_SHARING_VIOLATION(); // [doc]
        }
        int fault = kernel.faults.file();
        if (fault != 0) {
            return -fault;
        }
        if (contents == null) {
            contents = new SimulatedFile.Contents(new byte[0]);
            disk.put(name(path), contents);
        } else if (disposition == CREATE_ALWAYS()) {
            contents.bytes = new byte[0];
        }
        long handle = kernel.handles.reserve();
        boolean overlapped = (flags & FILE_FLAG_OVERLAPPED()) != 0;
        kernel.handles.put(handle, new SimulatedFile(handle, overlapped, contents, reads, writes, share));
        return handle;
    }

    /** Each lets the others do what they have opened it for [doc]. */
    private boolean isShared(SimulatedFile.Contents contents, boolean reads, boolean writes, int share) {
        for (Object object : kernel.handles.open()) {
            if (object instanceof SimulatedFile other && other.contents == contents
                    && !(allows(other.share, reads, writes) && allows(share, other.reads, other.writes))) {
                return false;
            }
        }
        return true;
    }

    private static boolean allows(int share, boolean reads, boolean writes) {
        return (!reads || (share & FILE_SHARE_READ()) != 0) && (!writes || (share & FILE_SHARE_WRITE()) != 0);
    }

    long size(long handle) {
        SimulatedFile file = kernel.handles.diskFile(handle);
        return file == null ? -kernel.misuse(ERROR_INVALID_HANDLE()) : file.contents.bytes.length;
    }

    /**
     * What is still pending goes on, or is cancelled: drivers differ [inf]. A TransmitFile goes on, or fails as if the
     * handle had never been a file's [wine].
     */
    void close(long handle, SimulatedFile file) {
        kernel.handles.close(handle);
        if (--file.handles > 0) {
            return;
        }
        for (PendingOperation operation : List.copyOf(kernel.operations.out())) {
            boolean pending = operation.state == PendingOperation.State.PENDING;
            if (pending && operation.file == file && kernel.random.chance(0.5)) {
                kernel.operations.end(operation, STATUS_CANCELLED(), 0);
            } else if (pending && operation.transmits == file && kernel.faults.needsItsFile()) {
                kernel.operations.end(operation, STATUS_OBJECT_TYPE_MISMATCH(), 0);
            }
        }
    }

    // ---- reading and writing ----

    int read(SimulatedThread thread, long handle, long buffer, int bytes, long overlapped) {
        SimulatedFile file = kernel.handles.diskFile(handle);
        int error = file == null ? kernel.misuse(ERROR_INVALID_HANDLE()) : error(file, false, overlapped, bytes);
        if (file == null || error != 0) {
            return error;
        }
        boolean synchronously = kernel.random.chance(kernel.plan().timing().inline());
        boolean atEnd = bytes > 0 && offset(overlapped) >= file.contents.bytes.length;
        if (atEnd && synchronously) {
            return ERROR_HANDLE_EOF(); // or in the packet [doc]
        }
        return post(Kind.READ, thread, file, buffer, bytes, overlapped, synchronously);
    }

    int write(SimulatedThread thread, long handle, long buffer, int bytes, long overlapped) {
        SimulatedFile file = kernel.handles.diskFile(handle);
        int error = file == null ? kernel.misuse(ERROR_INVALID_HANDLE()) : error(file, true, overlapped, bytes);
        if (file == null || error != 0) {
            return error;
        }
        boolean synchronously = kernel.random.chance(kernel.plan().timing().inline());
        return post(Kind.WRITE, thread, file, buffer, bytes, overlapped, synchronously);
    }

    private int error(SimulatedFile file, boolean writes, long overlapped, int bytes) {
        if (!file.overlapped || overlapped == 0) {
            throw kernel.fail("ReadFile or WriteFile that is not overlapped waits, and that is not simulated");
        }
        if (writes ? !file.writes : !file.reads) {
            return kernel.misuse(ERROR_ACCESS_DENIED());
        }
        long offset = offset(overlapped);
        if ((offset < 0 && !(writes && offset == AT_END)) || bytes < 0) {
            return kernel.misuse(ERROR_INVALID_PARAMETER());
        }
        return kernel.faults.fileTransfer();
    }

    /** Offset and OffsetHigh are one number. */
    long offset(long overlapped) {
        return kernel.memory.getLong(overlapped + OVERLAPPED.Offset$offset());
    }

    private int post(Kind kind, SimulatedThread thread, SimulatedFile file, long buffer, int bytes, long overlapped,
                     boolean synchronously) {
        PendingOperation operation = kernel.operations.post(kind, thread, file, overlapped);
        kernel.operations.buffer(operation, buffer, bytes);
        long offset = offset(overlapped);
        if (kind == Kind.WRITE) {
            if (offset > MAX_BYTES - bytes) {
                throw kernel.fail("a file of more than " + MAX_BYTES + " bytes is not simulated");
            }
            kernel.operations.snapshot(operation);
        } else {
            kernel.operations.poison(operation);
        }
        if (synchronously) {
            return kernel.operations.endAtOnce(operation, transfer(operation, file, offset));
        }
        kernel.timeline.after(kernel.network.latency(), () -> finish(operation, file, offset));
        return ERROR_IO_PENDING();
    }

    private void finish(PendingOperation operation, SimulatedFile file, long offset) {
        if (operation.state != PendingOperation.State.PENDING) {
            return; // cancelled
        }
        int fault = kernel.faults.packet(operation.kind);
        int bytes = fault == 0 ? transfer(operation, file, offset) : 0;
        boolean end = operation.kind == Kind.READ && bytes == 0 && operation.capacity() > 0;
        kernel.operations.end(operation, fault == 0 && end ? STATUS_END_OF_FILE() : fault, bytes);
    }

    private static int transfer(PendingOperation operation, SimulatedFile file, long offset) {
        if (operation.kind == Kind.WRITE) {
            file.contents.write(offset == AT_END ? file.contents.bytes.length : (int) offset, operation.data);
            return operation.data.length;
        }
        operation.brings = file.contents.from(offset, operation.capacity());
        return operation.brings.length;
    }
}
