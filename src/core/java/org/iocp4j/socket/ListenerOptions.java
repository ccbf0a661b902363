package org.iocp4j.socket;

import static org.iocp4j.win32.generated.WinTypes.SOMAXCONN;

import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * Options of a {@link StreamListener}. Accepted sockets inherit what is set on it, by SO_UPDATE_ACCEPT_CONTEXT [doc].
 * No component is null.
 *
 * @param address         where to listen; port 0 picks a free one; the IPv6 wildcard listens for IPv4 too
 * @param backlog         how many connections may wait for an accept; SOMAXCONN: what the system thinks right
 * @param lingerReset     whether to set linger {1, 0} on the listener
 * @param acceptedReset   whether accepted sockets keep it: it makes every disconnect an RST, DisconnectEx's too [wine]
 * @param sendBufferBytes SO_SNDBUF in bytes, if it is to be set; with 0 Windows sends straight from the operation's
 *                        buffers
 * @param receiveBufferBytes SO_RCVBUF in bytes, if it is to be set: here, since a window of over 64 KiB is agreed upon
 *                        while the connection is made [doc]
 */
public record ListenerOptions(InetSocketAddress address, int backlog, boolean lingerReset, boolean acceptedReset,
                              OptionalInt sendBufferBytes, OptionalInt receiveBufferBytes) {
    /** Checks what would only show later. */
    public ListenerOptions {
        Objects.requireNonNull(address, "address is null");
        Objects.requireNonNull(sendBufferBytes, "sendBufferBytes is null");
        Objects.requireNonNull(receiveBufferBytes, "receiveBufferBytes is null");
        if (backlog < 1 || sendBufferBytes.orElse(0) < 0 || receiveBufferBytes.orElse(0) < 0) {
            throw new IllegalArgumentException("a backlog of " + backlog + ", a send buffer of "
                    + sendBufferBytes.orElse(0) + " bytes, a receive buffer of " + receiveBufferBytes.orElse(0));
        }
    }

    /** The usual ones: all is left as the system has it. */
    public static ListenerOptions at(InetSocketAddress address) {
        return new ListenerOptions(address, SOMAXCONN(), false, false, OptionalInt.empty(), OptionalInt.empty());
    }
}
