package org.iocp4j.echo;

import org.iocp4j.server.ServerStatistics;

/**
 * An echo server's figures at one moment.
 *
 * @param server          those of its sockets and sessions
 * @param receivedPackets packets of the protocol received since the start; one receive completion may bring many
 * @param sentPackets     packets echoed since the start, login packets included
 * @param protocolErrors  connections ended for a packet of a wrong length
 */
public record EchoStatistics(ServerStatistics server, long receivedPackets, long sentPackets, long protocolErrors) {
}
