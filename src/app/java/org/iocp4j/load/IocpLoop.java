package org.iocp4j.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.PooledBuffer;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.check.Capabilities;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.WindowsWin32;

/** A completion port that one thread dequeues, and buffers for its receives and sends. */
final class IocpLoop implements IoLoop {
    /** What is cancelled completes at once; this is for a system that does not do that. */
    private static final Duration END_TIME = Duration.ofSeconds(10);

    final InetSocketAddress server;
    final IoDomain domain;
    final IoThread thread;
    private final Win32 win32;
    private final BufferPool buffers;

    /** For the calling thread. */
    IocpLoop(InetSocketAddress server, LoadOptions options) throws Win32Exception {
        this.server = server;
        win32 = WindowsWin32.attach();
        try {
            thread = new IoThread(win32);
            // A connection receives into one buffer all the time, and sends from another. One that is closed has them
            // until its last event, and the next one has its own by then.
            buffers = new BufferPool(win32, bufferBytes(options), 4 * options.clients());
            try {
                DomainOptions delivered = DomainOptions.loop().withDelivery(
                        Capabilities.chooseDelivery(DisconnectMethod.CLOSE, server.getAddress(), win32));
                domain = new IoDomain(delivered, (key, bytes, io) -> { }, thread);
            } catch (Throwable e) {
                buffers.release(win32);
                throw e;
            }
        } catch (Throwable e) {
            win32.close();
            throw e;
        }
    }

    /** Room for a batch and a login message, but no more than is worth one call. */
    private static int bufferBytes(LoadOptions options) {
        return Math.min((options.overSend() + 1) * Protocol.MESSAGE_BYTES, LoadThread.BUFFER_BYTES);
    }

    @Override
    public Transport newTransport(Connection connection) throws IOException {
        return new IocpTransport(this, connection);
    }

    @Override
    public void await(long millis) throws IOException {
        domain.dequeue(thread, (int) millis);
    }

    @Override
    public void wakeup() {
        try (Win32 own = WindowsWin32.attach()) {
            domain.wake(own); // after the end it does nothing, and nobody waits
        }
    }

    /** An empty buffer. */
    PooledBuffer takeBuffer() throws IOException {
        PooledBuffer buffer = buffers.take();
        if (buffer == null && buffers.grow(win32)) {
            buffer = buffers.take();
        }
        if (buffer == null) {
            throw new IOException("no memory for a buffer");
        }
        return buffer;
    }

    void giveBuffer(PooledBuffer buffer) {
        buffers.give(buffer);
    }

    @Override
    public void close() {
        try (win32) {
            assert domain.open() == 0 : domain.open() + " sockets are open";
            // What the kernel still has stays allocated, and so do the buffers; the domain has logged it.
            if (domain.end(thread, END_TIME) == 0) {
                assert buffers.lent() == 0 : buffers.lent() + " buffers are not given back";
                buffers.release(win32);
            }
        }
    }
}
