package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.ERROR_NOT_FOUND;
import static org.iocp4j.win32.generated.WinTypes.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_LINGER;
import static org.iocp4j.win32.generated.WinTypes.TF_DISCONNECT;
import static org.iocp4j.win32.generated.WinTypes.TF_REUSE_SOCKET;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import org.iocp4j.port.CompletionHandler;
import org.iocp4j.port.Deadline;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Operation;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;
import org.jspecify.annotations.Nullable;

/**
 * A slot for a socket: two operations, and the handle that is in it. A handle outlives its connections if it is used
 * again; the slot outlives the handle. One holder at a time has the slot: the domain's list
 * of free sockets, a listener, or the {@link StreamSocket}. Unless a method says otherwise, only the holder calls it.
 */
final class SocketSlot implements CompletionHandler {
    /** The receive and the send. */
    static final int OPERATIONS = 2;
    /** linger {l_onoff = 1, l_linger = 0} as one little-endian number: closesocket sends an RST. */
    static final int LINGER_RESET = 1;
    /** linger {0, 0}: closesocket sends the data and then a FIN. */
    static final int LINGER_OFF = 0;

    /** What the send operation is for. An accept and a connect come before all sends, a disconnect after them. */
    private enum Use {
        ACCEPT, CONNECT, SEND, DISCONNECT;

        private static final Use[] ALL = values();
    }

    /**
     * How far a disconnect has come; its packet and its time limit compete to end it. GIVEN_UP: during the call that
     * posts it, so whoever makes the call closes the handle.
     */
    private enum Disconnect { NONE, POSTING, PENDING, DONE, FAILED, GIVEN_UP }

    /** The bits of {@link #disconnect} that have a Disconnect. */
    private static final int STATE = 7;
    private static final int NEXT = STATE + 1;

    private static final VarHandle DISCONNECT;
    private static final VarHandle USES;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            DISCONNECT = lookup.findVarHandle(SocketSlot.class, "disconnect", int.class);
            USES = lookup.findVarHandle(SocketSlot.class, "uses", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final IoDomain domain;
    final int index;
    final Operation receive;
    final Operation send;
    /**
     * One for the holder of the handle, one for a disconnect whose packet has not come. The last vacates the slot.
     * Changed through USES.
     */
    private int uses;

    // The handle's, until it is closed.
    long handle;
    int family;
    /** How many connections it has had, the present one included. */
    int generation;
    private boolean associated;
    /** On whose port it is, if that is another domain's: then it is here for its accept only. */
    private @Nullable IoDomain elsewhere;
    /** Where it counts as in use; null for one that is not for accepts, or free. */
    private @Nullable FreeSockets<?> inUseOf;
    private Delivery delivery = Delivery.PACKET;
    private boolean nonBlocking;

    // The present holder's.
    /** Whose accept is pending. */
    private @Nullable StreamListener listener;
    /** Of the accept or connect that is pending. */
    private @Nullable AddressBlock block;
    /** Whether {@link StreamListener#accept} has asked for it. */
    boolean onDemand;
    /** The connection; null while there is none. */
    private volatile @Nullable StreamSocket socket;
    /** An object for the next connection: nobody refers to it any more. */
    private @Nullable StreamSocket spare;
    /** A Disconnect, and above it its number: who looks at one may be overtaken by the next. */
    private volatile int disconnect;
    /** Made for the first disconnect. */
    private @Nullable DisconnectLimit limit;

    SocketSlot(IoDomain domain, int index, OperationSlab slab) {
        this.domain = domain;
        this.index = index;
        receive = slab.add(this);
        send = slab.add(this);
        receive.returnsDone(domain.options().returnsDone());
    }

    @Override
    public void completed(Operation operation, long key, int status, int bytes, IoThread io) {
        if (operation == receive) {
            connection().receiveCompleted(status, bytes, io);
            return;
        }
        switch (Use.ALL[io.purpose()]) {
            case ACCEPT -> acceptCompleted(status, io);
            case CONNECT -> connectCompleted(status, io);
            case SEND -> connection().sendCompleted(status, bytes, io);
            case DISCONNECT -> disconnectCompleted(status, io);
        }
    }

    @Override
    public int prefetch(Operation operation, int depth) {
        StreamSocket present = socket;
        if (present == null || depth == 0) {
            return generation;
        }
        return depth == 1 ? (int) send.owner() + present.prefetch() : present.prefetch(depth - 2);
    }

    private StreamSocket connection() {
        StreamSocket present = socket;
        if (present == null) {
            throw new IllegalStateException("a packet for no connection: slot " + index);
        }
        return present;
    }

    // ---- the handle ----

    /** A new handle takes the vacant slot, and the caller is its holder. */
    void occupy(long newHandle, int itsFamily) {
        handle = newHandle;
        family = itsFamily;
        generation = 0;
        associated = false;
        elsewhere = null;
        inUseOf = null;
        delivery = Delivery.PACKET;
        nonBlocking = false;
        disconnect = with(disconnect, Disconnect.NONE);
        uses = 1;
    }

    /** The same with a handle that was in a slot before. */
    void occupy(DetachedSocket detached) {
        occupy(detached.handle, detached.family);
        generation = detached.generation;
        associated = domain.equals(detached.home);
        elsewhere = associated ? null : detached.home;
        nonBlocking = detached.nonBlocking;
        inUseOf = detached.inUseOf;
        deliver(detached.delivery);
    }

    /** It was taken to be accepted into. */
    void beginUse(FreeSockets<?> of) {
        inUseOf = of;
    }

    /** It is free again, or closed. */
    void endUse(IoThread io) {
        FreeSockets<?> of = inUseOf;
        inUseOf = null;
        if (of != null) {
            of.endUse(io.nowNanos());
        }
    }

    @Nullable FreeSockets<?> inUseOf() {
        return inUseOf;
    }

    private void deliver(Delivery by) {
        delivery = by;
        receive.delivery(by);
    }

    Delivery delivery() {
        return delivery;
    }

    boolean isNonBlocking() {
        return nonBlocking;
    }

    /** On whose port the handle is; null if on none. */
    @Nullable IoDomain home() {
        return associated ? domain : elsewhere;
    }

    boolean isAssociated() {
        return associated;
    }

    /**
     * Associates the handle with the domain's port if that has not been done: Windows would refuse a second time (87),
     * and the first key stays.
     *
     * @return 0, or the error
     */
    int associateOnce(long key, IoThread io) {
        if (associated) {
            return 0;
        }
        int error = domain.port().associate(io.win32(), handle, key);
        associated = error == 0;
        Delivery wanted = domain.delivery();
        boolean skips = associated && wanted != Delivery.PACKET && io.win32().setFileCompletionNotificationModes(
                handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS()) == 0;
        deliver(skips ? wanted : Delivery.PACKET);
        return error;
    }

    /** Makes calls without an OVERLAPPED return at once; 0, or the error. */
    int setNonBlocking(IoThread io) {
        if (nonBlocking) {
            return 0;
        }
        int error = io.setNonBlocking(handle);
        nonBlocking = error == 0;
        return error;
    }

    /** Cancels what is pending, and closes the handle. A failure is logged. */
    void close(boolean reset, IoThread io) {
        int lingerError = 0;
        try {
            if (isPending()) { // closesocket cancels, too, but under Wine not a disconnect [wine]
                cancel(0, io);
            }
            if (reset) {
                lingerError = io.setOption(handle, SOL_SOCKET(), SO_LINGER(), LINGER_RESET);
            }
        } finally {
            endUse(io);
            domain.slots().closeSocket(handle, this, io);
            domain.slots().lookLater(io);
        }
        if (lingerError != 0) {
            IoDomain.LOG.error("SO_LINGER: {}, {}: its peer sees a FIN in place of an RST",
                    ErrorName.of(lingerError), this);
        }
    }

    /** The holder is done with the closed handle. The slot is vacant unless a packet is still to come. */
    void vacate() {
        if (dropUse() == 0) {
            domain.slots().vacant(this);
        }
    }

    private int dropUse() {
        return (int) USES.getAndAdd(this, -1) - 1;
    }

    boolean isPending() {
        return receive.isPending() || send.isPending();
    }

    /** Asks for one operation to be cancelled, or with 0 for all; 0, or the error, but for there being none. */
    int cancel(long overlapped, IoThread io) {
        int error = io.win32().cancelIoEx(handle, overlapped);
        if (error == 0 || error == ERROR_NOT_FOUND()) {
            return 0;
        }
        domain.refused("CancelIoEx", error, this);
        return error;
    }

    // ---- the send operation ----

    /** To be called before each post. */
    private void begin(Use newUse, Delivery by, boolean returnsDone) {
        send.purpose((byte) newUse.ordinal());
        send.delivery(by);
        send.returnsDone(returnsDone);
    }

    /** Posts an accept into the handle; 0, or the error. Its packet carries the listener's key [wine]. */
    int postAccept(StreamListener accepting, long listening, IoThread io) {
        AddressBlock output;
        try {
            output = domain.slots().takeBlock(io);
        } catch (Win32Exception e) {
            return e.code();
        }
        begin(Use.ACCEPT, Delivery.PACKET, false); // as the listening handle is set
        listener = accepting;
        block = output;
        int error = io.accept(send, 0, listening, handle, output.local(), AddressBlock.ADDRESS_BYTES);
        if (error != 0) {
            listener = null;
            domain.slots().giveBlock(takeBlock());
        }
        return error;
    }

    private void acceptCompleted(int status, IoThread io) {
        StreamListener accepting = listener;
        assert accepting != null;
        AddressBlock output = takeBlock(); // the slot may be posted anew before the listener is done with the addresses
        listener = null;
        accepting.completed(this, output, status, io);
    }

    /** Posts a connect; 0, the error, or {@link IoThread#DONE}: then {@link #connectDone} follows. */
    int postConnect(InetSocketAddress remote, long owner, IoThread io) {
        AddressBlock input;
        try {
            input = domain.slots().takeBlock(io);
        } catch (Win32Exception e) {
            return e.code();
        }
        boolean isPosted = false;
        try {
            int bytes = input.remote(remote, family);
            begin(Use.CONNECT, delivery, domain.options().returnsDone());
            block = input;
            int error = io.connect(send, owner, handle, input.remote(), bytes);
            isPosted = error == 0 || error == IoThread.DONE;
            return error;
        } finally {
            if (!isPosted) {
                block = null;
                domain.slots().giveBlock(input);
            }
        }
    }

    /** The connect has completed in the call that posted it; 0, or the error. */
    int connectDone(IoThread io) {
        AddressBlock used = takeBlock();
        try {
            return connection().updateContext(used, io);
        } finally {
            domain.slots().giveBlock(used);
        }
    }

    private void connectCompleted(int status, IoThread io) {
        StreamSocket connecting = connection();
        AddressBlock used = takeBlock();
        int result = connecting.connectResult(used, status, io);
        domain.slots().giveBlock(used); // first: behind the event, the slot may be another's, which needs one
        connecting.connectCompleted(result, io);
    }

    private AddressBlock takeBlock() {
        AddressBlock taken = block;
        assert taken != null;
        block = null;
        return taken;
    }

    /** Posts a send or a TransmitFile from now on. */
    void beginSend(boolean returnsDone) {
        begin(Use.SEND, delivery, returnsDone);
    }

    /** Whether a send is pending. Any thread. */
    boolean isSending() {
        return send.isPending() && send.purpose() == Use.SEND.ordinal();
    }

    /** Whether a connect is pending. Any thread. */
    boolean isConnecting() {
        return send.isPending() && send.purpose() == Use.CONNECT.ordinal();
    }

    /** Makes the handle a connection's. */
    StreamSocket newConnection() {
        StreamSocket fresh = spare != null ? spare : new StreamSocket(domain, this);
        spare = null;
        fresh.opened();
        generation++;
        socket = fresh; // last: what throws before leaves a slot without a connection
        return fresh;
    }

    /** Makes the handle a connection's that it was elsewhere already. */
    StreamSocket continuedConnection() {
        generation--;
        return newConnection();
    }

    /** The connection has told its last event, and its holder has no reference to it any more. */
    void recycle(StreamSocket connection) {
        spare = connection;
    }

    /** The connection has told its last event: its handle is used again, or the slot is vacant. */
    void connectionGone(IoThread io) {
        socket = null;
        int done = with(disconnect, Disconnect.DONE);
        if (disconnect == done) {
            disconnect = with(done, Disconnect.NONE);
            domain.slots().keep(this, io);
        } else {
            vacate();
        }
    }

    // ---- the disconnect ----

    /**
     * Posts a disconnect that leaves the handle to be used again.
     *
     * @return false if Windows refuses, or it was given up during the call: then the handle is still to be closed, and
     *         so it is if this throws
     */
    boolean disconnect(StreamSocket connection, IoThread io) {
        DisconnectLimit itsLimit = limit == null ? new DisconnectLimit() : limit;
        limit = itsLimit;
        itsLimit.dueNanos = io.win32().nanoTime() + domain.disconnectNanos(); // first: an earlier one's may expire late
        begin(Use.DISCONNECT, delivery, true); // whoever closes need not be a thread that dequeues
        USES.getAndAdd(this, 1);
        connection.operationBegun();
        domain.disconnecting.incrementAndGet();
        int posting = with(disconnect + NEXT, Disconnect.POSTING);
        disconnect = posting;
        if (domain.isEnding()) { // the end may have looked for it already, and nobody would give it up
            drop(posting, connection, io);
            return false;
        }
        int error;
        try {
            domain.arm(itsLimit, itsLimit.dueNanos, io);
            error = domain.options().reuse() == DisconnectMethod.DISCONNECT_EX
                    ? io.disconnect(send, connection.owner(), handle, TF_REUSE_SOCKET())
                    : io.transmitNothing(send, connection.owner(), handle, TF_DISCONNECT() | TF_REUSE_SOCKET());
        } catch (Throwable e) {
            drop(posting, connection, io);
            throw e;
        }
        if (error == 0 && (DISCONNECT.compareAndSet(this, posting, with(posting, Disconnect.PENDING))
                || disconnect != with(posting, Disconnect.GIVEN_UP))) {
            return true;
        }
        boolean done = error == IoThread.DONE;
        if (error != 0) {
            dropUse(); // no packet comes
        }
        boolean ended = ends(posting, done ? Disconnect.DONE : Disconnect.FAILED);
        connection.operationEnded(io);
        if (ended && !done) {
            domain.disconnectFailed(error, this);
        }
        return ended && done;
    }

    private static int with(int disconnect, Disconnect state) {
        return (disconnect & ~STATE) | state.ordinal();
    }

    /** It was not posted. */
    private void drop(int posting, StreamSocket connection, IoThread io) {
        dropUse();
        ends(posting, Disconnect.FAILED);
        connection.operationEnded(io);
    }

    /** Ends the disconnect as failed, if it is still the one that was seen: as GIVEN_UP or FAILED, else NONE. */
    private Disconnect fail(int seen) {
        if (ends(with(seen, Disconnect.POSTING), Disconnect.GIVEN_UP)) {
            return Disconnect.GIVEN_UP;
        }
        return ends(with(seen, Disconnect.PENDING), Disconnect.FAILED) ? Disconnect.FAILED : Disconnect.NONE;
    }

    private boolean succeed(int seen) {
        return ends(with(seen, Disconnect.POSTING), Disconnect.DONE)
                || ends(with(seen, Disconnect.PENDING), Disconnect.DONE);
    }

    /** Whether the caller ends the disconnect; the others find it ended. */
    private boolean ends(int from, Disconnect how) {
        if (!DISCONNECT.compareAndSet(this, from, with(from, how))) {
            return false;
        }
        assert limit != null; // a disconnect has begun
        if (how != Disconnect.GIVEN_UP) { // else the call that posts it may be over, and the limit the next one's
            limit.disarm();
        }
        domain.disconnecting.decrementAndGet();
        return true;
    }

    private void disconnectCompleted(int status, IoThread io) {
        StreamSocket connection = socket; // before the end: then it may be gone
        Disconnect failed = status < 0 ? fail(disconnect) : Disconnect.NONE;
        if (failed == Disconnect.NONE && (status < 0 || !succeed(disconnect))) {
            domain.latePackets.increment();
            vacate();
            return;
        }
        if (failed == Disconnect.GIVEN_UP) { // the call that posts it is not over: whoever makes it closes, and tells
            try {
                disconnectFailed(status, io);
            } finally {
                vacate(); // that may be done by now
            }
            return;
        }
        dropUse();
        assert connection != null;
        try {
            if (failed == Disconnect.FAILED) {
                close(false, io);
                disconnectFailed(status, io);
            }
        } finally {
            connection.told(io);
        }
    }

    private void disconnectFailed(int status, IoThread io) {
        domain.disconnectFailed(io.win32().rtlNtStatusToDosError(status), this);
    }

    /** How long a disconnect may take. */
    private final class DisconnectLimit extends Deadline {
        private volatile long dueNanos;

        DisconnectLimit() {
            super(domain.timers());
        }

        @Override
        protected void expired(IoThread io) {
            int seen = disconnect; // first: the time of one that begins later is later
            if (io.nowNanos() - dueNanos >= 0) { // or it ran out for an earlier one
                giveUp(seen, true, io);
            }
        }
    }

    private void giveUp(int seen, boolean isOverdue, IoThread io) {
        Disconnect failed = fail(seen);
        if (failed != Disconnect.NONE && isOverdue) {
            domain.disconnectOverdue(this);
        }
        if (failed != Disconnect.FAILED) {
            return; // it had ended, or whoever posts it closes the handle
        }
        StreamSocket connection = socket; // now: it cannot be gone before it is told below
        assert connection != null;
        try {
            close(false, io);
        } finally {
            connection.told(io);
        }
    }

    // ---- for the domain ----

    @Nullable StreamSocket socket() {
        return socket;
    }

    /** Ends what is going on in the slot; an accept ends with its listener. */
    void end(IoThread io) {
        giveUp(disconnect, false, io);
        StreamSocket present = socket;
        if (present != null) {
            present.close(Closing.RST, io);
        }
    }

    /** Nobody dequeues any more: closes the handle of an accept that has not completed, and lets go of a file. */
    void endWithoutPackets(IoThread io) {
        StreamSocket present = socket;
        if (present != null) {
            present.letGoOfFile(io);
        }
        if (listener != null) {
            listener = null;
            close(false, io);
        }
    }

    @Override
    public String toString() {
        return "socket " + handle + " (slot " + index + ", generation " + generation + ")";
    }
}
