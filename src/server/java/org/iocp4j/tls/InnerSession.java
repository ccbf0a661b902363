package org.iocp4j.tls;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSession;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.ScheduledAction;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.Waker;
import org.jspecify.annotations.Nullable;

/** The session inside of TLS: calls the inner handler when there is something to call it for, and does what it asks. */
final class InnerSession implements TlsSession {
    private final TlsConnection tls;
    private final PlainQueue outgoing;
    private final long id;
    private final IocpGroup group;
    /** The most bytes in the connection's queue. */
    private final int limitBytes;
    private SessionHandler handler;
    private @Nullable Object attachment;
    /** The handler has had its first call. */
    private boolean opened;
    private boolean inputPaused;
    /** Something is unread that it is to be shown. */
    private boolean unseen;
    /** It got no input, since too much was queued. */
    private boolean waitsForRoom;
    private boolean wasHeldForRoom;
    private boolean endTold;
    /** In {@link SessionHandler#idle}. */
    private boolean isIdle;
    private boolean endAsked;
    private @Nullable CloseReason askedReason;
    private @Nullable Throwable upgradeFailure;
    /** Actions for when the handshake is done. */
    private @Nullable ArrayDeque<SessionAction> early;

    InnerSession(TlsConnection tls, SessionHandler handler, PlainQueue outgoing, int limitBytes, Session connection) {
        this.tls = tls;
        this.handler = handler;
        this.outgoing = outgoing;
        this.limitBytes = limitBytes;
        this.id = connection.id();
        this.group = connection.group();
        this.attachment = connection.attachment(Object.class);
    }

    boolean isOpened() {
        return opened;
    }

    // ---- the handler's calls ----

    /** Calls it, if there is something to call it for. */
    boolean tell() throws Exception {
        if (!opened) {
            if (endAsked) { // from elsewhere, meanwhile: it need not know
                tls.close(null);
                return true;
            }
            opened = true;
            handler.opened(this);
        } else if (early != null && !early.isEmpty()) {
            early.removeFirst().run(this);
        } else if (hasRoomForRefused()) {
            outgoing.forgetRefused();
            unseen = true;
            handler.writable(this);
        } else if (!tellInput()) {
            return false;
        }
        returned();
        return true;
    }

    private boolean tellInput() throws Exception {
        if (isInputHeld()) {
            waitsForRoom |= !inputPaused;
            return false;
        }
        if (waitsForRoom) { // a handler that asked for the room, and was not refused, waits for a call, too
            waitsForRoom = false;
            unseen = true;
        }
        if (unseen && tls.reader().unreadBytes() > 0) {
            unseen = false;
            received(tls.reader().plaintext());
        } else if (tls.isInputClosed() && !endTold) {
            endTold = true;
            handler.inputEnded(this);
        } else {
            return false;
        }
        return true;
    }

    private void received(Plaintext lent) throws Exception {
        int before = lent.unreadBytes();
        int messageBytes = tls.owner().messageBytes;
        ByteBuffer view = lent.lend();
        handler.received(this, view);
        lent.readUpTo(view.position());
        if (lent.unreadBytes() < messageBytes) {
            return;
        }
        if (lent.unreadBytes() < before) {
            unseen = true; // nothing more is decrypted before it has read on
        } else if (tls.isOpen() && !endAsked && !isInputHeld()) {
            tls.messageTooLong();
        }
    }

    /** It has returned: does what it asked for. */
    private void returned() throws Exception {
        Throwable thrown = upgradeFailure;
        if (thrown != null) {
            upgradeFailure = null;
            rethrow(thrown);
        }
        if (!tls.isOpen()) {
            return;
        }
        if (endAsked) {
            tls.close(askedReason);
        } else if (endTold && tls.isOutputEnding()) {
            tls.close(CloseReason.PEER_CLOSED);
        }
    }

    /** Even what no signature names. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
        throw (T) thrown;
    }

    /** Something was decrypted for it. */
    void hasMore() {
        unseen = true;
    }

    void idle() throws Exception {
        isIdle = true;
        try {
            handler.idle(this);
        } finally {
            isIdle = false;
        }
        returned();
    }

    void closed(CloseReason reason, @Nullable Throwable failure) throws Exception {
        handler.closed(this, reason, failure);
    }

    void released() {
        early = null;
    }

    void forgetAttachment() {
        attachment = null;
    }

    // ---- from other threads, in a call for the connection ----

    void run(SessionAction action) throws Exception {
        action.run(this);
        returned();
    }

    /** When the handshake is done. */
    void runLater(SessionAction action) {
        if (early == null) {
            early = new ArrayDeque<>();
        }
        early.add(action);
    }

    /** When the handshake is done, and what was sent before is encrypted. */
    void endLater() {
        endAsked = true;
    }

    // ---- what holds its input ----

    boolean isInputHeld() {
        return isHeldForRoom() || inputPaused;
    }

    /** As a session without TLS: while more than half of the queue is full, or something was refused. */
    private boolean isHeldForRoom() {
        boolean isHeld = !tls.isFinAsked() && (outgoing.refusedBytes() > 0 || queued() > limitBytes / 2);
        wasHeldForRoom |= isHeld;
        return isHeld;
    }

    /** Since it was asked last. The connection may send meanwhile, and then there is room, and nobody has seen it. */
    boolean wasHeldForRoom() {
        boolean was = wasHeldForRoom;
        wasHeldForRoom = false;
        return was;
    }

    private boolean hasRoomForRefused() {
        int refused = outgoing.refusedBytes();
        return refused > 0 && refused <= room() && queued() <= limitBytes / 2 && !outgoing.isFullOfFiles();
    }

    private int queued() {
        return outgoing.bytes() + tls.stagedBytes() + tls.connection().queuedBytes();
    }

    private int room() {
        return Math.max(0, limitBytes - queued());
    }

    // ---- what it asks for ----

    /** Of the call that is under way. */
    private Session inside() {
        Session its = tls.connectionOrNull();
        if (its == null) {
            throw new IllegalStateException("session " + this + " has ended");
        }
        its.queuedBytes(); // throws elsewhere
        return its;
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return inside().remoteAddress();
    }

    @Override
    public InetSocketAddress localAddress() {
        return inside().localAddress();
    }

    @Override
    public IocpGroup group() {
        return group;
    }

    @Override
    public SessionRef ref() {
        inside();
        return tls.ref();
    }

    @Override
    public void wrapRef(UnaryOperator<SessionRef> wrapper) {
        Session its = inside();
        SessionRef wrapped = Objects.requireNonNull(wrapper.apply(tls.ref()), "the wrapper's ref is null");
        its.wrapRef(_ -> wrapped);
        tls.ref(wrapped);
    }

    @Override
    public SendResult send(ByteBuffer data) {
        inside();
        return outgoing.add(data, room(), true); // encrypted when the call has returned, together with what follows
    }

    @Override
    public SendResult sendFile(Path file, long position, long count) throws IOException {
        inside();
        SendResult refused = outgoing.refusesFile();
        return refused != null ? refused : outgoing.addOrClose(FilePart.map(file, position, count));
    }

    @Override
    public SendResult sendFile(FileChannel file, long position, long count) throws IOException {
        inside();
        SendResult refused = outgoing.refusesFile();
        return refused != null ? refused : outgoing.addOrClose(FilePart.map(file, file, position, count));
    }

    @Override
    public SendResult send(LentMemory memory, int offset, int count) {
        inside();
        ByteBuffer part = memory.bytes().slice(offset, count);
        return count > limitBytes ? outgoing.addOrClose(FilePart.copy(part)) : send(part);
    }

    @Override
    public int bufferBytes() {
        inside();
        return tls.owner().messageBytes;
    }

    @Override
    public int sendQueueBytes() {
        inside();
        return limitBytes;
    }

    @Override
    public int queuedBytes() {
        inside();
        return queued();
    }

    @Override
    public int sendRoomBytes() {
        inside();
        return room();
    }

    @Override
    public void wantRoom(int bytes) {
        inside();
        outgoing.wantRoom(bytes);
    }

    @Override
    public void pauseInput() {
        inside();
        inputPaused = true;
    }

    @Override
    public void resumeInput() {
        inside();
        if (inputPaused) {
            inputPaused = false;
            unseen = true;
        }
    }

    @Override
    public void shutdownOutput() {
        inside();
        tls.endOutput();
    }

    @Override
    public void idleTime(Duration time) {
        inside().idleTime(time);
    }

    @Override
    public ScheduledAction schedule(Duration delay, SessionAction action) {
        Objects.requireNonNull(action, "action is null");
        return inside().schedule(delay, _ -> tls.runFromElsewhere(action));
    }

    @Override
    public Waker waker(SessionAction action) {
        Objects.requireNonNull(action, "action is null");
        return inside().waker(_ -> tls.runFromElsewhere(action));
    }

    @Override
    public void upgrade(SessionHandler next) {
        inside();
        handler = Objects.requireNonNull(next, "next is null");
        unseen = true;
        endTold = false;
        try {
            next.upgraded(this);
        } catch (Throwable e) { // thrown when the present call has returned
            upgradeFailure = e;
        }
    }

    @Override
    public void disconnect() {
        inside();
        if (!endAsked) {
            endAsked = true;
            CloseReason why = endTold ? CloseReason.PEER_CLOSED : CloseReason.DISCONNECTED;
            askedReason = isIdle ? CloseReason.IDLE : why;
            outgoing.close();
        }
    }

    @Override
    public void abort() {
        inside();
        outgoing.close();
        // By a close_notify: the connection may not know of that end.
        tls.abort(endTold && !isIdle ? CloseReason.PEER_CLOSED : null);
    }

    @Override
    public <T> @Nullable T attachment(Class<T> type) {
        inside();
        return type.cast(attachment);
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        inside();
        attachment = newAttachment;
    }

    @Override
    public SSLSession sslSession() {
        inside();
        return tls.sslSession();
    }

    @Override
    public String applicationProtocol() {
        inside();
        String chosen = tls.applicationProtocol();
        return chosen == null ? "" : chosen;
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(id);
    }
}
