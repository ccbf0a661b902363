package org.iocp4j.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionRef;

/**
 * A session behind a {@link TlsHandler}, for other threads: all but an abort goes through its {@link TlsConnection}.
 *
 * @param direct the connection's own: what it sends is not encrypted
 */
record TlsRef(TlsConnection connection, SessionRef direct) implements SessionRef {
    @Override
    public long id() {
        return direct.id();
    }

    @Override
    public SendResult send(ByteBuffer data) {
        return connection.sendFromElsewhere(data);
    }

    @Override
    public SendResult sendFile(Path file, long position, long count) throws IOException {
        SendResult refused = connection.refusesFile();
        return refused != null ? refused : connection.sendFromElsewhere(FilePart.map(file, position, count));
    }

    @Override
    public SendResult sendFile(FileChannel file, long position, long count) throws IOException {
        SendResult refused = connection.refusesFile();
        return refused != null ? refused : connection.sendFromElsewhere(FilePart.map(file, file, position, count));
    }

    @Override
    public SendResult send(LentMemory memory, int offset, int count) {
        ByteBuffer part = memory.bytes().slice(offset, count);
        return count > connection.limitBytes() ? connection.sendFromElsewhere(FilePart.copy(part)) : send(part);
    }

    @Override
    public void disconnect() {
        connection.disconnectFromElsewhere();
    }

    @Override
    public void abort() {
        direct.abort();
    }

    @Override
    public boolean execute(SessionAction action) {
        Objects.requireNonNull(action, "action is null");
        return connection.executeFromElsewhere(action, direct);
    }

    @Override
    public String toString() {
        return direct.toString();
    }
}
