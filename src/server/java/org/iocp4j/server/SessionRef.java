package org.iocp4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.RejectedExecutionException;

/**
 * A session for other threads, from {@link Session#ref}: it names that session and no other, and may be kept for as
 * long as one likes. All methods may be called by any thread at any time and do not block, but that sendFile may wait
 * for the disk. Once the session has ended they do nothing, and say so: false, or {@link SendResult#CLOSED}.
 *
 * <p>A handler around another one, such as TLS's, may stand between this and the connection ({@link Session#wrapRef}):
 * what is sent here is encrypted, too.
 */
public interface SessionRef {
    /** {@link Session#id} of the session. */
    long id();

    /** As {@link IocpGroup#send}. */
    SendResult send(ByteBuffer data);

    /**
     * As {@link Session#sendFile(Path, long, long)}, but the file is always sent from memory that it is mapped to.
     *
     * @throws IOException if the file cannot be opened or mapped, or has fewer bytes; nothing is queued
     */
    SendResult sendFile(Path file, long position, long count) throws IOException;

    /**
     * As {@link Session#sendFile(FileChannel, long, long)}.
     *
     * @throws IOException if the file cannot be mapped, or has fewer bytes; nothing is queued
     */
    SendResult sendFile(FileChannel file, long position, long count) throws IOException;

    /** As {@link Session#send(LentMemory, int, int)}. */
    SendResult send(LentMemory memory, int offset, int count);

    /** As {@link IocpGroup#disconnect}: until a worker has seen it, sends and actions are still taken. */
    void disconnect();

    /** As {@link IocpGroup#abort}. */
    void abort();

    /**
     * As {@link IocpGroup#execute}: what the calling thread has done before happens-before the action.
     *
     * @throws RejectedExecutionException if too many actions wait in the session already
     */
    boolean execute(SessionAction action);

    /**
     * Has the session {@link Session#pauseInput pause its input}, soon, by an action as {@link #execute} does.
     *
     * @return false if the session has ended or is ending
     * @throws RejectedExecutionException as for {@link #execute}
     */
    default boolean pauseInput() {
        return execute(Session::pauseInput);
    }

    /**
     * Has the session {@link Session#resumeInput resume its input}, soon, by an action as {@link #execute} does.
     *
     * @return false if the session has ended or is ending
     * @throws RejectedExecutionException as for {@link #execute}
     */
    default boolean resumeInput() {
        return execute(Session::resumeInput);
    }
}
