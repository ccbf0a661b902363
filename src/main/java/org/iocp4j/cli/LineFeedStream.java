package org.iocp4j.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Ends every line in \n on every OS, whoever writes it (ours, picocli, the logger, a stack trace): it drops carriage
 * returns. The JDK has fixed {@code System.lineSeparator()} long before main, and nothing here prints a \r of its own.
 */
final class LineFeedStream extends FilterOutputStream {
    LineFeedStream(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) throws IOException {
        if (b != '\r') {
            out.write(b);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        int end = offset + length;
        int from = offset;
        for (int i = offset; i < end; i++) {
            if (bytes[i] == '\r') {
                out.write(bytes, from, i - from);
                from = i + 1;
            }
        }
        out.write(bytes, from, end - from);
    }
}
