package org.iocp4j.socket;

import java.net.InetSocketAddress;
import java.util.OptionalInt;

/**
 * Options of a {@link Listener}. Accepted sockets inherit what is set on it, by SO_UPDATE_ACCEPT_CONTEXT [doc]. No
 * component is null.
 *
 * @param address         where to listen; port 0 picks a free one; the IPv6 wildcard listens for IPv4 too
 * @param accepts         how many accepts are kept pending; at least 1
 * @param lingerReset     whether to set linger {1, 0} on the listener
 * @param acceptedReset   whether accepted sockets keep it: it makes every disconnect an RST, DisconnectEx's too [wine]
 * @param sendBufferBytes SO_SNDBUF in bytes, if it is to be set; with 0 Windows sends straight from the operation's
 *                        buffers
 */
public record ListenerOptions(InetSocketAddress address, int accepts, boolean lingerReset, boolean acceptedReset,
                              OptionalInt sendBufferBytes) {
}
