package org.iocp4j.study;

import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.port.Region;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.socket.check.Capability;
import org.iocp4j.study.LabOperation.Kind;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an experiment needs: ports, sockets, operations and peers, on one platform and on one thread. Whatever it gave
 * out it closes at the end, and gives memory back only when the kernel holds none of it.
 */
public final class Lab implements AutoCloseable {
    /** The longest wait for any one thing. */
    public static final int BOUND_MILLIS = 10_000;

    private static final Logger LOG = LoggerFactory.getLogger(Lab.class);
    private static final int END_MILLIS = 2_000;
    private static final int MAX_OPERATIONS = 16_384;
    /** 64 times this is more than loopback buffers on any platform hold; the simulated ones are small. */
    private static final int BULK_BYTES = 256 * 1024;
    private static final int SIMULATED_BULK_BYTES = 2 * 1024;

    private final Platform platform;
    private final Supplier<Win32> windows;
    private final Supplier<Peer> newPeer;
    private final Consumer<String> progress;
    private final CallCounter calls;
    private final Win32 win32;
    private final IoThread io;
    private final OperationSlab slab;
    private final Region buffers;
    private final Region bulk;
    private final List<LabPort> ports = new ArrayList<>();
    private final List<LabListener> listeners = new ArrayList<>();
    private final List<LabSocket> sockets = new ArrayList<>();
    private final List<LabOperation> operations = new ArrayList<>();
    private final List<Peer> peers = new ArrayList<>();
    private final Queue<Packet> arrived = new ArrayDeque<>();

    Lab(Platform platform, Supplier<Win32> windows, Supplier<Peer> newPeer, Consumer<String> progress)
            throws Win32Exception {
        this.platform = platform;
        this.windows = windows;
        this.newPeer = newPeer;
        this.progress = progress;
        calls = new CallCounter(windows.get());
        win32 = calls.counted();
        io = new IoThread(win32);
        slab = new OperationSlab(win32, MAX_OPERATIONS);
        buffers = new Region(win32, "buffers of the study", (long) MAX_OPERATIONS * LabOperation.BUFFER_BYTES);
        int bulkBytes = platform == Platform.SIMULATED ? SIMULATED_BULK_BYTES : BULK_BYTES;
        bulk = new Region(win32, "bulk data of the study", bulkBytes);
    }

    public Platform platform() {
        return platform;
    }

    /** The experiment's own thread's view of the system. */
    public Win32 win32() {
        return win32;
    }

    /** Counts the calls that this thread makes. */
    CallCounter calls() {
        return calls;
    }

    /** A view of the system for another thread that the experiment starts, and closes there. */
    public Win32 attach() {
        return windows.get();
    }

    /** The experiment's own thread's. */
    public IoThread io() {
        return io;
    }

    /** Shown when the experiment lasts: how far it is. */
    public void progress(String format, Object... values) {
        progress.accept(String.format(Locale.ROOT, format, values));
    }

    /** Whether sockets can be used again here; if not, the finding knows why, and is to be ended as not possible. */
    public boolean requiresReuse(Finding.Builder finding) {
        return requires(Capability.REUSE_AFTER_DISCONNECT_EX,
                "after DisconnectEx(TF_REUSE_SOCKET) a socket may be given to"
                + " AcceptEx or ConnectEx again (DisconnectEx)", finding);
    }

    /** The same of something else, and what Windows' documentation says of it. */
    public boolean requires(Capability capability, String windowsSays, Finding.Builder finding) {
        Capabilities.Answer answer = Capabilities.answer(capability, win32);
        if (!answer.works()) {
            String reason = answer.result() == Capabilities.Result.NOT_LEARNT ? " could not be tried out here: "
                    : " does not work here: ";
            finding.because(capability + reason + answer.detail(), windowsSays);
        }
        return answer.works();
    }

    // ---- things to work with ----

    public LabPort port() throws Win32Exception {
        LabPort port = new LabPort(this, ports.size() + 1);
        ports.add(port);
        return port;
    }

    /** @param key on the packets of its accepts */
    public LabListener listen(LabPort port, long key) throws Win32Exception {
        LabListener listener = new LabListener(this, port, key);
        listeners.add(listener);
        return listener;
    }

    /** A new socket, associated with nothing. */
    public LabSocket socket() throws Win32Exception {
        LabSocket socket = new LabSocket(this);
        sockets.add(socket);
        return socket;
    }

    /** A new socket in place of one that is closed, with its operations: they are home, and cost nothing anew. */
    LabSocket replace(LabSocket closed) throws Win32Exception {
        LabSocket socket = new LabSocket(this);
        socket.takeOperations(closed);
        sockets.remove(closed);
        sockets.add(socket);
        return socket;
    }

    /** One more operation for a socket, where its own of this kind is out or belongs to somebody. */
    public LabOperation operation(LabSocket socket, Kind kind) {
        int index = operations.size();
        try {
            slab.commit(win32, index + 1);
            buffers.commit(win32, (index + 1L) * LabOperation.BUFFER_BYTES);
        } catch (Win32Exception e) {
            throw new IllegalStateException("no memory for operation " + index, e);
        }
        MemorySegment buffer = buffers.memory().asSlice((long) index * LabOperation.BUFFER_BYTES,
                LabOperation.BUFFER_BYTES);
        LabOperation operation = new LabOperation(this, socket, kind, buffer);
        operations.add(operation);
        return operation;
    }

    /** A new peer, connected. */
    public Peer peer(InetSocketAddress address) throws IOException, TimeoutException {
        Peer peer = newPeer.get();
        peers.add(peer);
        peer.connect(address);
        return peer;
    }

    // ---- for its parts ----

    OperationSlab slab() {
        return slab;
    }

    long newHandle() throws Win32Exception {
        long made = win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(),
                WSA_FLAG_OVERLAPPED() | WSA_FLAG_NO_HANDLE_INHERIT());
        if (made < 0) {
            throw new Win32Exception("WSASocketW", (int) -made, "a socket of the study");
        }
        return made;
    }

    /** With SO_SNDBUF 0 a send stays out until the peer has its bytes [doc]. */
    void unbuffered(long socket) throws Win32Exception {
        int error = io.setOption(socket, SOL_SOCKET(), SO_SNDBUF(), 0);
        if (error != 0) {
            throw new Win32Exception("SO_SNDBUF", error, "socket " + socket);
        }
    }

    /** Memory to send from, over and over. */
    MemorySegment bulk() throws Win32Exception {
        bulk.commit(win32, bulk.memory().byteSize());
        return bulk.memory();
    }

    void arrived(Packet packet) {
        arrived.add(packet);
    }

    void takeArrived(Queue<Packet> target) {
        target.addAll(arrived);
        arrived.clear();
    }

    long deadline(int millis) {
        return win32.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    int millisUntil(long deadlineNanos) {
        return (int) TimeUnit.NANOSECONDS.toMillis(deadlineNanos - win32.nanoTime());
    }

    // ---- the end ----

    /** Cancels what is out, closes everything, and waits a little for what comes home. */
    @Override
    public void close() {
        for (LabListener listener : listeners) {
            win32.cancelIoEx(listener.handle(), 0);
        }
        for (LabSocket socket : sockets) {
            if (!socket.isClosed()) {
                win32.cancelIoEx(socket.handle(), 0);
                closeHandle(socket.handle());
            }
        }
        listeners.forEach(listener -> closeHandle(listener.handle()));
        peers.forEach(Lab::end);
        awaitHome();
        ports.forEach(LabPort::close);
        if (slab.pendingCount() == 0) {
            slab.release(win32);
            buffers.release(win32);
            bulk.release(win32);
        } else {
            LOG.warn("{} operations did not come home within {} ms: their memory stays allocated", slab.pendingCount(),
                    END_MILLIS);
        }
        win32.close();
    }

    private void closeHandle(long socket) {
        int error = win32.closesocket(socket);
        if (error != 0) {
            LOG.warn("closesocket: {}, socket {} of the study", ErrorName.of(error), socket);
        }
    }

    private static void end(Peer peer) {
        try {
            peer.closeByReset();
        } catch (IOException e) {
            LOG.debug("a peer's end", e);
        }
    }

    private void awaitHome() {
        long deadline = deadline(END_MILLIS);
        int eachMillis = 20;
        while (slab.pendingCount() > 0 && millisUntil(deadline) > 0) {
            for (LabPort port : ports) {
                try {
                    port.dequeue(eachMillis);
                } catch (Win32Exception e) {
                    LOG.warn("while the experiment ended", e);
                    return;
                }
            }
        }
    }
}
