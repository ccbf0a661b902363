package org.iocp4j.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Lines on their way to a stream, and the one thread that writes them. A stream may block for ever: a pipe that is full
 * and that nobody reads, a console in which somebody marks text. That stops this thread and no other.
 * <p>There are two ways in. {@link #offer} never waits: what does not fit is dropped and counted. It is for the log and
 * for the progress of a running command, from any thread. {@link #put} and {@link #drain} wait for the reader. They are
 * for results, from the main thread, which holds up nothing by then. They wait as long as the reader takes, since
 * {@code study | less} may take hours. But once the command has offered lines, or was interrupted, they give up when no
 * byte was taken for {@link #LONGEST_STALL}.
 */
final class LineQueue {
    /** As much as may wait to be written: of {@code serve --json} some four minutes. */
    static final int CAPACITY_BYTES = 1 << 18;
    /** How long a command that has to end waits for a reader that takes nothing. */
    static final Duration LONGEST_STALL = Duration.ofSeconds(2);
    /** The most that is written in one call; a pipe takes that much as one piece, unmixed with other writers' bytes. */
    private static final int CHUNK_BYTES = 4096;

    private final String name;
    private final OutputStream target;
    /**
     * Where lines that were dropped or could not be written are reported. Never standard output: programs read it.
     */
    private final LineQueue notices;
    private final Duration longestStall;

    // Guarded by this. Inside it only the lock of the notices' queue is taken, which never takes another.
    private final Deque<byte[]> lines = new ArrayDeque<>();
    /** How much of the first line is written, or being written. */
    private int taken;
    /** How many lines end in what is being written. */
    private int writing;
    /** Queued or being written. */
    private int bytes;
    private long progressNanos = System.nanoTime();
    private boolean offered;
    private boolean hurried;
    private boolean stalled;
    private boolean failed;
    private boolean lost;
    private boolean ended;
    private long dropped;
    private long droppedUntold;

    /** @param notices where dropped lines are reported; null for this queue itself */
    LineQueue(String name, OutputStream target, LineQueue notices) {
        this(name, target, notices, LONGEST_STALL);
    }

    /** @param longestStall in place of {@link #LONGEST_STALL}, so that a test need not wait that long */
    LineQueue(String name, OutputStream target, LineQueue notices, Duration longestStall) {
        this.longestStall = longestStall;
        this.name = name;
        this.target = target;
        this.notices = notices == null ? this : notices;
        Thread.ofPlatform().name(name).daemon().start(this::write);
    }

    // ---- lines in ----

    /** Takes a line, with its end, or drops it; never waits. */
    synchronized void offer(byte[] line) {
        offered = true;
        if (bytes > 0 && bytes + line.length > CAPACITY_BYTES) {
            drop();
        } else {
            add(line);
        }
    }

    /** Takes a line, with its end, when there is room for it, or if there is nothing before it. */
    synchronized void put(byte[] line) {
        if (awaitAtMost(Math.max(0, CAPACITY_BYTES - line.length))) {
            add(line);
        } else {
            drop();
        }
    }

    /**
     * Takes a line, with its end, as soon as half of the queue is free, so that there is room for what is offered. For
     * a thread of its own, which may wait. False, and nothing is dropped, if it has not come to that in so long.
     */
    synchronized boolean putWhenRoom(byte[] line, Duration longest) {
        long deadline = System.nanoTime() + longest.toNanos();
        while (bytes > CAPACITY_BYTES / 2) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                // It is the line's place in the queue that ends the waiting.
            }
        }
        add(line);
        return true;
    }

    private void add(byte[] line) {
        tellDropped();
        queue(line);
    }

    private void queue(byte[] line) {
        lines.add(line);
        bytes += line.length;
        notifyAll();
    }

    private void drop() {
        dropped++;
        droppedUntold++;
    }

    /** Before the next line that is taken, or at the end: a notice for each would fill the stream again. */
    private void tellDropped() {
        if (droppedUntold == 0) {
            return;
        }
        byte[] line = (name + ": " + droppedUntold + (droppedUntold == 1 ? " line was" : " lines were")
                + " dropped, for nobody read them\n").getBytes(StandardCharsets.UTF_8);
        droppedUntold = 0;
        if (notices == this) {
            queue(line); // beyond the capacity, but one such line to each that was taken
        } else {
            notices.offer(line);
        }
    }

    /** Lines that were dropped or could not be written. */
    synchronized long dropped() {
        return dropped;
    }

    // ---- waiting for the reader ----

    /** Returns when all is written, or could not be. */
    synchronized void drain() {
        awaitAtMost(0);
    }

    /** False if it has not come to so few bytes, and the waiting is over. A thread's own interrupt loses no result. */
    private boolean awaitAtMost(int most) {
        long start = System.nanoTime();
        boolean interrupted = false;
        while (bytes > most) {
            long waited = System.nanoTime() - (progressNanos - start > 0 ? progressNanos : start);
            long left = longestStall.toMillis() - waited / 1_000_000;
            boolean bounded = offered || hurried;
            if (bounded && (stalled || left <= 0)) {
                stalled = true;
                if (!hurried) {
                    fail("nobody reads it");
                }
                break;
            }
            try {
                wait(bounded ? left : 0);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return bytes <= most;
    }

    /** From now on nothing waits for a reader that takes nothing, except for {@link #LONGEST_STALL} from now. */
    synchronized void hurry() {
        hurried = true;
        stalled = false;
        progressNanos = System.nanoTime();
        notifyAll();
    }

    /**
     * At the end of the process: waits for what is queued, and reports what was dropped or cannot be written any more.
     */
    synchronized void finish() {
        if (notices == this) {
            tellDropped();
        }
        if (!awaitAtMost(0) && !lost) {
            lost = true; // main and an interrupt may both come here
            dropped += lines.size() + writing;
            droppedUntold += lines.size() + writing;
        }
        tellDropped();
    }

    /** Whether a line could not be written or, with no interrupt to excuse it, nobody read a result. */
    synchronized boolean hasFailed() {
        return failed;
    }

    private void fail(String reason) {
        if (!failed && notices != this) {
            notices.offer((name + ": not all could be written: " + OptionErrors.oneLine(reason) + "\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        failed = true;
    }

    // ---- lines out ----

    private void write() {
        byte[] chunk = new byte[CHUNK_BYTES];
        for (int length = next(chunk); length > 0; length = next(chunk)) {
            Throwable failure = null;
            try {
                target.write(chunk, 0, length);
                target.flush();
                if (target instanceof PrintStream stream && stream.checkError()) {
                    throw new IOException("the stream does not say why"); // it throws nothing itself
                }
            } catch (Throwable e) { // its thread goes on: a full disk may have room again
                failure = e;
            }
            wrote(length, failure);
        }
    }

    /** Waits for lines and copies as many as fit, or a part of one that is longer; 0 at the end. */
    private synchronized int next(byte[] chunk) {
        while (lines.isEmpty()) {
            if (ended) {
                return 0;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                // An interrupt does not mean that lines are no longer to be written.
            }
        }
        int length = 0;
        while (!lines.isEmpty()) {
            byte[] line = lines.peekFirst();
            int part = Math.min(line.length - taken, chunk.length - length);
            if (length > 0 && part < line.length) {
                break;
            }
            System.arraycopy(line, taken, chunk, length, part);
            length += part;
            taken += part;
            if (taken == line.length) {
                lines.removeFirst();
                taken = 0;
                writing++;
            }
        }
        return length;
    }

    private synchronized void wrote(int length, Throwable failure) {
        bytes -= length;
        progressNanos = System.nanoTime();
        stalled = false;
        if (failure != null) {
            dropped += writing;
            fail(failure.getMessage() == null ? failure.toString() : failure.getMessage());
        }
        writing = 0;
        notifyAll();
    }

    /** Its thread ends when everything is written. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    // ---- as streams ----

    /** Puts its lines; a flush waits until all is written, what has no line's end included. */
    OutputStream results() {
        return new LineStream() {
            @Override
            void line(byte[] line) {
                put(line);
            }

            @Override
            public void flush() {
                endLine();
                drain();
            }
        };
    }

    /** Offers its lines, each when it is ended: for the log, and whatever else a library or the JVM prints. */
    PrintStream log() {
        return new PrintStream(new LineStream() {
            @Override
            void line(byte[] line) {
                offer(line);
            }
        }, false, StandardCharsets.UTF_8);
    }

    /**
     * Cuts what is written into lines. Ends each in \n on every OS, whatever writes it (we, picocli, the logger, a
     * stack trace): it drops carriage returns. The JDK has fixed {@code System.lineSeparator()} long before main, and
     * nothing here prints a \r of its own.
     */
    private abstract static class LineStream extends OutputStream {
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        abstract void line(byte[] line);

        @Override
        public void write(int b) {
            if (b != '\r') {
                line.write(b);
            }
            if (b == '\n') {
                endLine();
            }
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            for (int i = offset; i < offset + length; i++) {
                write(bytes[i]);
            }
        }

        void endLine() {
            if (line.size() > 0) {
                line(line.toByteArray());
                line.reset();
            }
        }
    }
}
