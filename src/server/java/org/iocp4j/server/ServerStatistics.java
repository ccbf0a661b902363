package org.iocp4j.server;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.iocp4j.port.IoThread;
import org.iocp4j.port.Log;
import org.iocp4j.port.ThreadCounts;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.SocketPool;
import org.iocp4j.socket.StreamListener;
import org.jspecify.annotations.Nullable;

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
    /** @param systemCalls made by the workers */
    static ServerStatistics of(Counters counters, SessionTable table, StreamListener listener, List<Shard> shards,
            @Nullable SocketPool pool, long systemCalls) {
        return new ServerStatistics(Connections.of(table, shards, listener), counters.traffic(),
                Sockets.of(shards, pool), counters.incidents(listener, shards), counters.faults(shards),
                Resources.of(shards, systemCalls));
    }

    /** How many connections were reset as soon as they were accepted, whatever the cause. */
    public long sessionsRefused() {
        return incidents.sessionsRefusedFull + incidents.sessionsRefusedStopping + faults.sessionsRefusedMemory
                + faults.sessionsRefusedAssociation;
    }

    /**
     * What has been accepted.
     *
     * @param sessions           sessions that are open or ending, now
     * @param portSessionsFewest those of the completion port that has the fewest, now
     * @param portSessionsMost   those of the completion port that has the most, now
     * @param accepts            connections accepted
     * @param acceptsHandedOver  those of them that were for another port than the listener's: its workers served them
     * @param acceptsPosted      accepts that wait for a client, now
     */
    public record Connections(int sessions, int portSessionsFewest, int portSessionsMost, long accepts,
            long acceptsHandedOver, int acceptsPosted) {
        static Connections of(SessionTable table, List<Shard> shards, StreamListener listener) {
            int all = 0;
            int fewest = Integer.MAX_VALUE;
            int most = 0;
            for (Shard shard : shards) {
                int sessions = table.inUse(shard.index());
                all += sessions;
                fewest = Math.min(fewest, sessions);
                most = Math.max(most, sessions);
            }
            return new Connections(all, fewest, most, listener.accepts(), sum(shards, Shard::handedOver),
                    listener.acceptsPosted());
        }
    }

    private static long sum(List<Shard> shards, ToLongFunction<Shard> figure) {
        return shards.stream().mapToLong(figure).sum();
    }

    private static long ofDomains(List<Shard> shards, ToLongFunction<IoDomain> figure) {
        return sum(shards, shard -> figure.applyAsLong(shard.domain()));
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
    }

    /**
     * How sockets have been used.
     *
     * @param socketsCreated   sockets made
     * @param socketsReused    connections on a socket that had served one before
     * @param socketsDiscarded sockets closed
     * @param socketsGivenBack of these, free ones that were closed since the last minutes had not needed them
     * @param socketsFree      sockets in the pool, now
     * @param socketsHighWater the most that were in use at once in the last five minutes, from the post of their accept
     *                         on: as many are kept, in use and free together, or {@link ServerOptions#pool} free ones
     * @param socketsRecycling sockets that are being disconnected, now
     */
    public record Sockets(long socketsCreated, long socketsReused, long socketsDiscarded, long socketsGivenBack,
            int socketsFree, int socketsHighWater, int socketsRecycling) {
        /** @param pool what all of them share; null if there is one, which keeps its own free sockets */
        static Sockets of(List<Shard> shards, @Nullable SocketPool pool) {
            IoDomain first = shards.getFirst().domain();
            return new Sockets(ofDomains(shards, IoDomain::created), ofDomains(shards, IoDomain::reused),
                    ofDomains(shards, IoDomain::closed) + sum(shards, Shard::closedOnTheWay)
                            + (pool == null ? 0 : pool.closed()),
                    pool == null ? first.givenBack() : pool.givenBack(),
                    pool == null ? first.freeCount() : pool.size(),
                    pool == null ? first.highWater() : pool.highWater(),
                    (int) ofDomains(shards, IoDomain::disconnecting));
        }
    }

    /**
     * What clients can bring about.
     *
     * @param sessionsRefusedFull     connections reset as soon as they were accepted, since
     *                                {@link ServerOptions#maxSessions} were there
     * @param sessionsRefusedStopping the same, since the server was stopping
     * @param sendsRefused            sends that found the session's send queue full
     * @param framesTooLong           sessions ended because what the handler waited for did not fit the receive buffer
     * @param idleTimeouts            sessions ended by {@link ServerOptions#idleTime}
     * @param closeTimeouts           ending sessions cut short by {@link ServerOptions#disconnectTime} or
     *                                {@link ServerOptions#closeTime}
     * @param sessionsCut             sessions that ended with bytes still queued; each connection was reset
     * @param peerResets              sessions ended because a receive or a send failed by the peer's reset or silence,
     *                                or by an error of the network
     * @param acceptFailures          accepts that failed; each was replaced
     * @param disconnectFailures      disconnects that failed; each socket was closed
     * @param disconnectTimeouts      disconnects that took longer than {@link ServerOptions#disconnectTime}; each
     *                                socket was closed
     * @param latePackets             completion packets that arrived after their session had ended
     */
    public record Incidents(long sessionsRefusedFull, long sessionsRefusedStopping, long sendsRefused,
            long framesTooLong, long idleTimeouts, long closeTimeouts, long sessionsCut, long peerResets,
            long acceptFailures, long disconnectFailures, long disconnectTimeouts, long latePackets) {
    }

    /**
     * What no client should be able to bring about: each of these is 0 on a server that is well.
     *
     * @param handlerFailures            exceptions that the handler threw; each ended its session
     * @param workerFailures             errors in a worker outside the handler
     * @param callFailures               sessions ended because a receive or a send failed by an error that is neither
     *                                   the peer's nor the network's nor for want of memory: a mistake of the
     *                                   library's, or unknown to it
     * @param memoryRefusals             connections, receives and sends for which the system had no memory; a receive
     *                                   or a send that was refused is tried again after some 100 ms, and counted each
     *                                   time
     * @param sessionsRefusedMemory      connections reset as soon as they were accepted, for want of memory
     * @param sessionsRefusedAssociation the same, since the system refused to associate the socket with the port
     * @param socketFailures             sockets that the system did not make
     * @param strayPackets               completion packets of no operation of the server
     * @param keyMismatches              only for the study of the completion-key bug: packets whose completion key
     *                                   named another session
     * @param logFailures                log lines lost because the logger threw, of all servers of this JVM
     */
    public record Faults(long handlerFailures, long workerFailures, long callFailures, long memoryRefusals,
            long sessionsRefusedMemory, long sessionsRefusedAssociation, long socketFailures, long strayPackets,
            long keyMismatches, long logFailures) {
    }

    /**
     * What the server takes from the system.
     *
     * @param ports             completion ports
     * @param bufferBytes       memory committed for buffers, in bytes, now
     * @param buffersLent       buffers that sessions hold, now; other memory of these is free and ready for them
     * @param operationsPending accepts, receives, sends and disconnects that the system holds, now
     * @param systemCalls       how many Windows calls the workers made, without those that report no error
     */
    public record Resources(int ports, long bufferBytes, int buffersLent, int operationsPending, long systemCalls) {
        static Resources of(List<Shard> shards, long systemCalls) {
            return new Resources(shards.size(), sum(shards, shard -> shard.buffers.committedBytes()),
                    (int) sum(shards, shard -> shard.buffers.lent()),
                    (int) ofDomains(shards, IoDomain::pendingCount), systemCalls);
        }
    }

    /** What is counted here as it happens. Any thread. */
    static final class Counters {
        /** The numbers of {@link #traffic}. */
        private static final int RECEIVES = 0;
        private static final int RECEIVED_BYTES = 1;
        private static final int SENDS = 2;
        private static final int SENT_BYTES = 3;

        private final ThreadCounts traffic = new ThreadCounts(4);
        final LongAdder sessionsRefusedFull = new LongAdder();
        final LongAdder sessionsRefusedStopping = new LongAdder();
        final LongAdder sessionsRefusedMemory = new LongAdder();
        final LongAdder sessionsRefusedAssociation = new LongAdder();
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
        final LongAdder callFailures = new LongAdder();
        final LongAdder memoryRefusals = new LongAdder();
        final LongAdder keyMismatches = new LongAdder();

        void received(int bytes, IoThread io) {
            traffic.add(RECEIVES, 1, io);
            traffic.add(RECEIVED_BYTES, bytes, io);
        }

        void sent(int bytes, IoThread io) {
            traffic.add(SENDS, 1, io);
            traffic.add(SENT_BYTES, bytes, io);
        }

        Traffic traffic() {
            return new Traffic(traffic.sum(RECEIVES), traffic.sum(RECEIVED_BYTES), traffic.sum(SENDS),
                    traffic.sum(SENT_BYTES));
        }

        Incidents incidents(StreamListener listener, List<Shard> shards) {
            return new Incidents(sessionsRefusedFull.sum(), sessionsRefusedStopping.sum(), sendsRefused.sum(),
                    framesTooLong.sum(), idleTimeouts.sum(), closeTimeouts.sum(), sessionsCut.sum(), peerResets.sum(),
                    listener.failures(), ofDomains(shards, IoDomain::disconnectFailures),
                    ofDomains(shards, IoDomain::disconnectTimeouts),
                    latePackets.sum() + ofDomains(shards, IoDomain::latePackets));
        }

        Faults faults(List<Shard> shards) {
            return new Faults(handlerFailures.get(), workerFailures.get(), callFailures.sum(), memoryRefusals.sum(),
                    sessionsRefusedMemory.sum(), sessionsRefusedAssociation.sum(),
                    ofDomains(shards, IoDomain::socketFailures), ofDomains(shards, IoDomain::strayPackets),
                    keyMismatches.sum(), Log.failures());
        }
    }
}
