package example.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file, which the system sends by itself. */
final class FileContent implements Content {
    private final Path file;
    private final long length;

    FileContent(Path file) throws IOException {
        this.file = file;
        length = Files.size(file);
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
