package org.iocp4j.socket;

import java.net.InetSocketAddress;
import java.util.OptionalInt;

/**
 * How a listener is made. Accepted sockets inherit what is set on it, by SO_UPDATE_ACCEPT_CONTEXT [doc].
 *
 * @param address         where to listen; port 0 picks a free one; the IPv6 wildcard listens for IPv4 too
 * @param accepts         how many accepts are kept posted
 * @param lingerReset     linger {1, 0} on the listener, as the seed has it
 * @param acceptedReset   whether accepted sockets keep it; it turns every disconnect into an RST, DisconnectEx too [wine]
 * @param sendBufferBytes SO_SNDBUF, if it is to be set; 0 sends straight from our memory
 */
public record ListenerOptions(InetSocketAddress address, int accepts, boolean lingerReset, boolean acceptedReset,
                              OptionalInt sendBufferBytes) {
}
