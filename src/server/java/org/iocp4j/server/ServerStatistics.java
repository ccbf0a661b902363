package org.iocp4j.server;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.iocp4j.port.BufferPool;
import org.iocp4j.port.CompletionPort;
import org.iocp4j.port.Log;
import org.iocp4j.port.OperationSlab;
import org.iocp4j.socket.Disconnector;
import org.iocp4j.socket.Listener;
import org.iocp4j.socket.SocketPool;

/**
 * A server's figures. They are read one after another while the server goes on, so that two of them may be a moment
 * apart. Those marked "now" are of the moment; all others count since the start.
 *
 * @param connections what has been accepted
 * @param traffic     what has been received and sent
 * @param sockets     how sockets have been used
 * @param incidents   what clients can bring about
 * @param faults      what no client should be able to bring about
 * @param resources   what the server takes from the system
 */
public record ServerStatistics(Connections connections, Traffic traffic, Sockets sockets, Incidents incidents,
        Faults faults, Resources resources) {
    /**
     * What has been accepted.
     *
     * @param sessions      sessions that are open or ending, now
     * @param accepts       connections accepted
     * @param acceptsPosted accepts that wait for a client, now
     */
    public record Connections(int sessions, long accepts, int acceptsPosted) {
        static Connections of(SessionTable table, Listener listener) {
            return new Connections(table.inUse(), listener.accepts(), listener.acceptsPosted());
        }
    }

    /**
     * What has been received and sent. A completion may carry many messages of the application, or a part of one.
     *
     * @param receiveCompletions receives that brought bytes
     * @param receivedBytes      the bytes
     * @param sendCompletions    sends that took bytes
     * @param sentBytes          the bytes
     */
    public record Traffic(long receiveCompletions, long receivedBytes, long sendCompletions, long sentBytes) {
        static Traffic of(SessionTable table) {
            long receives = 0;
            long receivedBytes = 0;
            long sends = 0;
            long sentBytes = 0;
            for (int slot = 0; slot < table.made(); slot++) {
                IocpSession session = table.at(slot);
                if (session != null) {
                    receives += session.input().receives();
                    receivedBytes += session.input().receivedBytes();
                    sends += session.queue().sends();
                    sentBytes += session.queue().sentBytes();
                }
            }
            return new Traffic(receives, receivedBytes, sends, sentBytes);
        }
    }

    /**
     * How sockets have been used.
     *
     * @param socketsCreated   sockets made
     * @param socketsReused    connections on a socket that had served one before
     * @param socketsDiscarded sockets closed
     * @param socketsFree      sockets in the pool, now
     * @param socketsRecycling sockets that are being disconnected, now
     */
    public record Sockets(long socketsCreated, long socketsReused, long socketsDiscarded, int socketsFree,
            int socketsRecycling) {
        static Sockets of(SocketPool pool, Disconnector disconnector) {
            return new Sockets(pool.created(), pool.reused(), pool.discarded(), pool.freeCount(),
                    disconnector.disconnecting());
        }
    }

    /**
     * What clients can bring about.
     *
     * @param sessionsRefused    connections reset as soon as they were accepted: no session was free, the server was
     *                           stopping, or the system had no memory for it or refused to associate its socket with
     *                           the port
     * @param sendsRefused       sends that found the session's send queue full
     * @param framesTooLong      sessions ended because what the handler waited for did not fit the receive buffer
     * @param idleTimeouts       sessions ended by {@link ServerOptions#idleTime}
     * @param closeTimeouts      ending sessions cut short by {@link ServerOptions#disconnectTime} or
     *                           {@link ServerOptions#closeTime}
     * @param sessionsCut        sessions that ended with bytes still queued; each connection was reset
     * @param peerResets         sessions ended because a receive or a send failed: nearly always the peer's reset
     * @param acceptFailures     accepts that failed; each was replaced
     * @param disconnectFailures disconnects that failed; each socket was closed
     * @param disconnectTimeouts disconnects that took longer than {@link ServerOptions#disconnectTime}; each socket was
     *                           closed
     * @param latePackets        completion packets that arrived after their session had ended
     */
    public record Incidents(long sessionsRefused, long sendsRefused, long framesTooLong, long idleTimeouts,
            long closeTimeouts, long sessionsCut, long peerResets, long acceptFailures, long disconnectFailures,
            long disconnectTimeouts, long latePackets) {
    }

    /**
     * What no client should be able to bring about: each of these is 0 on a server that is well.
     *
     * @param handlerFailures exceptions that the handler threw; each ended its session
     * @param workerFailures  errors in a worker outside the handler
     * @param memoryRefusals  connections, receives and sends for which the system had no memory
     * @param socketFailures  sockets that the system did not make
     * @param strayPackets    completion packets of no operation of the server
     * @param keyMismatches   only for the study of the completion-key bug: packets whose completion key named
     *                        another session
     * @param logFailures     log lines lost because the logger threw, of all servers of this JVM
     */
    public record Faults(long handlerFailures, long workerFailures, long memoryRefusals, long socketFailures,
            long strayPackets, long keyMismatches, long logFailures) {
    }

    /**
     * What the server takes from the system.
     *
     * @param bufferBytes       memory committed for buffers, in bytes, now
     * @param operationsPending accepts, receives, sends and disconnects that the system holds, now
     * @param systemCalls       how many Windows calls the workers made, without those that report no error
     */
    public record Resources(long bufferBytes, int operationsPending, long systemCalls) {
        static Resources of(BufferPool buffers, OperationSlab slab, long systemCalls) {
            return new Resources(buffers.committedBytes(), slab.pendingCount(), systemCalls);
        }
    }

    /** What is counted here as it happens. Any thread. */
    static final class Counters {
        final LongAdder sessionsRefused = new LongAdder();
        final LongAdder sendsRefused = new LongAdder();
        final LongAdder framesTooLong = new LongAdder();
        final LongAdder idleTimeouts = new LongAdder();
        final LongAdder closeTimeouts = new LongAdder();
        final LongAdder sessionsCut = new LongAdder();
        final LongAdder peerResets = new LongAdder();
        final LongAdder latePackets = new LongAdder();
        /** These two are counted when memory may be short, and an AtomicLong takes none. */
        final AtomicLong handlerFailures = new AtomicLong();
        final AtomicLong workerFailures = new AtomicLong();
        final LongAdder memoryRefusals = new LongAdder();
        final LongAdder keyMismatches = new LongAdder();

        Incidents incidents(Listener listener, Disconnector disconnector) {
            return new Incidents(sessionsRefused.sum(), sendsRefused.sum(), framesTooLong.sum(), idleTimeouts.sum(),
                    closeTimeouts.sum(), sessionsCut.sum(), peerResets.sum(), listener.failures(),
                    disconnector.failures(), disconnector.timeouts(), latePackets.sum() + disconnector.latePackets());
        }

        Faults faults(SocketPool pool, CompletionPort port) {
            return new Faults(handlerFailures.get(), workerFailures.get(), memoryRefusals.sum(), pool.failures(),
                    port.strayPackets(), keyMismatches.sum(), Log.failures());
        }
    }
}
