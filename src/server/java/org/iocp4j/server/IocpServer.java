package org.iocp4j.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.HostPort;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;

/**
 * A TCP server on a Windows I/O completion port, or on several ({@link ServerOptions#ports}). Its sockets are
 * disconnected and reused where the platform supports that. It is an {@link IocpGroup} with one listener.
 *
 * {@snippet lang=java :
 * var server = IocpServer.start((session, data) -> session.send(data), ServerOptions.builder().port(7).build());
 * Runtime.getRuntime().addShutdownHook(new Thread(server::close)); // its threads keep the JVM alive until then
 * }
 *
 * <p>All methods may be called by any thread. {@link #start} and {@link #close} block; the others may wait for a lock
 * that is held for the copy of some bytes, and call Windows at most to wake a worker.
 */
public final class IocpServer implements AutoCloseable {
    private final IocpGroup group;
    private final IocpListener listener;

    /**
     * Whether a server can be started here: in a Windows JVM, which Wine's is, too, that grants this library native
     * access. Off Windows no library is loaded.
     */
    public static boolean isSupported() {
        return unsupportedReason().isEmpty();
    }

    /** Why {@link #start} would fail here, in words that say what to do; empty if {@link #isSupported}. */
    public static Optional<String> unsupportedReason() {
        try {
            WindowsWin32.attach().close();
            return Optional.empty();
        } catch (UnsupportedOperationException | UncheckedIOException e) { // no Windows, or Winsock does not start
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Starts a server. When this returns, clients can connect, and workers call the handler.
     *
     * @param handler is told of the sessions
     * @param options where it listens, and its limits
     * @throws NullPointerException          if an argument is null; the message names it
     * @throws IOException                   if Windows refuses a call; the message names it, such as
     *                                       {@code bind: WSAEADDRINUSE (10048), ...}
     * @throws UnsupportedOperationException if this is not Windows, if the JVM denies this library native access, or if
     *                                       {@link ServerOptions#disconnectMethod} does not work here
     */
    public static IocpServer start(SessionHandler handler, ServerOptions options) throws IOException {
        return new IocpServer(handler, options, SessionIdentity.OVERLAPPED, WindowsWin32::attach);
    }

    /** For {@link #start}, and for {@code server.internal.ServerFactory}, which finds it by its parameters. */
    private IocpServer(SessionHandler handler, ServerOptions options, SessionIdentity identity, Supplier<Win32> system)
            throws Win32Exception {
        Objects.requireNonNull(options, "options is null");
        Objects.requireNonNull(handler, "handler is null");
        group = new IocpGroup(options.group(), identity, system);
        try {
            listener = group.listen(options.address(), handler, options.listen(), options.listenerLinger());
        } catch (Throwable e) {
            group.close();
            throw e;
        }
        group.startWorkers(HostPort.text(localAddress()));
    }

    /** The address that it listens on; if the options said port 0, with the port that was picked. */
    public InetSocketAddress localAddress() {
        return listener.localAddress();
    }

    /** The group that it runs on, which takes further listeners and connects, and is closed with it. Any thread. */
    public IocpGroup group() {
        return group;
    }

    /** How connections are closed: the method that the options asked for, or else the best that works here. */
    public DisconnectMethod disconnectMethod() {
        return group.disconnectMethod();
    }

    /**
     * Whether it serves. False as soon as {@link #close} has begun, a worker's failure has stopped the server ({@link
     * OnWorkerFailure#STOP}), or other code in this process has closed a completion port of the server, which stops
     * it, too.
     */
    public boolean isOpen() {
        return group.isOpen();
    }

    /**
     * The figures so far; also after {@link #close}. Its time depends on the number of workers, not of sessions.
     */
    public ServerStatistics statistics() {
        return group.statistics();
    }

    /**
     * Queues bytes for a session; a worker sends them. They are copied. All of {@code data} is accepted or nothing.
     * What is accepted goes out, unless the session is aborted or breaks before; its peer then gets a reset, not an end
     * in order.
     *
     * @param sessionId {@link Session#id}
     * @param data      the bytes from its position to its limit; if accepted, its position is set to the limit, else it
     *                  is unchanged
     * @return {@link SendResult#FULL}: its queue has too little room, or the system has no memory for the bytes now;
     *         {@link SessionHandler#writable} is called once there is some, or to try again.
     *         {@link SendResult#CLOSED}: the session has ended or is ending
     * @throws IllegalArgumentException if the session is there and {@code data} is longer than its send queue
     *                                  ({@link Session#sendQueueBytes})
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of a closed arena; nothing is
     *                                  queued
     */
    public SendResult send(long sessionId, ByteBuffer data) {
        return group.send(sessionId, data);
    }

    /**
     * Queues the same bytes for many sessions, for each as {@link #send} does, and then wakes the workers: by one
     * packet for each completion port that has some of the sessions, and by one more for each worker that comes to
     * help; the packets do not grow with the sessions up to 16,384 of a port. Sessions that something stands for
     * ({@link Session#wrapRef}), such as those inside of TLS, are woken one by one. But for these it costs far less
     * than as many sends. It does not block, but it takes the time of a copy for each session.
     *
     * <p>A session that does not take the bytes keeps nobody else from getting them. The result names it, and says why.
     *
     * @param sessionIds {@link Session#id} of each, in any order; unchanged, and not kept. A session that is there
     *                   twice gets the bytes twice
     * @param data       the bytes from its position to its limit, both of which stay as they are
     * @return how many have taken the bytes, and who has not
     * @throws IllegalArgumentException if {@code data} is longer than {@link ServerOptions#sendQueueBytes}; then nobody
     *                                  gets the bytes
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of a closed arena; if that
     *                                  happens in the midst, the sessions before get the bytes
     */
    public BroadcastResult broadcast(long[] sessionIds, ByteBuffer data) {
        return group.broadcast(sessionIds, data);
    }

    /**
     * Has a session run an action, as a call of its handler: after the call that is under way, if there is one, and in
     * the order of the calls of this method. Returns at once.
     *
     * <p>What the calling thread has done before happens-before the action; what it has sent to the session before goes
     * out before what the action sends. An action that was taken is not run if the session has ended by then, or has
     * been asked to end: what must happen then belongs into {@link SessionHandler#closed}. Actions that wait do not
     * hold the input: for data use {@link #send}, which says when there is too much, and tells when there is room
     * again.
     *
     * @param sessionId {@link Session#id}
     * @return false if the session has ended or is ending, and the action was not taken
     * @throws NullPointerException       if the action is null
     * @throws RejectedExecutionException if {@link ServerOptions#maxActions} wait in the session already: its handler
     *                                    does not keep up. The action was not taken, and nothing tells when there is
     *                                    room
     */
    public boolean execute(long sessionId, SessionAction action) {
        return group.execute(sessionId, action);
    }

    /**
     * Has a session {@link Session#pauseInput pause its input}, soon, by an action as {@link #execute} does.
     *
     * @return false if the session has ended or is ending
     * @throws RejectedExecutionException as for {@link #execute}
     */
    public boolean pauseInput(long sessionId) {
        return group.pauseInput(sessionId);
    }

    /**
     * Has a session {@link Session#resumeInput resume its input}, soon, by an action as {@link #execute} does.
     *
     * @return false if the session has ended or is ending
     * @throws RejectedExecutionException as for {@link #execute}
     */
    public boolean resumeInput(long sessionId) {
        return group.resumeInput(sessionId);
    }

    /**
     * Asks for a session to end once what is queued has been sent, and returns. Until a worker has seen it, sends and
     * actions are still taken. Does nothing if the session has ended.
     */
    public void disconnect(long sessionId) {
        group.disconnect(sessionId);
    }

    /**
     * Asks for a session to end without sending what is queued, and returns: its peer gets a reset, as by
     * {@link Session#abort}. Does nothing if the session has ended.
     */
    public void abort(long sessionId) {
        group.abort(sessionId);
    }

    /**
     * Stops the server: it accepts no more connections, gives its sessions {@link ServerOptions#drainTime} to send what
     * is queued, aborts those that are left, awaits all pending operations, closes all sockets and releases all memory.
     * Its peers see a FIN, or a reset if bytes for them were dropped, as {@link IocpGroup#close} says.
     *
     * <p>Blocks for at most drainTime, four times {@link ServerOptions#disconnectTime} and 5 s: 30 s with the defaults.
     * An interrupt of the calling thread does not shorten that. If the kernel still holds an operation then, its memory
     * stays allocated. If a handler still blocks a worker then, the rest is done when the handler returns. Both are
     * logged, and so are calls on the handlerExecutor that have not returned: each ends its session by itself,
     * {@link SessionHandler#closed} included. A second call of this method waits until the first has returned, or until
     * its thread is interrupted.
     *
     * @throws IllegalStateException if called by a handler, since it would wait for its own thread
     * @throws OutOfMemoryError      if there is no memory to begin with: nothing has changed then, and it can be called
     *                               again
     */
    @Override
    public void close() {
        group.close();
    }
}
