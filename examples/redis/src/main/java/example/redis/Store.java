package example.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keys and their values, for any thread. A value is never changed, only replaced. What comes of a command, and what is
 * not sent of a reply, is counted here too: one bound is for all.
 */
final class Store {
    /** What an entry takes besides its key and value, roughly. */
    private static final int ENTRY_BYTES = 100;

    private final ConcurrentMap<String, byte[]> values = new ConcurrentHashMap<>();
    private final long maxBytes;
    private final AtomicLong usedBytes = new AtomicLong();

    /** @param maxBytes of all keys and values, those of commands and replies among them */
    Store(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Null: there is none. */
    byte[] get(String key) {
        return values.get(key);
    }

    /** @param value must not change any more */
    void set(String key, byte[] value) {
        values.compute(key, (name, old) -> replace(name, old, value));
    }

    /** @throws CommandException if the value is no number, or the next one is too large */
    long increment(String key) {
        long[] result = new long[1];
        values.compute(key, (name, old) -> {
            long number = old == null ? 0 : number(old);
            if (number == Long.MAX_VALUE) {
                throw new CommandException("ERR increment or decrement would overflow");
            }
            result[0] = number + 1;
            return replace(name, old, Long.toString(result[0]).getBytes(US_ASCII));
        });
        return result[0];
    }

    private static long number(byte[] value) {
        String text = new String(value, US_ASCII);
        if (!text.matches("0|-?[1-9][0-9]{0,18}")) {
            throw new CommandException("ERR value is not an integer or out of range");
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new CommandException("ERR value is not an integer or out of range");
        }
    }

    /** Counts what the value adds; what is thrown here leaves the old one. */
    private byte[] replace(String key, byte[] old, byte[] value) {
        reserve(value.length - (old == null ? -bytesOf(key) : old.length));
        return value;
    }

    /**
     * Counts bytes, before memory is taken for them.
     *
     * @throws CommandException if they are too many; then they are not counted
     */
    void reserve(long bytes) {
        if (usedBytes.addAndGet(bytes) > maxBytes && bytes > 0) {
            usedBytes.addAndGet(-bytes);
            throw new CommandException("OOM command not allowed when used memory > 'maxmemory'.");
        }
    }

    /** Counts a value that a reply holds, for it may be replaced meanwhile. It is in memory: this is never refused. */
    void hold(long bytes) {
        usedBytes.addAndGet(bytes);
    }

    /** What was reserved or held counts no more. */
    void release(long bytes) {
        usedBytes.addAndGet(-bytes);
    }

    /** Of an entry without its value. */
    private static long bytesOf(String key) {
        return ENTRY_BYTES + key.length();
    }

    /** Whether there was such a key. */
    boolean delete(String key) {
        byte[] old = values.remove(key);
        if (old == null) {
            return false;
        }
        usedBytes.addAndGet(-bytesOf(key) - old.length);
        return true;
    }

    int size() {
        return values.size();
    }

    long usedBytes() {
        return usedBytes.get();
    }

    long maxBytes() {
        return maxBytes;
    }
}
