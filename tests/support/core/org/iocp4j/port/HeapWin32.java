package org.iocp4j.port;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_ADDRESS;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;
import static org.iocp4j.win32.generated.WinTypes.MEM_COMMIT;
import static org.iocp4j.win32.generated.WinTypes.MEM_RELEASE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESERVE;
import static org.iocp4j.win32.generated.WinTypes.MEM_RESET;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;

/**
 * As much of Windows as the layers need that do not reach the network: memory, and a port that delivers the packets put
 * into it. Any other call throws, unless the test has said what it answers. Any thread.
 */
public final class HeapWin32 {
    /** What a call returns. */
    @FunctionalInterface
    public interface Answer {
        Object to(Object[] arguments);
    }

    /** What one dequeue finds. */
    private record Packet(long key, long overlapped, int bytes) {
    }

    public static final long PORT = 4000;

    private final Win32 win32 = (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(),
            new Class<?>[] {Win32.class},
            (proxy, method, arguments) -> method.isDefault() ? InvocationHandler.invokeDefault(proxy, method, arguments)
                    : call(method, arguments));
    private final Map<String, Answer> answers = new ConcurrentHashMap<>();
    private final Arena arena = Arena.ofAuto();
    private final TreeMap<Long, MemorySegment> reserved = new TreeMap<>();
    private final List<Long> released = new ArrayList<>();
    private final List<Long> commits = new ArrayList<>();
    private final Queue<Integer> commitErrors = new ArrayDeque<>();
    private final Queue<Packet> packets = new ArrayDeque<>();

    public HeapWin32() {
        answer("virtualAlloc", a -> virtualAlloc((long) a[0], (long) a[1], (int) a[2]));
        answer("virtualFree", a -> virtualFree((long) a[0], (long) a[1], (int) a[2]));
        answer("createIoCompletionPort", a -> PORT);
        answer("getQueuedCompletionStatusEx", a -> dequeue((long) a[1], (int) a[2], (long) a[3]));
        answer("formatMessage", a -> "");
        answer("nanoTime", a -> System.nanoTime());
    }

    public Win32 win32() {
        return win32;
    }

    /** What this call returns from now on. */
    public void answer(String call, Answer answer) {
        if (Arrays.stream(Win32.class.getMethods()).noneMatch(method -> method.getName().equals(call))) {
            throw new IllegalArgumentException("no such call: " + call);
        }
        answers.put(call, answer);
    }

    private Object call(Method method, Object[] arguments) {
        Answer answer = answers.get(method.getName());
        if (answer == null) {
            throw new UnsupportedOperationException(method.getName() + " is not to be called here");
        }
        return answer.to(arguments);
    }

    // ---- memory ----

    /** The next commit of memory fails; once more for each call. */
    public synchronized void failNextCommit(int error) {
        commitErrors.add(error);
    }

    /** How many bytes each successful commit asked for. */
    public synchronized List<Long> commits() {
        return List.copyOf(commits);
    }

    /** The sizes of the reservations that are not given back. */
    public synchronized List<Long> reserved() {
        return reserved.values().stream().map(MemorySegment::byteSize).toList();
    }

    /** The addresses that were given back. */
    public synchronized List<Long> released() {
        return List.copyOf(released);
    }

    private synchronized long virtualAlloc(long address, long bytes, int type) {
        if (bytes <= 0 || type != MEM_RESERVE() && type != MEM_COMMIT() && type != MEM_RESET()) {
            return -ERROR_INVALID_PARAMETER();
        }
        if (type == MEM_RESERVE()) {
            MemorySegment memory = arena.allocate(bytes, 4096);
            reserved.put(memory.address(), memory);
            return memory.address();
        }
        if (type == MEM_COMMIT() && !commitErrors.isEmpty()) {
            return -commitErrors.remove();
        }
        var reservation = reserved.floorEntry(address);
        if (reservation == null || address + bytes > reservation.getKey() + reservation.getValue().byteSize()) {
            return -ERROR_INVALID_ADDRESS();
        }
        if (type == MEM_COMMIT()) {
            commits.add(bytes);
        }
        return address;
    }

    /** The bytes themselves stay until this object goes, so that a wrong use of them cannot end the JVM. */
    private synchronized int virtualFree(long address, long bytes, int type) {
        if (type != MEM_RELEASE() || bytes != 0 || reserved.remove(address) == null) {
            return ERROR_INVALID_PARAMETER();
        }
        released.add(address);
        return 0;
    }

    // ---- packets ----

    /** A packet that is no operation's. */
    public synchronized void packet(long key, long overlapped, int bytes) {
        packets.add(new Packet(key, overlapped, bytes));
    }

    /** An operation's packet, its outcome in the OVERLAPPED. */
    public synchronized void packet(long key, Operation operation, int status, int bytes) {
        long size = OVERLAPPED.sizeof();
        MemorySegment overlapped = MemorySegment.ofAddress(operation.address()).reinterpret(size);
        overlapped.set(JAVA_LONG, OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(status));
        overlapped.set(JAVA_LONG, OVERLAPPED.InternalHigh$offset(), bytes);
        packet(key, operation.address(), bytes);
    }

    /** Whether packets wait that nobody has dequeued. */
    public synchronized boolean hasPackets() {
        return !packets.isEmpty();
    }

    /** Like Wine's, it sets the count to 1 although the wait has timed out. */
    private synchronized int dequeue(long entries, int count, long removed) {
        MemorySegment number = MemorySegment.ofAddress(removed).reinterpret(Integer.BYTES);
        if (packets.isEmpty()) {
            number.set(JAVA_INT, 0, 1);
            return WAIT_TIMEOUT();
        }
        MemorySegment memory = MemorySegment.ofAddress(entries).reinterpret(count * OVERLAPPED_ENTRY.sizeof());
        int n = 0;
        for (; n < count && !packets.isEmpty(); n++) {
            Packet packet = packets.remove();
            long at = n * OVERLAPPED_ENTRY.sizeof();
            memory.set(JAVA_LONG, at + OVERLAPPED_ENTRY.lpCompletionKey$offset(), packet.key());
            memory.set(JAVA_LONG, at + OVERLAPPED_ENTRY.lpOverlapped$offset(), packet.overlapped());
            memory.set(JAVA_LONG, at + OVERLAPPED_ENTRY.Internal$offset(), 0xDEAD); // reserved: nobody may read it
            memory.set(JAVA_INT, at + OVERLAPPED_ENTRY.dwNumberOfBytesTransferred$offset(), packet.bytes());
        }
        number.set(JAVA_INT, 0, n);
        return 0;
    }

    /** What a send gathers: the bytes of each of the WSABUFs at {@code buffers}. */
    public static List<byte[]> gathered(long buffers, int count) {
        MemorySegment memory = MemorySegment.ofAddress(buffers).reinterpret(count * WSABUF.sizeof());
        List<byte[]> pieces = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = i * WSABUF.sizeof();
            int bytes = memory.get(JAVA_INT, at + WSABUF.len$offset());
            long address = memory.get(JAVA_LONG, at + WSABUF.buf$offset());
            pieces.add(MemorySegment.ofAddress(address).reinterpret(bytes).toArray(JAVA_BYTE));
        }
        return pieces;
    }
}
