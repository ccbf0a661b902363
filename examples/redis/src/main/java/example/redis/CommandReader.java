package example.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes apart what a client sends: arrays of bulk strings (RESP2), and inline commands. It takes what has come of a
 * string and never waits for the whole, so a string may be longer than any buffer. Memory is taken for what has come,
 * not for what is announced, and the store counts it.
 */
final class CommandReader {
    /** Of all arguments of a command. */
    static final int MAX_COMMAND_BYTES = 16 * 1024 * 1024;
    private static final int MAX_ARGUMENTS = 1024;
    /** The server's {@code bufferBytes} must be larger: a line is waited for. */
    private static final int MAX_LINE_BYTES = 4 * 1024;
    private static final int FIRST_BYTES = 16 * 1024;
    /** Of a command, not counted: so that values can be read and deleted when the store is full. */
    private static final int FREE_BYTES = 1024;
    /** What an argument takes besides its bytes, roughly. */
    private static final int ARGUMENT_BYTES = 24;

    private final Store store;
    /** Those of the command that have come. */
    private final List<byte[]> arguments = new ArrayList<>();
    private int argumentsLeft;
    /** Of all arguments. */
    private int commandBytes;
    /** The one that is coming, as far as {@code filled}. */
    private byte[] argument;
    private int filled;
    /** Of the one that is coming; -1: that is to come first. */
    private int length = -1;
    /** What the arguments take; the store counts those beyond {@link #FREE_BYTES}. */
    private long heldBytes;

    CommandReader(Store store) {
        this.store = store;
    }

    /**
     * Reads on.
     *
     * @return the next command, which has at least one argument, its name; null if it has not come yet. The list is
     *         the reader's, until {@link #release}; the arguments are the caller's
     * @throws CommandException if there is no memory for the command; what is left of it cannot be passed over
     */
    List<byte[]> read(ByteBuffer data) throws ProtocolException {
        while (true) {
            if (argumentsLeft == 0) {
                int newline = newline(data);
                if (newline < 0) {
                    return null;
                }
                if (begin(data, newline)) {
                    return arguments;
                }
            } else if (readArgument(data)) {
                if (--argumentsLeft == 0) {
                    return arguments;
                }
            } else {
                return null;
            }
        }
    }

    /** Counts the command that has come no more: whoever runs it counts what is stored of it. */
    void uncount() {
        hold(-heldBytes);
    }

    /** Lets go of the command: one that has been run, or one that will not come. */
    void release() {
        arguments.clear();
        argument = null;
        commandBytes = 0;
        uncount();
    }

    /** Bytes more, before memory is taken for them; or less. */
    private void hold(long bytes) {
        long more = Math.max(0, heldBytes + bytes - FREE_BYTES) - Math.max(0, heldBytes - FREE_BYTES);
        if (more != 0) { // small commands share nothing
            store.reserve(more);
        }
        heldBytes += bytes;
    }

    /** Whether the line is a whole command, an inline one. */
    private boolean begin(ByteBuffer data, int newline) throws ProtocolException {
        int start = data.position();
        int end = lineEnd(data, newline);
        if (start < end && data.get(start) == '*') {
            long count = number(data, start + 1, end, "invalid multibulk length");
            if (count > MAX_ARGUMENTS) {
                throw new ProtocolException("invalid multibulk length");
            }
            argumentsLeft = (int) Math.max(0, count); // nothing is no command
            data.position(newline + 1);
            return false;
        }
        byte[] line = new byte[end - start];
        data.get(line).position(newline + 1);
        for (String word : new String(line, ISO_8859_1).strip().split("\\s+")) {
            if (!word.isEmpty()) {
                arguments.add(word.getBytes(ISO_8859_1));
            }
        }
        return !arguments.isEmpty();
    }

    /** Whether the next argument has come. */
    private boolean readArgument(ByteBuffer data) throws ProtocolException {
        if (length < 0) {
            int newline = newline(data);
            if (newline < 0) {
                return false;
            }
            beginArgument(data, newline);
        }
        int bytes = Math.min(data.remaining(), length - filled);
        if (filled + bytes > argument.length) {
            int before = argument.length;
            int larger = (int) Math.min(length, Math.max(2L * before, filled + bytes));
            hold(larger); // for a moment there are both
            argument = Arrays.copyOf(argument, larger);
            hold(-before);
        }
        data.get(argument, filled, bytes);
        filled += bytes;
        if (filled < length || data.remaining() < 2) {
            return false;
        }
        if (data.get() != '\r' || data.get() != '\n') {
            throw new ProtocolException("expected CRLF behind a bulk string");
        }
        arguments.add(argument);
        argument = null;
        length = -1;
        return true;
    }

    private void beginArgument(ByteBuffer data, int newline) throws ProtocolException {
        int start = data.position();
        int end = lineEnd(data, newline);
        if (start == end || data.get(start) != '$') {
            throw new ProtocolException("expected '$', got '" + (char) (data.get(start) & 0xff) + "'");
        }
        long bytes = number(data, start + 1, end, "invalid bulk length");
        if (bytes < 0 || bytes > MAX_COMMAND_BYTES - commandBytes) {
            throw new ProtocolException("invalid bulk length");
        }
        length = (int) bytes;
        commandBytes += length;
        int first = Math.min(length, FIRST_BYTES);
        hold(ARGUMENT_BYTES + first);
        argument = new byte[first];
        filled = 0;
        data.position(newline + 1);
    }

    /** Where the next line's last byte is; -1: it has not come. */
    private static int newline(ByteBuffer data) throws ProtocolException {
        int most = Math.min(data.limit(), data.position() + MAX_LINE_BYTES);
        for (int i = data.position(); i < most; i++) {
            if (data.get(i) == '\n') {
                return i;
            }
        }
        if (most == data.position() + MAX_LINE_BYTES) {
            throw new ProtocolException("too big inline request");
        }
        return -1;
    }

    /** Without the CR, which who types a line leaves out. */
    private static int lineEnd(ByteBuffer data, int newline) {
        return newline > data.position() && data.get(newline - 1) == '\r' ? newline - 1 : newline;
    }

    private static long number(ByteBuffer data, int from, int to, String otherwise) throws ProtocolException {
        boolean isNegative = from < to && data.get(from) == '-';
        int first = isNegative ? from + 1 : from;
        if (first == to || to - first > 10) {
            throw new ProtocolException(otherwise);
        }
        long number = 0;
        for (int i = first; i < to; i++) {
            byte digit = data.get(i);
            if (digit < '0' || digit > '9') {
                throw new ProtocolException(otherwise);
            }
            number = number * 10 + digit - '0';
        }
        return isNegative ? -number : number;
    }
}
