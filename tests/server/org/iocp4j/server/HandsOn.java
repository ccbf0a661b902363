package org.iocp4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Stands for a session, and hands on what it is asked for, but for what a test does otherwise. */
public interface HandsOn extends SessionRef {
    /** The session's own. */
    SessionRef direct();

    @Override
    default long id() {
        return direct().id();
    }

    @Override
    default SendResult send(ByteBuffer data) {
        return direct().send(data);
    }

    @Override
    default SendResult sendFile(Path file, long position, long count) throws IOException {
        return direct().sendFile(file, position, count);
    }

    @Override
    default SendResult sendFile(FileChannel file, long position, long count) throws IOException {
        return direct().sendFile(file, position, count);
    }

    @Override
    default SendResult send(LentMemory memory, int offset, int count) {
        return direct().send(memory, offset, count);
    }

    @Override
    default void disconnect() {
        direct().disconnect();
    }

    @Override
    default void abort() {
        direct().abort();
    }

    @Override
    default boolean execute(SessionAction action) {
        return direct().execute(action);
    }
}
