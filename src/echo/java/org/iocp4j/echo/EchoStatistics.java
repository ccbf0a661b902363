package org.iocp4j.echo;

import org.iocp4j.server.ServerStatistics;

/**
 * An echo server's figures at one moment. The counters are read one after another while the server works, so they may
 * differ by what happened in between.
 *
 * @param server           those of its sockets and sessions
 * @param receivedMessages messages received since the start; one receive may bring many, and with
 *                         {@link EchoProtocol#RAW} what one receive brought counts as one
 * @param sentMessages     messages queued for sending since the start, login messages included
 * @param protocolErrors   connections ended because of a message of a wrong length
 */
public record EchoStatistics(ServerStatistics server, long receivedMessages, long sentMessages, long protocolErrors) {
}
