package org.iocp4j.tls;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.UnaryOperator;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.ScheduledAction;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.Waker;

/** As much of a connection's session as TLS needs, for a test that makes its handler's calls itself. */
final class DirectSession implements Session {
    /** All that was sent, and not taken from here. */
    final ByteBuffer sent = ByteBuffer.allocate(1 << 16);
    boolean disconnected;
    boolean aborted;
    boolean paused;
    /** Writable is to be called. */
    boolean wantsRoom;
    /** Looked at as often as TLS does. */
    IntSupplier queued = () -> 0;
    /** What is to run at its time. */
    final List<SessionAction> scheduled = new ArrayList<>();
    /** What others have asked for, and has not run. */
    private final ArrayDeque<SessionAction> actions = new ArrayDeque<>();
    private Object attached;

    /** What came, and behind it what others have asked for. */
    void receive(TlsHandler handler, ByteBuffer data) throws Exception {
        handler.received(this, data);
        while (!actions.isEmpty()) {
            actions.removeFirst().run(this);
            handler.received(this, data);
        }
    }

    @Override
    public SendResult send(ByteBuffer data) {
        sent.put(data);
        return SendResult.TAKEN;
    }

    @Override
    public long id() {
        return 1;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public InetSocketAddress localAddress() {
        return remoteAddress();
    }

    @Override
    public IocpGroup group() {
        return null;
    }

    @Override
    public SessionRef ref() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void wrapRef(UnaryOperator<SessionRef> wrapper) {
        wrapper.apply(new Ref(actions));
    }

    @Override
    public SendResult sendFile(Path file, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SendResult sendFile(FileChannel file, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SendResult send(LentMemory memory, int offset, int count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int bufferBytes() {
        throw new UnsupportedOperationException();
    }

    @Override
    public int sendQueueBytes() {
        return 1 << 16;
    }

    @Override
    public int queuedBytes() {
        return queued.getAsInt();
    }

    @Override
    public int sendRoomBytes() {
        return 1 << 16;
    }

    @Override
    public void wantRoom(int bytes) {
        wantsRoom = true;
    }

    @Override
    public void pauseInput() {
        paused = true;
    }

    @Override
    public void resumeInput() {
        paused = false;
    }

    @Override
    public void shutdownOutput() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void idleTime(Duration time) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledAction schedule(Duration delay, SessionAction action) {
        scheduled.add(action);
        return () -> scheduled.remove(action);
    }

    @Override
    public Waker waker(SessionAction action) {
        return () -> actions.contains(action) || actions.add(action);
    }

    @Override
    public void upgrade(SessionHandler next) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void disconnect() {
        disconnected = true;
    }

    @Override
    public void abort() {
        aborted = true;
    }

    @Override
    public <T> T attachment(Class<T> type) {
        return type.cast(attached);
    }

    @Override
    public void attach(Object newAttachment) {
        attached = newAttachment;
    }

    /** Of that session. */
    private record Ref(ArrayDeque<SessionAction> actions) implements SessionRef {
        @Override
        public boolean execute(SessionAction action) {
            return actions.add(action);
        }

        @Override
        public long id() {
            return 1;
        }

        @Override
        public SendResult send(ByteBuffer data) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SendResult sendFile(Path file, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SendResult sendFile(FileChannel file, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SendResult send(LentMemory memory, int offset, int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void disconnect() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void abort() {
            throw new UnsupportedOperationException();
        }
    }
}
