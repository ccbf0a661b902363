package example.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A file, which the system sends by itself. */
final class FileContent implements Content {
    private final Path file;
    private final long length;

    /** @throws IOException if it cannot be opened: that is to be known before the head of the response is sent */
    FileContent(Path file) throws IOException {
        this.file = file;
        try (FileChannel channel = FileChannel.open(file)) {
            length = channel.size();
        }
    }

    Path file() {
        return file;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public ByteBuffer next() {
        throw new UnsupportedOperationException("it is sent whole");
    }
}
