package org.iocp4j.cli;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.socket.DisconnectMethod;
import picocli.CommandLine.Option;

/** What a server is made with, from the command line: the defaults, then the profile, then what was given itself. */
final class ServeOptions {
    @Option(names = "--host", paramLabel = "H",
            description = "listen here, name or address (default 127.0.0.1); :: takes IPv4 too")
    private String host = "127.0.0.1";

    @Allowed(min = 0, max = 65_535)
    @Option(names = "--port", paramLabel = "P", description = "port, 0 to 65535; 0 picks a free one (default 6000)")
    private int port = 6000;

    @Option(names = "--protocol", paramLabel = "messages|raw",
            description = "messages: a login message, then messages of ten bytes; raw: plain echo of RFC 862"
                    + " (default messages)")
    private EchoProtocol protocol = EchoProtocol.MESSAGES;

    @Option(names = "--disconnect", paramLabel = "METHOD",
            description = "disconnectex or transmitfile: the socket is used again; close: RST and a new socket;"
                    + " graceful: FIN both ways and a new socket (default disconnectex, or the nearest that works)")
    private DisconnectMethod disconnect;

    @Option(names = "--identity", paramLabel = "overlapped|key|slot-key",
            description = "what names a packet's session; key shows the completion-key bug (default overlapped)")
    private SessionIdentity identity = SessionIdentity.OVERLAPPED;

    @Option(names = "--profile", paramLabel = "original",
            description = "as the original C++ program: 16 workers, concurrency 4, 500 accepts, LIFO pools, SO_SNDBUF 0"
                    + " and linger on the listener; options given with it take precedence")
    private Profile profile;

    @Allowed(min = 1, max = 1024)
    @Option(names = "--workers", paramLabel = "N",
            description = "threads that dequeue, 1 to 1024 (default: the processors)")
    private Integer workers;

    @Allowed(min = 1, max = ServerOptions.MAX_PORTS)
    @Option(names = "--ports", paramLabel = "N",
            description = "completion ports, 1 to 128, not more than --workers: a connection is dealt to one for life"
                    + " (default: one for every 8 workers)")
    private Integer ports;

    @Allowed(min = 0, max = 1024)
    @Option(names = "--concurrency", paramLabel = "N",
            description = "how many of them run at a time, 0 to 1024 (default 0: the processors)")
    private Integer concurrency;

    @Allowed(min = 1, max = 10_000)
    @Option(names = "--accepts", paramLabel = "N", description = "accepts kept posted, 1 to 10000 (default 200)")
    private Integer accepts;

    @Allowed(min = 0, max = 100_000)
    @Option(names = "--pool", paramLabel = "N",
            description = "sockets made at start, and always kept free, 0 to 100000 (default 256); above that it keeps"
                    + " what the last five minutes needed")
    private Integer pool;

    @Allowed(min = 1, max = ServerOptions.MAX_SESSIONS)
    @Option(names = "--max-sessions", paramLabel = "N",
            description = "the most connections, 1 to 1000000; one more is reset (default 10000)")
    private Integer maxSessions;

    @Allowed(min = 0, max = 86_400_000)
    @Option(names = "--idle-timeout", paramLabel = "D",
            description = "a silent session ends after this long, 0s to 1440m; 0s = never (default 5m)")
    private Duration idleTimeout;

    @Allowed(min = 64, max = 1 << 20)
    @Option(names = "--buffer-bytes", paramLabel = "N",
            description = "a receive buffer, and the longest frame, 64 to 1048576 (default 8192)")
    private Integer bufferBytes;

    @Allowed(min = 64, max = 1 << 24)
    @Option(names = "--send-queue", paramLabel = "N",
            description = "most bytes queued in a session, 64 to 16777216, not below --buffer-bytes (default 65536)")
    private Integer sendQueueBytes;

    @Allowed(min = 100, max = 600_000)
    @Option(names = "--disconnect-time", paramLabel = "D",
            description = "how long a session that ends may go without progress, 100ms to 10m; then its connection is"
                    + " reset, or its socket closed (default 5s)")
    private Duration disconnectTime;

    @Allowed(min = 100, max = 3_600_000)
    @Option(names = "--close-time", paramLabel = "D",
            description = "the longest its last bytes may take in all, 100ms to 60m, not below --disconnect-time"
                    + " (default 1m, or --disconnect-time if that is longer)")
    private Duration closeTime;

    @Allowed(min = 0, max = 600_000)
    @Option(names = "--linger-time", paramLabel = "D",
            description = "how long a session that the server ends, and whose client may still be sending, drops what"
                    + " comes until the client's FIN, 0s to 10m; 0s: not at all (default 2s)")
    private Duration lingerTime;

    @Allowed(min = 0, max = 600_000)
    @Option(names = "--drain-time", paramLabel = "D",
            description = "the longest that sessions may take to finish at the end, 0s to 10m (default 5s)")
    private Duration drainTime;

    EchoOptions toEchoOptions() {
        return new EchoOptions(serverOptions(), protocol, identity);
    }

    private ServerOptions serverOptions() {
        ServerOptions.Builder builder = ServerOptions.builder();
        ServerOptions defaults = builder.build();
        int buffer = given(bufferBytes, defaults.bufferBytes());
        int queue = given(sendQueueBytes, Math.max(buffer, defaults.sendQueueBytes()));
        if (queue < buffer) {
            throw OptionErrors.notAllowed("--send-queue", queue, "--buffer-bytes (" + buffer + ") or more");
        }
        boolean original = profile == Profile.ORIGINAL;
        int workerCount = given(workers, original ? 16 : defaults.workers());
        if (original) {
            builder.reuseLatest(true).listenerLinger(true).socketSendBufferBytes(0);
        }
        setPorts(builder, workerCount);
        if (disconnect != null) {
            builder.disconnectMethod(disconnect);
        }
        builder.address(address())
                .workers(workerCount)
                .concurrency(given(concurrency, original ? 4 : defaults.concurrency()))
                .acceptsPosted(given(accepts, original ? 500 : defaults.acceptsPosted()))
                .pool(given(pool, defaults.pool()))
                .maxSessions(given(maxSessions, defaults.maxSessions()))
                .bufferBytes(buffer)
                .sendQueueBytes(queue)
                .idleTime(given(idleTimeout, defaults.idleTime()))
                .disconnectTime(given(disconnectTime, defaults.disconnectTime()))
                .lingerTime(given(lingerTime, defaults.lingerTime()))
                .drainTime(given(drainTime, defaults.drainTime()));
        if (closeTime != null) {
            Duration least = given(disconnectTime, defaults.disconnectTime());
            if (closeTime.compareTo(least) < 0) {
                throw OptionErrors.notAllowed("--close-time", DurationConverter.format(closeTime.toMillis()),
                        "--disconnect-time (" + DurationConverter.format(least.toMillis()) + ") or more");
            }
            builder.closeTime(closeTime);
        }
        try {
            return builder.build();
        } catch (IllegalArgumentException e) { // each option is right, but not all of them together
            String message = e.getMessage().replace("maxSessions", "--max-sessions")
                    .replace("sendQueueBytes", "--send-queue").replace("bufferBytes", "--buffer-bytes");
            throw new CommandFailure(message, ExitCode.WRONG_OPTIONS);
        }
    }

    /** The original has one, and where the key names the session there can be only one. */
    private void setPorts(ServerOptions.Builder builder, int workerCount) {
        boolean one = identity != SessionIdentity.OVERLAPPED;
        if (ports != null) {
            if (ports > workerCount) {
                throw OptionErrors.notAllowed("--ports", ports, "--workers (" + workerCount + ") or less");
            }
            if (ports > 1 && one) {
                throw OptionErrors.notAllowed("--ports", ports, "1, with --identity " + EnumConverter.name(identity));
            }
            builder.ports(ports);
        } else if (one || profile == Profile.ORIGINAL) {
            builder.ports(1);
        }
    }

    private static <T> T given(T option, T otherwise) {
        return option == null ? otherwise : option;
    }

    private InetSocketAddress address() {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            String hint = host.matches("[^:]+:\\d+") ? " - the port goes to --port" : "";
            throw new CommandFailure("bind: unknown host, " + host + hint);
        }
    }

    /** What to answer when this platform cannot do what {@code --disconnect} asked for. */
    CommandFailure disconnectImpossible(String reason) {
        return new CommandFailure("--disconnect: '" + EnumConverter.name(disconnect) + "' is not possible here: "
                + reason,
                ExitCode.WRONG_OPTIONS);
    }

    /** Sets of defaults, by name. */
    enum Profile {
        /** Those of the C++ program that this project started from. */
        ORIGINAL
    }

    /** For the log: what the server was made with, beside what it can tell itself. */
    @Override
    public String toString() {
        return "protocol " + EnumConverter.name(protocol) + ", identity " + EnumConverter.name(identity);
    }
}
