package org.iocp4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A session of an engine, by its id, or what stands in its place.
 *
 * @param isDirect it is for what stands there ({@link Session#wrapRef}), which hands on to the session itself
 */
record EngineRef(SessionEngine engine, long id, boolean isDirect) implements SessionRef {
    @Override
    public SendResult send(ByteBuffer data) {
        return engine.commands.send(id, isDirect, data);
    }

    @Override
    public SendResult sendFile(Path file, long position, long count) throws IOException {
        return engine.commands.sendFile(id, isDirect, file, position, count);
    }

    @Override
    public SendResult sendFile(FileChannel file, long position, long count) throws IOException {
        return engine.commands.sendFile(id, isDirect, file, position, count);
    }

    @Override
    public SendResult send(LentMemory memory, int offset, int count) {
        return engine.commands.send(id, isDirect, memory, offset, count);
    }

    @Override
    public void disconnect() {
        engine.commands.end(id, isDirect, false);
    }

    @Override
    public void abort() {
        engine.commands.end(id, isDirect, true);
    }

    @Override
    public boolean execute(SessionAction action) {
        return engine.commands.execute(id, isDirect, Objects.requireNonNull(action, "action is null"));
    }

    @Override
    public String toString() {
        return Long.toUnsignedString(id);
    }
}
