package org.iocp4j.tls;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.server.SendResult;
import org.jspecify.annotations.Nullable;

/**
 * What a session is to send and has not encrypted. Any thread adds; whoever has the session's turn takes buffer after
 * buffer, in which what several sends brought is together. The lock is held for the copy, and for what a file brings to
 * a buffer, and for nothing else.
 */
final class PlainQueue {
    private final HeapBuffers buffers;
    private final int limitBytes;
    private final int mostFiles;
    /** Counts the sends that were told {@link SendResult#FULL}. */
    private final LongAdder refusals;
    /** Buffers, filled up to their positions, and parts of files. */
    private final ArrayDeque<Object> filled = new ArrayDeque<>();
    /** Of the buffers, and of a file what was taken. */
    private int bytes;
    private int files;
    /** Of all files so far. */
    private long fileBytes;
    /** A file was refused, and refusedBytes is 1 or more. */
    private boolean fileRefused;
    /** The most that was refused at one time since {@link #forgetRefused}; 0: nothing. */
    private int refusedBytes;
    private boolean closed;

    /**
     * Nothing is in it.
     *
     * @param limitBytes that it holds at a time
     * @param mostFiles  likewise; their bytes do not count before they are taken
     * @param refusals   counts sends that find it full
     */
    PlainQueue(HeapBuffers buffers, int limitBytes, int mostFiles, LongAdder refusals) {
        this.buffers = buffers;
        this.limitBytes = limitBytes;
        this.mostFiles = mostFiles;
        this.refusals = refusals;
    }

    /**
     * Takes all of {@code data} or nothing.
     *
     * @param most   how many bytes it may take now; more than there is room for here are refused, too
     * @param isTurn whether the calling thread has the turn, and will take them before long: else a buffer may have to
     *               wait in each of many sessions, and is no longer than it need be
     * @throws IllegalArgumentException if it could not take them even empty
     */
    synchronized SendResult add(ByteBuffer data, int most, boolean isTurn) {
        int wanted = data.remaining();
        if (closed) {
            return SendResult.CLOSED;
        }
        if (wanted > limitBytes) {
            throw new IllegalArgumentException(wanted + " bytes in one send; a send queue holds " + limitBytes);
        }
        if (wanted > Math.min(most, limitBytes - bytes)) {
            return full(wanted);
        }
        copy(data, wanted, isTurn);
        data.position(data.position() + wanted);
        bytes += wanted;
        return SendResult.TAKEN;
    }

    private SendResult full(int wanted) {
        refusedBytes = Math.max(refusedBytes, wanted);
        refusals.increment();
        return SendResult.FULL;
    }

    /** What a file would be told now; null if it would be taken. */
    synchronized @Nullable SendResult refusesFile() {
        if (closed) {
            return SendResult.CLOSED;
        }
        if (files == mostFiles) {
            fileRefused = true;
            return full(1);
        }
        return null;
    }

    /** Takes a part of a file that is not empty; else it stays the caller's. */
    synchronized SendResult add(FilePart file) {
        SendResult refused = refusesFile();
        if (refused != null) {
            return refused;
        }
        files++;
        filled.addLast(file);
        return SendResult.TAKEN;
    }

    /** As {@link #add(FilePart)}, for who is done with it; a part without bytes is sent when it is there. */
    SendResult addOrClose(FilePart file) {
        boolean isEmpty = file.isRead();
        SendResult result = isEmpty ? SendResult.TAKEN : add(file);
        if (isEmpty || result != SendResult.TAKEN) {
            file.close();
        }
        return result;
    }

    /** The data is the caller's, and reading it may throw at any byte: then all is as it was. */
    private void copy(ByteBuffer data, int wanted, boolean isTurn) {
        int before = filled.size();
        ByteBuffer tail = filled.peekLast() instanceof ByteBuffer last ? last : null;
        int tailPosition = tail == null ? 0 : tail.position();
        boolean isDone = false;
        try {
            int copied = 0;
            while (copied < wanted) {
                if (tail == null || !tail.hasRemaining()) {
                    int left = wanted - copied;
                    tail = isTurn || left > buffers.bytes() / 2 ? buffers.take() : ByteBuffer.allocate(left);
                    filled.addLast(tail);
                }
                int piece = Math.min(tail.remaining(), wanted - copied);
                tail.put(tail.position(), data, data.position() + copied, piece);
                tail.position(tail.position() + piece);
                copied += piece;
            }
            isDone = true;
        } finally {
            if (!isDone) {
                while (filled.size() > before) {
                    buffers.give((ByteBuffer) filled.removeLast());
                }
                if (filled.peekLast() instanceof ByteBuffer last) {
                    last.position(tailPosition);
                }
            }
        }
    }

    /** The oldest bytes, to be read, which go on counting until {@link #sent}; null if there are none. */
    synchronized @Nullable ByteBuffer take() {
        Object first = filled.peekFirst();
        if (first instanceof FilePart file) {
            return take(file);
        }
        filled.pollFirst();
        return first == null ? null : ((ByteBuffer) first).flip();
    }

    private ByteBuffer take(FilePart file) {
        ByteBuffer part = buffers.take();
        file.read(part);
        bytes += part.position();
        fileBytes += part.position();
        if (file.isRead()) {
            filled.removeFirst();
            files--;
            file.close();
        }
        return part.flip();
    }

    /** So many of those that were taken are encrypted. */
    synchronized void sent(int count) {
        bytes -= count;
    }

    synchronized int bytes() {
        return bytes;
    }

    /** How many bytes files have brought so far. */
    synchronized long fileBytes() {
        return fileBytes;
    }

    /** Whether nothing is left to be taken or encrypted. */
    synchronized boolean isEmpty() {
        return bytes == 0 && files == 0;
    }

    synchronized int refusedBytes() {
        return refusedBytes;
    }

    /** Whether a file was refused and still would be. */
    synchronized boolean isFullOfFiles() {
        return fileRefused && files == mostFiles;
    }

    /** As if so many bytes had been refused. */
    synchronized void wantRoom(int wanted) {
        if (wanted < 1 || wanted > limitBytes) {
            throw new IllegalArgumentException("bytes: " + wanted + " is not from 1 to " + limitBytes);
        }
        if (!closed) {
            refusedBytes = Math.max(refusedBytes, wanted);
        }
    }

    synchronized void forgetRefused() {
        refusedBytes = 0;
        fileRefused = false;
    }

    /** Takes no more; what is there may still be sent. */
    synchronized void close() {
        closed = true;
        refusedBytes = 0;
    }

    /** Drops what is there, and takes no more. */
    synchronized void clear() {
        close();
        bytes = 0;
        files = 0;
        while (!filled.isEmpty()) {
            switch (filled.removeLast()) {
                case FilePart file -> file.close();
                case Object buffer -> buffers.give((ByteBuffer) buffer);
            }
        }
    }
}
