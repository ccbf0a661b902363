package org.iocp4j.simkernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.iocp4j.win32.ErrorName;

/** What happened: small records in a ring, made readable only when somebody reads them. */
final class Trace {
    private static final int FIELDS = 7;

    private final long[] ring;
    private final int capacity;
    private final List<String> threads = new ArrayList<>();
    private long count;
    private long hash = 17;

    Trace(int capacity) {
        this.capacity = capacity;
        this.ring = new long[capacity * FIELDS];
    }

    /** The ordinal of a thread. */
    int name(String thread) {
        threads.add(thread);
        return threads.size() - 1;
    }

    void add(long time, int thread, TraceEvent event, long a, long b, long c, long d) {
        int at = (int) (count++ % capacity) * FIELDS;
        ring[at] = time;
        ring[at + 1] = thread;
        ring[at + 2] = event.ordinal();
        ring[at + 3] = a;
        ring[at + 4] = b;
        ring[at + 5] = c;
        ring[at + 6] = d;
        for (int i = 0; i < FIELDS; i++) {
            hash = (hash ^ ring[at + i]) * 0x100_0000_01B3L + (hash >>> 29);
        }
    }

    /** How many there were since the start. */
    long count() {
        return count;
    }

    /** Of all there were since the start. */
    long hash() {
        return hash;
    }

    String tail(int lines) {
        StringBuilder text = new StringBuilder();
        for (long i = Math.max(0, count - Math.min(lines, capacity)); i < count; i++) {
            text.append(String.format(Locale.ROOT, "%7d ", i));
            render((int) (i % capacity) * FIELDS, text);
        }
        return text.toString();
    }

    private void render(int at, StringBuilder text) {
        String thread = ring[at + 1] < 0 ? "network" : threads.get((int) ring[at + 1]);
        text.append(String.format(Locale.ROOT, "%14.6f ms  %-14s ", ring[at] / 1e6, thread));
        String template = TraceEvent.at((int) ring[at + 2]).template;
        int argument = at + 3;
        for (int i = 0; i < template.length(); i++) {
            char c = template.charAt(i);
            if (c != '%') {
                text.append(c);
                continue;
            }
            long value = ring[argument++];
            switch (template.charAt(++i)) {
                case 'n' -> text.append(value);
                case 'o' -> text.append('#').append(value);
                case 'e' -> text.append(value == 0 ? "0" : ErrorName.of((int) value));
                case 'h' -> text.append(value < 0 ? ErrorName.of((int) -value) : Long.toString(value));
                case 's' -> text.append(ErrorName.ofStatus((int) value));
                case 'k' -> text.append(PendingOperation.Kind.at((int) value));
                case 't' -> text.append(threads.get((int) value));
                default -> throw new IllegalStateException(template);
            }
        }
        text.append('\n');
    }
}
