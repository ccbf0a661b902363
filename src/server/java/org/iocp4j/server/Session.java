package org.iocp4j.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One connection, as its handler sees it. Apart from {@link #id} and {@link #group}, all methods may be called only
 * during a {@link SessionHandler} call for this session and on the thread of that call; elsewhere they throw
 * {@link IllegalStateException}. No method waits for the network or for another session; {@link #sendFile} may wait for
 * the disk.
 *
 * <p>Do not keep a Session: after {@link SessionHandler#closed} the same object serves another connection. To reach a
 * session from elsewhere, keep its {@link #ref}, or its {@link #id} for {@link IocpGroup#send},
 * {@link IocpGroup#broadcast}, {@link IocpGroup#execute}, {@link IocpGroup#disconnect} and {@link IocpGroup#abort}; a
 * server has the same methods.
 *
 * <p>The options named here are those of a group, a listener and a connect. A server has them all in
 * {@link ServerOptions}, under the same names.
 *
 * <p>The library makes all its sessions. Tests of a handler may implement this interface.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public interface Session {
    /**
     * Names this session and no other of the same group. Ids are unsigned: print them with
     * {@link Long#toUnsignedString(long)}. Any thread may call it; once {@link SessionHandler#closed} has returned, it
     * is 0 or the id of another session.
     */
    long id();

    /** The peer's address: the client's, or the one that a connect has gone to. */
    InetSocketAddress remoteAddress();

    /** The address on this side: the one that the client has connected to, or the one that a connect has come from. */
    InetSocketAddress localAddress();

    /** The group whose session this is; a server's is {@link IocpServer#group}. Any thread. */
    IocpGroup group();

    /** This session for other threads, to be kept. */
    SessionRef ref();

    /**
     * Puts another ref in the place of this session's own, for a handler that stands around another one: what other
     * threads ask of the session goes to it from now on, whether they have {@link #ref}, an older ref or the id, and so
     * does the orderly end of the group ({@link SessionRef#disconnect}). Actions that were taken before are still run
     * with this session.
     *
     * <p>What stands for a session may hold bytes that this session does not know of. So from now on its peer sees a
     * reset if the session does not end in order, unless it has ended its output.
     *
     * @param wrapper gets the ref that has stood for the session until now, which the new one hands on to
     * @throws NullPointerException if the wrapper returns null; what the wrapper throws is thrown here, and nothing has
     *                              changed
     */
    void wrapRef(UnaryOperator<SessionRef> wrapper);

    /**
     * Queues bytes for sending. They are copied and sent in order. On a worker they are sent when the call has
     * returned, several sends as one, or earlier behind a send that was pending before; on a
     * {@link GroupOptions#handlerExecutor} sending begins during the call, but inside of TLS ({@code org.iocp4j.tls})
     * only behind it. All of {@code data} is taken or nothing.
     *
     * @param data the bytes from its position to its limit; if taken, its position is set to the limit, else it is
     *             unchanged
     * @return {@link SendResult#FULL}: the queue has less room than {@code data} has bytes; leave the input
     *         unread, or keep what is to be sent, and go on in {@link SessionHandler#writable}.
     *         {@link SendResult#CLOSED}: the session is ending, by an earlier statement of the same call, say; its
     *         output has been shut down; or the system has no memory for the bytes, which ends the session
     * @throws IllegalArgumentException if {@code data} is longer than {@link #sendQueueBytes}
     * @throws RuntimeException         if {@code data} cannot be read, for example memory of an arena that is closed or
     *                                  confined to another thread; nothing is queued then
     */
    SendResult send(ByteBuffer data);

    /**
     * Queues a part of a file for sending: it goes out behind everything that was sent before, and before everything
     * that is sent later. All of it is taken or nothing. Windows sends it by TransmitFile, in pieces, without a copy in
     * this process. Client editions of Windows transmit two files at a time, the others wait [doc]. In a call on a
     * {@link GroupOptions#handlerExecutor} it is mapped instead, as {@link #sendFile(FileChannel, long, long)} does it.
     *
     * <p>The file is opened in the call, which may wait for the disk, and closed when the part is sent or the session
     * has ended, before {@link SessionHandler#closed}. Until then others may read and write it, but not delete it. If
     * it becomes shorter meanwhile, or cannot be read, the session ends ({@link CloseReason#FILE_FAILED}), and its
     * client gets a reset, not an end in order.
     *
     * <p>Inside of TLS ({@code org.iocp4j.tls}) the file is mapped, and encrypted piece by piece on the workers, which
     * may wait for the disk.
     *
     * <p>Its bytes are not in memory, and do not count as {@link #queuedBytes}; {@link GroupOptions#sendQueueFiles}
     * bounds the number of files. Each piece that goes is something sent, as to the idle time and to
     * {@link ServerOptions#disconnectTime}; and {@link ServerOptions#closeTime} begins anew with it. A piece is what
     * 50,000 bytes a second make of the shorter of idle time and disconnectTime, 8 KiB at least and 1 MiB at most, and
     * less if the peer is slow; so is one of lent memory.
     *
     * @param file     a file of the default file system
     * @param position where in the file the part begins, in bytes
     * @param count    how many bytes; with 0 the file is opened, and nothing is sent
     * @return {@link SendResult#FULL}: as many files are queued as may be; {@link SessionHandler#writable} is called
     *         once there is room. {@link SendResult#CLOSED}: as for {@link #send(ByteBuffer)}. The file is not opened
     *         then
     * @throws java.nio.file.NoSuchFileException if there is no such file
     * @throws java.io.EOFException              if the file has fewer bytes; the message says how many
     * @throws IOException                       if it cannot be opened, a directory for example; nothing is queued
     * @throws IllegalArgumentException          if {@code position} or {@code count} is negative
     */
    SendResult sendFile(Path file, long position, long count) throws IOException;

    /**
     * The same of a file that is open: no public call tells its Windows handle, so the part is mapped to memory in the
     * call, and sent from there, without a copy either. The channel may be closed afterwards. While the part is mapped,
     * Windows lets nobody make the file shorter [doc]; a worker that sends from memory that is not loaded may wait for
     * the disk.
     *
     * @param file open for reading; its position does not matter
     * @throws java.io.EOFException     if the file has fewer bytes; the message says how many
     * @throws IOException              if it cannot be mapped; nothing is queued
     * @throws IllegalArgumentException if {@code position} or {@code count} is negative
     * @throws java.nio.channels.NonReadableChannelException if the channel is not open for reading
     */
    SendResult sendFile(FileChannel file, long position, long count) throws IOException;

    /**
     * Queues a part of lent memory for sending, in order with all else, without a copy. All of it is taken or nothing.
     * It counts as a file does: not as {@link #queuedBytes}, and as one of {@link GroupOptions#sendQueueFiles}. Inside
     * of TLS it is copied, and counts as {@link #queuedBytes}; only if it is longer than the queue does it count as a
     * file.
     *
     * @param memory lent by any group; it may be given back as soon as this has returned, and must not be changed
     *               before the part is sent
     * @param offset where in the memory the part begins, in bytes
     * @param count  how many bytes
     * @return as for a file
     * @throws IllegalStateException     if the memory was given back before
     * @throws IndexOutOfBoundsException if it has no such part
     */
    SendResult send(LentMemory memory, int offset, int count);

    /**
     * The most input that may be left unread, and so the longest message that the handler can wait for:
     * {@link GroupOptions#bufferBytes}. Inside of TLS it is {@link org.iocp4j.tls.TlsHandler.Builder#messageBytes}.
     */
    int bufferBytes();

    /**
     * The most bytes that may be queued, and so the longest {@link #send(ByteBuffer)}:
     * {@link ListenOptions#sendQueueBytes} or {@link ConnectOptions#sendQueueBytes}.
     */
    int sendQueueBytes();

    /**
     * How many bytes are queued: copied by {@link #send(ByteBuffer)} or from other threads, and not yet taken by the
     * system. Those of files and of lent memory do not count.
     */
    int queuedBytes();

    /**
     * How many bytes a send would copy now, unless another thread sends meanwhile. Do not wait by this alone: only a
     * send that was refused ({@link SendResult#FULL}), or {@link #wantRoom}, is followed by
     * {@link SessionHandler#writable}.
     */
    int sendRoomBytes();

    /**
     * Has {@link SessionHandler#writable} called once there is room, as if a send of so many bytes had been refused.
     *
     * @param bytes 1 to {@link #sendQueueBytes}
     * @throws IllegalArgumentException if it is out of this range
     */
    void wantRoom(int bytes);

    /**
     * Holds the input: until {@link #resumeInput}, {@link SessionHandler#received} and
     * {@link SessionHandler#inputEnded} are not called, and nothing more is received, so that the client comes to wait.
     * What has been asked of the system already may still come, a buffer at most, and is kept. A paused session that
     * has nothing queued is never {@linkplain SessionHandler#idle idle}, and what is unread never
     * {@linkplain CloseReason#FRAME_TOO_LONG too long}. It may not notice that its client has gone before it sends or
     * resumes. Does nothing if the input is paused already.
     */
    void pauseInput();

    /**
     * Lets the input go on, and passes what is unread to {@link SessionHandler#received}, once the present call has
     * returned. Does nothing if the input is not paused.
     */
    void resumeInput();

    /**
     * Ends the output: what is queued is sent, and then a FIN. Sends are refused from now on
     * ({@link SendResult#CLOSED}); input still comes. When the input ends too, or has ended before, the session ends
     * ({@link CloseReason#PEER_CLOSED}). Does nothing if the output has been ended already.
     */
    void shutdownOutput();

    /**
     * Sets the idle time of this session, which begins with {@link ListenOptions#idleTime} or
     * {@link ConnectOptions#idleTime}: after so long without anything received, sent or called,
     * {@link SessionHandler#idle} is called, within 100 ms or so. Sends, actions and scheduled actions begin it anew,
     * too: who wants to know how long the peer has said nothing keeps a time in {@link SessionHandler#received}.
     *
     * @param time 0 to 1 day; 0: never
     * @throws IllegalArgumentException if the time is out of this range
     */
    void idleTime(Duration time);

    /**
     * Has the action run for this session, as a call of its handler, after a time, to within 100 ms or so. If the
     * session ends before, or is ending already, as in {@link SessionHandler#closed}, it is not run, and nothing says
     * so: what has to be done in any case belongs into {@code closed}.
     *
     * @param delay 0 to 1 day
     * @throws IllegalArgumentException if the delay is out of this range
     */
    ScheduledAction schedule(Duration delay, SessionAction action);

    /**
     * For other threads that have something for this session, and keep it where the action finds it: each has the
     * action run by {@link Waker#wake}, which is never refused, however many actions wait in the session. The waker may
     * be kept and is of use until the session ends.
     *
     * @param action run as a call of the session's handler, as one of {@link IocpGroup#execute} is
     */
    Waker waker(SessionAction action);

    /**
     * Gives the session to another handler, which gets all calls from the next one on, {@link SessionHandler#closed}
     * among them. Its {@link SessionHandler#upgraded} is called before this returns, its {@link SessionHandler#opened}
     * not at all. What the present call leaves unread is passed to its {@link SessionHandler#received} next, and if the
     * input has ended, its {@link SessionHandler#inputEnded} is called too. What {@code upgraded} throws is not thrown
     * here: it ends the session when the present call has returned ({@link CloseReason#HANDLER_FAILED}).
     */
    void upgrade(SessionHandler next);

    /**
     * Ends the session when the handler call has returned: the handler is not called any more except for
     * {@link SessionHandler#closed}, what is queued is sent, then the connection is closed. Sends are refused from now
     * on. If the client may still be sending, what it sends is received and dropped meanwhile, and then until its FIN,
     * for {@link GroupOptions#lingerTime} at most.
     */
    void disconnect();

    /**
     * Ends the session when the handler call has returned, without sending what is queued: the peer gets a reset (RST),
     * also if nothing was queued, and may lose what it has not read yet. The socket is closed, not used again. Sends
     * are refused from now on. What {@link #disconnect} has begun, this cuts short. Does nothing in
     * {@link SessionHandler#closed}.
     */
    void abort();

    /**
     * The object that the handler keeps with this session.
     *
     * @return null until {@link #attach}
     * @throws ClassCastException if the object is of another type
     */
    <T> @Nullable T attachment(Class<T> type);

    /**
     * Keeps an object with this session until {@link SessionHandler#closed} has returned.
     *
     * @param newAttachment may be null
     */
    void attach(@Nullable Object newAttachment);
}
