package org.iocp4j.echo;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One way in which an echo server misbehaves, for tests of clients. {@link Faults#add} puts it into force. Its text, as
 * {@link #parse} takes it and {@link #toString} gives it, is {@code NAME} or {@code NAME=AMOUNT}, and behind that, each
 * after a comma, {@code delay=D}, {@code jitter=D} or {@code toxicity=X}: {@code latency=100ms,jitter=20ms}. D is a
 * whole number with ms, s or m. Where their faults are the same, the names are Toxiproxy's.
 *
 * <p>What a fault counts, it counts for each connection by itself, from the moment on at which the fault first meets
 * it. A message is one of {@link EchoProtocol}: with RAW, what one receive brought.
 *
 * @param kind     what goes wrong; not null
 * @param amount   of what the kind says: messages, bytes, bytes per second; 0 for a kind without
 * @param delay    of {@link Kind#LATENCY}: how late each reply is; of {@link Kind#SLICER}: the pause after each piece;
 *                 of {@link Kind#RESET_PEER}: how long after its last byte the reset comes; else zero
 * @param jitter   of {@link Kind#LATENCY}: by how much at most a reply comes earlier or later than the delay says; not
 *                 longer than that; else zero
 * @param toxicity how large the part of the connections is that the fault befalls, 0 to 1
 */
public record Fault(Kind kind, long amount, Duration delay, Duration jitter, double toxicity) {
    private static final Duration SLICER_DELAY = Duration.ofMillis(10);
    private static final Duration RESET_DELAY = Duration.ofMillis(100);
    private static final long MAX_MILLIS = 600_000;
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m)");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,19}");

    /** What goes wrong. */
    public enum Kind {
        /** Each reply comes late: {@code latency=100ms}, with {@code jitter=D}. */
        LATENCY("D", 0, 0),
        /** Every n-th message gets no reply: {@code drop=3}. */
        DROP("N", 1, Integer.MAX_VALUE),
        /** Replies come in pieces of n bytes, {@code delay=D} (default 10ms) one after another: {@code slicer=1}. */
        SLICER("N", 1, 1 << 16),
        /**
         * A reset after n bytes have been sent, the login message among them, {@code delay=D} (default 100ms) after the
         * last of them, since some systems drop what their program has not read by then: {@code reset-peer=25}.
         */
        RESET_PEER("N", 0, Long.MAX_VALUE),
        /**
         * The server ends its output once it has answered n messages, and reads and drops what still comes:
         * {@code half-close=2}.
         */
        HALF_CLOSE("N", 1, Long.MAX_VALUE),
        /** The server reads nothing, nor sees that the client ends or has gone: {@code never-read}. */
        NEVER_READ("", 0, 0),
        /**
         * The server does not end the connection: not for a wrong message, not when the client ends its output, not for
         * the idle time: {@code never-close}.
         */
        NEVER_CLOSE("", 0, 0),
        /** Each connection is reset as soon as it is there: {@code refuse-accepts}. */
        REFUSE_ACCEPTS("", 0, 0),
        /** The login message has a wrong value; only of {@link EchoProtocol#MESSAGES}: {@code wrong-login}. */
        WRONG_LOGIN("", 0, 0),
        /** Of the reply to every n-th message one byte, which the seed chooses, is another: {@code corrupt=5}. */
        CORRUPT("N", 1, Integer.MAX_VALUE),
        /** Replies come at n bytes per second and no faster: {@code bandwidth=1000}. */
        BANDWIDTH("N", 1, Integer.MAX_VALUE);

        /** What stands behind the name: a number, a time or nothing. */
        private final String takes;
        private final long min;
        private final long max;

        Kind(String takes, long min, long max) {
            this.takes = takes;
            this.min = min;
            this.max = max;
        }

        /** The name in a fault's text. */
        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private String usage() {
            return takes.isEmpty() ? text() : text() + "=" + takes;
        }
    }

    /**
     * Checks the fault.
     *
     * @throws IllegalArgumentException if an amount or a time is out of range, or is not the kind's; the message names
     *                                  it
     * @throws NullPointerException     naming what is null
     */
    public Fault {
        Objects.requireNonNull(kind, "kind is null");
        Objects.requireNonNull(delay, "delay is null");
        Objects.requireNonNull(jitter, "jitter is null");
        if (amount < kind.min || amount > kind.max) {
            throw outOfRange(kind, String.valueOf(amount), null);
        }
        boolean isTimed = kind == Kind.LATENCY || kind == Kind.SLICER || kind == Kind.RESET_PEER;
        check(kind, "delay", delay, isTimed ? Duration.ofMillis(MAX_MILLIS) : Duration.ZERO);
        check(kind, "jitter", jitter, kind == Kind.LATENCY ? delay : Duration.ZERO);
        if (!(toxicity >= 0 && toxicity <= 1)) { // nor is NaN
            throw new IllegalArgumentException(kind.text() + ": toxicity '" + toxicity
                    + "' is not allowed, must be 0 to 1");
        }
    }

    private static void check(Kind kind, String name, Duration value, Duration most) {
        if (most.isZero() && kind != Kind.LATENCY && !value.isZero()) {
            throw new IllegalArgumentException(kind.text() + ": it takes no " + name);
        }
        if (value.isNegative() || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(kind.text() + ": " + name + " '" + text(value)
                    + "' is not allowed, must be 0s to " + text(most));
        }
        if (value.toNanosPart() % 1_000_000 != 0) { // its text has no smaller unit
            throw new IllegalArgumentException(kind.text() + ": " + name + " '" + value
                    + "' is not allowed, must be whole milliseconds");
        }
    }

    private Fault(Kind kind, long amount, Duration delay) {
        this(kind, amount, delay, Duration.ZERO, 1);
    }

    /**
     * {@link Kind#LATENCY}.
     *
     * @param delay up to 10 minutes
     */
    public static Fault latency(Duration delay) {
        return new Fault(Kind.LATENCY, 0, delay);
    }

    /**
     * {@link Kind#DROP}.
     *
     * @param nth 1 for all messages
     */
    public static Fault drop(int nth) {
        return new Fault(Kind.DROP, nth, Duration.ZERO);
    }

    /**
     * {@link Kind#SLICER}, with a delay of 10 ms.
     *
     * @param bytes of each piece, 1 to 65,536
     */
    public static Fault slicer(int bytes) {
        return new Fault(Kind.SLICER, bytes, SLICER_DELAY);
    }

    /**
     * {@link Kind#RESET_PEER}, with a delay of 100 ms.
     *
     * @param bytes 0: before anything is sent
     */
    public static Fault resetPeer(long bytes) {
        return new Fault(Kind.RESET_PEER, bytes, RESET_DELAY);
    }

    /**
     * {@link Kind#HALF_CLOSE}.
     *
     * @param messages 1 or more
     */
    public static Fault halfClose(long messages) {
        return new Fault(Kind.HALF_CLOSE, messages, Duration.ZERO);
    }

    /** {@link Kind#NEVER_READ}. */
    public static Fault neverRead() {
        return new Fault(Kind.NEVER_READ, 0, Duration.ZERO);
    }

    /** {@link Kind#NEVER_CLOSE}. */
    public static Fault neverClose() {
        return new Fault(Kind.NEVER_CLOSE, 0, Duration.ZERO);
    }

    /** {@link Kind#REFUSE_ACCEPTS}. */
    public static Fault refuseAccepts() {
        return new Fault(Kind.REFUSE_ACCEPTS, 0, Duration.ZERO);
    }

    /** {@link Kind#WRONG_LOGIN}. */
    public static Fault wrongLogin() {
        return new Fault(Kind.WRONG_LOGIN, 0, Duration.ZERO);
    }

    /**
     * {@link Kind#CORRUPT}.
     *
     * @param nth 1 for all messages
     */
    public static Fault corrupt(int nth) {
        return new Fault(Kind.CORRUPT, nth, Duration.ZERO);
    }

    /**
     * {@link Kind#BANDWIDTH}.
     *
     * @param bytesPerSecond 1 or more
     */
    public static Fault bandwidth(int bytesPerSecond) {
        return new Fault(Kind.BANDWIDTH, bytesPerSecond, Duration.ZERO);
    }

    /** The same with this {@link #delay}. */
    public Fault withDelay(Duration newDelay) {
        return new Fault(kind, amount, newDelay, jitter, toxicity);
    }

    /** The same with this {@link #jitter}. */
    public Fault withJitter(Duration newJitter) {
        return new Fault(kind, amount, delay, newJitter, toxicity);
    }

    /** The same with this {@link #toxicity}. */
    public Fault withToxicity(double newToxicity) {
        return new Fault(kind, amount, delay, jitter, newToxicity);
    }

    /**
     * Reads a fault's text.
     *
     * @throws IllegalArgumentException if it is none; the message says, on one line, what is wrong and what is right
     */
    public static Fault parse(String text) {
        Objects.requireNonNull(text, "text is null");
        String[] parts = text.split(",", -1);
        Kind kind = kind(name(parts[0]));
        boolean hasAmount = parts[0].indexOf('=') >= 0;
        if (hasAmount == kind.takes.isEmpty()) {
            throw new IllegalArgumentException("'" + parts[0] + "' is not allowed, must be " + kind.usage());
        }
        Fault fault = switch (kind) {
            case LATENCY -> latency(time(kind, value(parts[0])));
            case SLICER -> new Fault(kind, number(kind, value(parts[0])), SLICER_DELAY);
            case RESET_PEER -> resetPeer(number(kind, value(parts[0])));
            default -> new Fault(kind, hasAmount ? number(kind, value(parts[0])) : 0, Duration.ZERO);
        };
        for (int i = 1; i < parts.length; i++) {
            fault = fault.with(name(parts[i]), value(parts[i]));
        }
        return fault;
    }

    private Fault with(String name, String value) {
        return switch (name) {
            case "delay" -> {
                if (kind != Kind.SLICER && kind != Kind.RESET_PEER) { // latency has it behind its name
                    throw new IllegalArgumentException(kind.text() + ": delay: only slicer and reset-peer have one");
                }
                yield withDelay(time(kind, value));
            }
            case "jitter" -> withJitter(time(kind, value));
            case "toxicity" -> withToxicity(part(kind, value));
            default -> throw new IllegalArgumentException(kind.text() + ": '" + name
                    + "' is not allowed, must be delay, jitter or toxicity");
        };
    }

    private static String name(String part) {
        int end = part.indexOf('=');
        return (end < 0 ? part : part.substring(0, end)).strip();
    }

    private static String value(String part) {
        return part.substring(part.indexOf('=') + 1).strip();
    }

    private static Kind kind(String name) {
        return Arrays.stream(Kind.values()).filter(kind -> kind.text().equals(name)).findFirst().orElseThrow(() ->
                new IllegalArgumentException("'" + name + "' is not allowed, must be "
                        + Arrays.stream(Kind.values()).map(Kind::usage).collect(Collectors.joining(", "))));
    }

    private static long number(Kind kind, String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw new IllegalArgumentException(kind.text() + ": '" + text + "' is not allowed, must be a number");
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw outOfRange(kind, text, e);
        }
    }

    private static IllegalArgumentException outOfRange(Kind kind, String amount, @Nullable Throwable cause) {
        return new IllegalArgumentException(kind.text() + ": '" + amount + "' is not allowed, must be " + kind.min
                + " to " + kind.max, cause);
    }

    private static double part(Kind kind, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(kind.text() + ": toxicity '" + text
                    + "' is not allowed, must be 0 to 1", e);
        }
    }

    private static Duration time(Kind kind, String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(kind.text() + ": '" + text
                    + "' is not allowed, must be a number with ms, s or m");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
        };
    }

    private static String text(Duration time) {
        long seconds = time.toSeconds();
        boolean isWhole = time.toMillisPart() == 0 || seconds != (int) seconds; // else a long has too few milliseconds
        return isWhole ? seconds + "s" : time.toMillis() + "ms";
    }

    /** The text that {@link #parse} takes. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(kind.text());
        if (kind == Kind.LATENCY) {
            text.append('=').append(text(delay));
        } else if (!kind.takes.isEmpty()) {
            text.append('=').append(amount);
        }
        Duration unsaid = kind == Kind.SLICER ? SLICER_DELAY : kind == Kind.RESET_PEER ? RESET_DELAY : delay;
        if (!delay.equals(unsaid)) {
            text.append(",delay=").append(text(delay));
        }
        if (!jitter.isZero()) {
            text.append(",jitter=").append(text(jitter));
        }
        return toxicity == 1 ? text.toString() : text.append(",toxicity=").append(toxicity).toString();
    }
}
