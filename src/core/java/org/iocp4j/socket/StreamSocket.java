package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_HANDLE;
import static org.iocp4j.win32.generated.WinTypes.MSG_PEEK;
import static org.iocp4j.win32.generated.WinTypes.SD_SEND;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_UPDATE_CONNECT_CONTEXT;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_REFUSED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_INSUFFICIENT_RESOURCES;
import static org.iocp4j.win32.generated.WinTypes.STATUS_IO_TIMEOUT;
import static org.iocp4j.win32.generated.WinTypes.STATUS_NETWORK_UNREACHABLE;
import static org.iocp4j.win32.generated.WinTypes.STATUS_UNSUCCESSFUL;
import static org.iocp4j.win32.generated.WinTypes.WSAEINVAL;
import static org.iocp4j.win32.generated.WinTypes.WSAEISCONN;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTCONN;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSAESHUTDOWN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection, or a socket that is to become one, on the port of its {@link IoDomain}. One receive and one send
 * may be pending at the same time, and one connect.
 *
 * <h2>What a post comes to</h2>
 *
 * The methods that post ({@link #connect}, {@link #waitReadable}, {@link #receive}, {@link #send}, {@link #sendNow},
 * {@link #transmit}) have exactly one outcome each:
 *
 * <ul>
 * <li>Minus an error: nothing was posted, no event comes, the memory is the caller's.
 * <li>0 or more: done, with so many bytes; no event comes, the memory is the caller's. Only in a domain whose
 * {@link DomainOptions#returnsDone} says so, and from {@link #sendNow}.
 * <li>{@link #PENDING}: exactly one event of {@link SocketEvents} comes, after {@link #close}, too. Until then the
 * memory is the kernel's. The event may come before the post has returned, on another thread of a pool; in a domain of
 * one thread it comes with the next {@link IoDomain#dequeue}.
 * </ul>
 *
 * Mistakes of the caller's are thrown, and nothing was posted: {@link IllegalStateException} for a second post of the
 * same kind while one is pending, and for a socket that is not attached; {@link IllegalArgumentException} for a number
 * of buffers that is not 1 to {@link IoThread#GATHER}, and for an address that is not resolved or not of the socket's
 * family. A socket that is closed answers {@code -WSAENOTSOCK} (-10038).
 *
 * <h2>Threads</h2>
 *
 * In a domain of one thread, that thread makes all calls but {@link #close}, {@link #setOption}, {@link #getOption} and
 * the questions that say "any thread". In a pool any thread makes any call. {@code io} is always the calling thread's
 * own. No method blocks, except that {@link #close} waits where the program has set SO_LINGER to a time.
 *
 * <h2>The object's life</h2>
 *
 * It stands for one connection, and answers as a closed socket after {@link SocketEvents#gone}, for ever; unless its
 * owner has called {@link #recycle}.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class StreamSocket extends IoHandle {
    /** What a post returns when its event is to come: no number of bytes, and no error. */
    public static final int PENDING = Integer.MAX_VALUE;

    private final SocketSlot slot;
    /** Null until the socket is attached. */
    private @Nullable SocketEvents events;
    private boolean accepted;
    private boolean bound;
    /** The next completion of the receive operation is told as readable. */
    private boolean waiting;
    /** After a shutdown, or a send that failed or was cancelled: part of it may have gone. */
    private volatile boolean sendEnded;
    /** It has options of its own, which must not go on to the next connection. */
    private volatile boolean changed;
    /** Kept open while a part of it is sent: without its handle Wine ends the send [wine]. */
    private @Nullable OverlappedFile transmitting;
    private volatile long owner;
    private volatile boolean hasAddresses;
    /** The sockaddrs of a connection, the local one and the peer's; kept for the next one. */
    private byte @Nullable [] addresses;

    StreamSocket(IoDomain domain, SocketSlot slot) {
        super(domain);
        this.slot = slot;
    }

    /** A new connection, or a socket that is to be connected. */
    void begin(boolean isAccepted, boolean isChanged) {
        events = null;
        accepted = isAccepted;
        bound = false;
        sendEnded = false;
        changed = isChanged;
        owner = 0;
        hasAddresses = false;
        transmitting = null;
    }

    /** It tells nothing: its owner was told by an exception that there is no such socket. */
    void forgetEvents() {
        events = null;
    }

    /** Ends the object, and leaves the handle open. */
    void letGo(IoThread io) {
        beginClose(null, io);
    }

    /** Takes the addresses of a connection over, or asks Windows if they are not known; 0 or the error. */
    int takeAddresses(DetachedSocket detached, IoThread io) throws Win32Exception {
        byte[] known = detached.addresses;
        if (known != null) {
            addresses = known.clone(); // this one's is written again for its next connection
            hasAddresses = true;
            return 0;
        }
        AddressBlock block = domain.slots().takeBlock(io);
        try {
            int error = io.socketName(slot.handle, block.local(), Sockaddr.MAX_BYTES);
            if (error == 0) {
                error = io.peerName(slot.handle, block.remote(), Sockaddr.MAX_BYTES);
            }
            if (error == 0) {
                addresses(block, block.local(), block.remote());
            }
            return error;
        } finally {
            domain.slots().giveBlock(block);
        }
    }

    /** It is connected: from and to where, stands in a block. */
    void addresses(AddressBlock block, long localSockaddr, long remoteSockaddr) {
        int bytes = 2 * Sockaddr.bytes(slot.family);
        byte[] target = addresses == null || addresses.length != bytes ? new byte[bytes] : addresses;
        block.copyTo(target, localSockaddr, remoteSockaddr, slot.family);
        addresses = target;
        hasAddresses = true;
    }

    /**
     * Makes an accepted socket ready for posts: binds its events to it, and its handle to the domain's port. Called
     * once, before any post, by the receiver of {@link StreamListener.Accepted}.
     *
     * @param key on the packets of the handle, as long as it is open: a socket that is used again keeps its first key.
     *            {@link IoThread#packetKey} tells it
     * @return 0; or minus the error, and then the socket is to be closed
     * @throws IllegalStateException if it has its events already
     */
    public int attach(SocketEvents newEvents, long key, IoThread io) {
        Objects.requireNonNull(newEvents, "events is null");
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            if (events != null) {
                throw new IllegalStateException("attached before: " + this);
            }
            events = newEvents;
            return -slot.associateOnce(key, io);
        } finally {
            leave(io);
        }
    }

    /** Whether {@link #attach} was called, or the socket was made with its events. */
    boolean isAttached() {
        return events != null;
    }

    /**
     * Takes the handle out of an accepted socket that is not attached, for {@link IoDomain#adopt}: of another domain,
     * or of this one. The caller owns the handle. This socket tells no event.
     *
     * @throws IllegalStateException if it is attached or closed
     */
    public DetachedSocket detach(IoThread io) {
        if (isAttached()) {
            throw new IllegalStateException("cannot be detached, for it is attached: " + this);
        }
        DetachedSocket detached = DetachedSocket.from(slot, addresses, changed);
        if (!beginClose(null, io)) {
            throw new IllegalStateException("cannot be detached, for it is closed: " + this);
        }
        addresses = null; // the detached one's now
        domain.slots().detached();
        return detached;
    }

    private void requireAttached() {
        if (events == null) {
            throw new IllegalStateException("used before it is attached: " + this);
        }
    }

    private void requireNone(Operation operation, String what) {
        if (operation.isPending()) {
            throw new IllegalStateException("a second " + what + ": " + this);
        }
    }

    // ---- connecting ----

    /**
     * Gives the socket its local address. Without this, {@link #connect} gives it any.
     *
     * @param local resolved, of the socket's family; port 0 for any
     * @return 0, or minus the error
     */
    public int bind(InetSocketAddress local, IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            return bindEntered(local, io);
        } finally {
            leave(io);
        }
    }

    private int bindEntered(InetSocketAddress local, IoThread io) {
        if (bound || hasAddresses) {
            return -WSAEINVAL(); // as Windows answers [doc]
        }
        AddressBlock block;
        try {
            block = domain.slots().takeBlock(io);
        } catch (Win32Exception e) {
            return -e.code();
        }
        try {
            int bytes = block.local(local, slot.family);
            int error = io.win32().bind(slot.handle, block.local(), bytes);
            bound = error == 0;
            return -error;
        } finally {
            domain.slots().giveBlock(block);
        }
    }

    /**
     * The address that {@link #bind} gave to the socket, or a connect; null if Windows does not tell, as of a closed
     * one.
     */
    public @Nullable InetSocketAddress boundAddress(IoThread io) {
        if (!enter(io)) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sockaddr = arena.allocate(Sockaddr.MAX_BYTES, Long.BYTES);
            int error = io.socketName(slot.handle, sockaddr.address(), Sockaddr.MAX_BYTES);
            return error == 0 ? Sockaddr.read(sockaddr, 0) : null;
        } finally {
            leave(io);
        }
    }

    /**
     * ConnectEx; its event is {@link SocketEvents#connected}. A socket whose connect has failed is to be closed.
     *
     * @param remote resolved, of the socket's family
     * @return one of the outcomes above; of the errors, {@link ConnectFailure#of} says what they mean
     */
    public int connect(InetSocketAddress remote, IoThread io) {
        requireAttached();
        if (!enterPost(io)) {
            return -WSAENOTSOCK();
        }
        int error;
        try {
            error = hasAddresses ? WSAEISCONN() : 0;
            if (error == 0) {
                requireNone(slot.send, "connect");
            }
            if (error == 0 && !bound) {
                error = -bindEntered(Sockaddr.any(slot.family), io); // or ConnectEx fails: 10022 [doc, wine]
            }
            if (error == 0) {
                error = slot.postConnect(remote, owner, io);
            }
        } catch (Throwable e) {
            refused(io);
            throw e;
        }
        if (error == 0) {
            leave(io);
            return PENDING;
        }
        try {
            return error == IoThread.DONE ? -slot.connectDone(io) : -error;
        } finally {
            refused(io);
        }
    }

    /**
     * What is to be told of a connect that has completed. Throws nothing: its event comes all the same.
     *
     * @param block has the peer's address, and room for the local one
     */
    int connectResult(AddressBlock block, int status, IoThread io) {
        try {
            return status < 0 ? status : connectSucceeded(block, io);
        } catch (Throwable e) {
            io.failed(e);
            return STATUS_UNSUCCESSFUL();
        }
    }

    void connectCompleted(int result, IoThread io) {
        try {
            receiver().connected(this, result, io);
        } finally {
            told(io);
        }
    }

    private int connectSucceeded(AddressBlock block, IoThread io) {
        if (!enter(io)) {
            return STATUS_CANCELLED(); // closed meanwhile
        }
        try {
            int error = updateContext(block, io);
            if (error != 0) {
                domain.refused("SO_UPDATE_CONNECT_CONTEXT", error, this);
            }
            return error == 0 ? 0 : status(error);
        } finally {
            leave(io);
        }
    }

    /** What {@link ConnectFailure} makes the same of. */
    private static int status(int error) {
        return switch (ConnectFailure.of(error)) {
            case NO_ROOM -> STATUS_INSUFFICIENT_RESOURCES();
            case UNREACHABLE -> STATUS_NETWORK_UNREACHABLE();
            case TIMED_OUT -> STATUS_IO_TIMEOUT();
            case REFUSED -> STATUS_CONNECTION_REFUSED();
            case CANCELLED -> STATUS_CANCELLED();
            case OTHER -> STATUS_UNSUCCESSFUL();
        };
    }

    /** Without it shutdown and getpeername fail on Windows [doc]. Also learns the local address; 0, or the error. */
    int updateContext(AddressBlock block, IoThread io) {
        int error = io.setOption(slot.handle, SOL_SOCKET(), SO_UPDATE_CONNECT_CONTEXT());
        if (error == 0) {
            error = io.socketName(slot.handle, block.local(), Sockaddr.MAX_BYTES);
        }
        if (error == 0) {
            addresses(block, block.local(), block.remote());
        }
        return error;
    }

    // ---- receiving ----

    /**
     * A receive of no bytes: its event is {@link SocketEvents#readable}, when there are bytes to receive or the peer
     * has sent all it will. It takes none, and holds no memory meanwhile. A receive, so only one of both is pending.
     *
     * @return one of the outcomes above
     */
    public int waitReadable(IoThread io) {
        io.buffer(0, 0, 0);
        return receive(1, true, io);
    }

    /**
     * WSARecv into the first {@code count} buffers that {@link IoThread#buffer} was told; its event is
     * {@link SocketEvents#received}.
     *
     * @return one of the outcomes above
     */
    public int receive(int count, IoThread io) {
        return receive(count, false, io);
    }

    private int receive(int count, boolean waits, IoThread io) {
        Operation operation = slot.receive;
        requireAttached();
        if (!enterPost(io)) {
            return -WSAENOTSOCK();
        }
        int error;
        try {
            requireNone(operation, "receive");
            waiting = waits;
            error = io.receive(operation, owner, slot.handle, count);
        } catch (Throwable e) {
            refused(io);
            throw e;
        }
        return outcome(error, operation, io);
    }

    /** As {@link SocketEvents#prefetch}, of this object alone. */
    int prefetch() {
        return (events == null ? 0 : 1) + (isOpen() ? 1 : 0) + (int) owner;
    }

    /** As {@link SocketEvents#prefetch}. */
    int prefetch(int depth) {
        SocketEvents present = events;
        return present == null || !isOpen() ? 0 : present.prefetch(this, depth);
    }

    void receiveCompleted(int status, int bytes, IoThread io) {
        try {
            if (waiting) {
                receiver().readable(this, status, io);
            } else {
                receiver().received(this, status, bytes, io);
            }
        } finally {
            told(io);
        }
    }

    /**
     * recv of what is there, without waiting and without an event; makes the socket non-blocking for that.
     *
     * @param address of {@code bytes} off the heap, used during the call only
     * @return how many bytes, 0 at the end of the peer's stream; {@code -WSAEWOULDBLOCK} (-10035) if there is nothing
     *         yet; or minus another error
     */
    public int tryReceive(long address, int bytes, IoThread io) {
        return tryReceive(address, bytes, 0, io);
    }

    /** As {@link #tryReceive}, and leaves the bytes where they are: they are received again. */
    public int tryPeek(long address, int bytes, IoThread io) {
        return tryReceive(address, bytes, MSG_PEEK(), io);
    }

    private int tryReceive(long address, int bytes, int flags, IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            int error = slot.setNonBlocking(io);
            return error != 0 ? -error : io.win32().recv(slot.handle, address, bytes, flags);
        } finally {
            leave(io);
        }
    }

    /**
     * Asks for the pending receive to be cancelled, if there is one. Its event comes; it may have succeeded.
     *
     * @return 0, or minus the error: then the receive goes on
     */
    public int cancelReceive(IoThread io) {
        return -cancel(slot.receive.address(), io);
    }

    // ---- sending ----

    /**
     * WSASend of the first {@code count} buffers that {@link IoThread#buffer} was told; its event is
     * {@link SocketEvents#sent}.
     *
     * @return one of the outcomes above; {@code -WSAENOTCONN} (-10057) before it is connected; {@code -WSAESHUTDOWN}
     *         (-10058) after {@link #shutdownSend}, and after a send that has failed
     */
    public int send(int count, IoThread io) {
        return send(count, domain.options().returnsDone(), io);
    }

    /**
     * As {@link #send}, but if Windows has sent the bytes by the time its call returns, and brings no packet of it
     * ({@link DomainOptions#delivery}), the outcome is their number, in every domain, and no event comes.
     */
    public int sendNow(int count, IoThread io) {
        return send(count, true, io);
    }

    private int send(int count, boolean returnsDone, IoThread io) {
        Operation operation = slot.send;
        requireAttached();
        if (!enterPost(io)) {
            return -WSAENOTSOCK();
        }
        int error;
        try {
            error = beginSend(returnsDone);
            if (error == 0) {
                error = io.send(operation, owner, slot.handle, count);
            }
        } catch (Throwable e) {
            refused(io);
            throw e;
        }
        return outcome(error, operation, io);
    }

    /**
     * TransmitFile of a part of a file; a send, so only one of both is pending. Its event is {@link SocketEvents#sent},
     * with fewer bytes than asked for if the file ends before. Client editions of Windows make two at a time [doc].
     *
     * @param file     opened for reading; if it is closed meanwhile, its handle stays open until the send has completed
     * @param position where in the file it begins, in bytes
     * @param bytes    how many; 1 to {@link IoThread#MOST_TRANSMIT_BYTES}
     * @return one of the outcomes above, as for {@link #send}; {@code -ERROR_INVALID_HANDLE} (-6) if the file is closed
     */
    public int transmit(OverlappedFile file, long position, int bytes, IoThread io) {
        return transmit(file, position, bytes, 0, 0, io);
    }

    /**
     * The same with a head, which goes out before; its bytes count in the outcome and the event.
     *
     * @param head      address of {@code headBytes} off the heap that stay in place
     * @param headBytes how many; together with {@code bytes} less than 2 GiB
     */
    public int transmit(OverlappedFile file, long position, int bytes, long head, int headBytes, IoThread io) {
        Operation operation = slot.send;
        if (bytes < 1 || bytes > IoThread.MOST_TRANSMIT_BYTES - headBytes || headBytes < 0 || position < 0) {
            throw new IllegalArgumentException(bytes + " bytes of a file from " + position + " on, behind "
                    + headBytes);
        }
        requireAttached();
        if (!enterPost(io)) {
            return -WSAENOTSOCK();
        }
        int error;
        try {
            error = beginSend(domain.options().returnsDone()); // or the pending one's file would be forgotten
            if (error == 0) {
                error = postTransmit(operation, file, position, bytes, head, headBytes, io);
            }
        } catch (Throwable e) {
            refused(io);
            throw e;
        }
        return outcome(error, operation, io);
    }

    /** Sees to it that a send can be posted; 0, or why not. */
    private int beginSend(boolean returnsDone) {
        if (!hasAddresses || sendEnded) {
            return hasAddresses ? WSAESHUTDOWN() : WSAENOTCONN();
        }
        requireNone(slot.send, "send");
        slot.beginSend(returnsDone);
        return 0;
    }

    private int postTransmit(Operation operation, OverlappedFile file, long position, int bytes, long head,
            int headBytes, IoThread io) {
        if (!file.enter(io)) {
            return ERROR_INVALID_HANDLE();
        }
        boolean isPending = false;
        try {
            transmitting = file; // before the post: its packet may come first
            int error = io.transmit(operation, owner, slot.handle, file.handle(), position, bytes, head,
                    headBytes);
            isPending = error == 0;
            return error;
        } finally {
            if (!isPending) {
                transmitting = null;
                file.leave(io);
            }
        }
    }

    /** Its send has completed, or the packet of that never comes. */
    void letGoOfFile(IoThread io) {
        OverlappedFile file = transmitting;
        if (file != null) {
            transmitting = null;
            file.leave(io);
        }
    }

    void sendCompleted(int status, int bytes, IoThread io) {
        try {
            if (status < 0) {
                sendEnded = true; // part of it may have gone: what came next would be taken for the rest
            }
            letGoOfFile(io);
            receiver().sent(this, status, bytes, io);
        } finally {
            told(io);
        }
    }

    /** Asks for the pending send to be cancelled, if there is one. Its event comes and tells what was sent. */
    public void cancelSend(IoThread io) {
        if (slot.isSending()) {
            cancel(slot.send.address(), io);
        }
    }

    /**
     * shutdown(SD_SEND): a FIN follows what was sent, a pending send included, whose memory stays the kernel's until
     * its event. The socket sends no more.
     *
     * @return 0, or minus the error
     */
    public int shutdownSend(IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            int error = io.win32().shutdown(slot.handle, SD_SEND());
            if (error == 0) {
                sendEnded = true;
            }
            return -error;
        } finally {
            leave(io);
        }
    }

    // ---- options ----

    /**
     * setsockopt with a value of 4 bytes. A socket whose options were changed is not used again.
     *
     * @return 0, or minus the error
     */
    public int setOption(int level, int name, int value, IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            changed = true;
            return -io.setOption(slot.handle, level, name, value);
        } finally {
            leave(io);
        }
    }

    /**
     * getsockopt of a value of 4 bytes.
     *
     * @return the value as an unsigned number, or minus the error
     */
    public long getOption(int level, int name, IoThread io) {
        if (!enter(io)) {
            return -WSAENOTSOCK();
        }
        try {
            return io.getOption(slot.handle, level, name);
        } finally {
            leave(io);
        }
    }

    // ---- the end ----

    /**
     * Closes the socket: cancels what is pending and closes the handle, or disconnects it. Each pending operation still
     * has its event, and then {@link SocketEvents#gone} is told. A send that is to reach the peer must have had its
     * event before. Any thread, from any event, at any time; the first call counts. The handle is closed when this
     * returns, or, if other threads are in a call with it, when the last of these returns.
     *
     * @return whether this call was the first
     */
    public boolean close(Closing how, IoThread io) {
        return beginClose(Objects.requireNonNull(how, "how is null"), io);
    }

    @Override
    void release(@Nullable Closing how, IoThread io) {
        if (how == null) {
            return; // detached
        }
        // A handle that was not attached has no port: its disconnect would complete without a packet.
        boolean reuses = how == Closing.REUSE && accepted && slot.isAssociated() && !changed && !slot.isPending()
                && domain.reuses();
        if (!reuses || !disconnects(io)) {
            // One that is connecting takes no option before its context is updated [doc], and has sent nothing.
            slot.close(how == Closing.RST && hasAddresses, io);
        }
    }

    private boolean disconnects(IoThread io) {
        try {
            return slot.disconnect(this, io);
        } catch (Throwable e) {
            io.failed(e);
            return false;
        }
    }

    @Override
    void gone(IoThread io) {
        SocketEvents last = events;
        try {
            if (last != null) {
                last.gone(this, io);
            }
        } finally {
            slot.connectionGone(io);
        }
    }

    /**
     * Says that nobody refers to this object any more: it may serve the next connection, which saves the memory of
     * another one. Called in {@link SocketEvents#gone} only, by an owner that counts its references.
     */
    public void recycle() {
        slot.recycle(this);
    }

    private int cancel(long overlapped, IoThread io) {
        if (!enter(io)) {
            return 0; // the close cancels
        }
        try {
            return slot.cancel(overlapped, io);
        } finally {
            leave(io);
        }
    }

    /** Asks for the pending connect to be cancelled, if there is one. Its event comes; it may have succeeded. */
    public void cancelConnect(IoThread io) {
        if (slot.isConnecting()) {
            cancel(slot.send.address(), io);
        }
    }

    /** Asks for everything that is pending to be cancelled. Each event comes. */
    public void cancelAll(IoThread io) {
        cancel(0, io);
    }

    // ---- questions ----

    private SocketEvents receiver() {
        SocketEvents present = events;
        assert present != null : "an event of a socket that is not attached";
        return present;
    }

    /** Whether a receive, or a wait for one, is pending. Any thread. */
    public boolean isReceivePending() {
        return !isGone() && slot.receive.isPending();
    }

    /** Whether a send is pending. Any thread. */
    public boolean isSendPending() {
        return !isGone() && slot.isSending();
    }

    /** The number that the owner has set; 0 at first. Any thread. */
    public long owner() {
        return owner;
    }

    /** Sets a number that travels with each operation from now on, off the heap, behind its OVERLAPPED. */
    public void owner(long newOwner) {
        owner = newOwner;
    }

    /** The owner's number that travelled with the last receive. */
    public long receiveOwner() {
        return slot.receive.owner();
    }

    /** The owner's number that travelled with the last send. */
    public long sendOwner() {
        return slot.send.owner();
    }

    /** The Windows handle, for messages and for calls that this class does not have; another's after the close. */
    public long handle() {
        return slot.handle;
    }

    /** The number of its slot in the domain, from 0. Any thread. */
    public int slot() {
        return slot.index;
    }

    /**
     * The only domain that can have it, since the handle is on that one's port: perhaps another one than it was
     * accepted in, if they share a {@link SocketPool}. Null if any can. For the receiver of an accepted one.
     */
    public @Nullable IoDomain home() {
        return slot.home();
    }

    /** How many connections the handle has had, this one included. */
    public int generation() {
        return slot.generation;
    }

    /** Whether it is a connection, or was one until its end. Any thread. */
    public boolean isConnected() {
        return hasAddresses;
    }

    /**
     * The local address of the connection; also after its end, until the object is used again ({@link #recycle}). Any
     * thread.
     *
     * @throws IllegalStateException if it never was connected, or is detached
     */
    public InetSocketAddress localAddress() {
        return Sockaddr.read(addresses(), 0);
    }

    /**
     * The peer's address; also after the connection's end, until the object is used again ({@link #recycle}). Any
     * thread.
     *
     * @throws IllegalStateException if it never was connected, or is detached
     */
    public InetSocketAddress remoteAddress() {
        MemorySegment both = addresses();
        return Sockaddr.read(both, both.byteSize() / 2);
    }

    private MemorySegment addresses() {
        byte[] present = hasAddresses ? addresses : null;
        if (present == null) {
            throw new IllegalStateException("not connected: " + this);
        }
        return MemorySegment.ofArray(present);
    }

    @Override
    public String toString() {
        return slot.toString();
    }
}
