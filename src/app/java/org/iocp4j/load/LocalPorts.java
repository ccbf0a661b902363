package org.iocp4j.load;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.StreamSocket;

/**
 * The clients' ends of connections to a server on 127/8, all of which is this machine: addresses and ports of our own
 * choice. The system's choice runs out: the side that closes first keeps the port in TIME_WAIT, and Windows has
 * 16,384 dynamic ports, 49152 to 65535, for all local addresses together, and a TIME_WAIT of up to 120 s [doc]. That
 * carries 136 connections a second that the client ends by FIN. (The others it ends by RST, which leaves no TIME_WAIT.)
 *
 * <p>What the commands would take of those ports, at the rates seen under Wine, which Windows may exceed tenfold:
 * <ul>
 * <li>{@code load} by itself: 50. With {@code --reconnect-percent 5}: 330 connects a second, half of them ended by FIN;
 *     the ports last for 99 s, or for 10 s at ten times the rate.
 * <li>{@code demo}: the same for 13 s, so 2,100, or 21,000.
 * <li>{@code soak}: 20 clients that pause for 20 ms and reconnect after each tenth batch, at most 100 a second, half of
 *     them by FIN: 6,000 within 120 s. Its abusive clients reset, all but two, which live for 0.6 s: 400.
 * <li>{@code bench}: churn-50 at 2,000 a second, all ended by FIN; the ports last for 8 turns of a second. By default
 *     there are 7 rounds of two such loads with each server.
 * </ul>
 *
 * <p>Here they take none. 250 addresses with 12,768 ports each, below those that Windows and Linux (32768 and up) hand
 * out, are 3,192,000 places, used one after the other: only above 26,600 connects a second does one come again within
 * 120 s.
 */
public final class LocalPorts {
    /** The one of this process, so that its clients do not meet each other; others begin elsewhere. */
    public static final LocalPorts SHARED = new LocalPorts(ThreadLocalRandom.current().nextInt());

    private static final int FIRST_ADDRESS = 2;
    private static final int ADDRESSES = 250;
    private static final int FIRST_PORT = 20_000;
    private static final int PORTS = 12_768;
    static final int PLACES = ADDRESSES * PORTS;
    private static final int TRIES = 8;
    /** Far from a taken place: its neighbours may be another process's, or a listener may have one port everywhere. */
    private static final int JUMP = 1_000_003;

    private final AtomicInteger next;

    LocalPorts(int first) {
        next = new AtomicInteger(first);
    }

    /**
     * Binds the channel, before it connects to the server. Where the server is elsewhere, or nothing can be bound (not
     * every system has all of 127/8), the system chooses when it connects.
     */
    public void bind(SocketChannel channel, InetSocketAddress server) {
        bind(server, place -> {
            try {
                channel.bind(place);
                return true;
            } catch (IOException e) {
                return false;
            }
        });
    }

    /** The same for a socket on a completion port. @param io the calling thread's own */
    void bind(StreamSocket socket, InetSocketAddress server, IoThread io) {
        bind(server, place -> socket.bind(place, io) == 0);
    }

    private void bind(InetSocketAddress server, Predicate<InetSocketAddress> binds) {
        if (!(server.getAddress() instanceof Inet4Address address && address.isLoopbackAddress())) {
            return;
        }
        for (int i = 0; i < TRIES; i++) {
            if (binds.test(place(next.getAndIncrement()))) {
                return;
            }
            next.addAndGet(JUMP);
        }
    }

    static InetSocketAddress place(int n) {
        int place = Math.floorMod(n, PLACES);
        byte[] address = {127, 0, 0, (byte) (FIRST_ADDRESS + place % ADDRESSES)};
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), FIRST_PORT + place / ADDRESSES);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    /**
     * Why a connect failed, with a message that says so if the system had no port to choose: 10048, 10049 or 10055 on
     * Windows [doc], EADDRNOTAVAIL on Linux. Windows says 10049 of an address that nobody can connect to, too.
     */
    public static IOException explained(IOException failure, InetSocketAddress server) {
        String text = String.valueOf(failure.getMessage()).split(": ")[0]; // Windows' JDK appends the name of a call
        boolean usedUp = failure instanceof BindException || text.startsWith("No buffer space available");
        if (!usedUp || server.getAddress().isAnyLocalAddress()) {
            return failure;
        }
        IOException explained = new BindException("no local port is free; reconnects leave ports in TIME_WAIT, for up"
                + " to two minutes, and Windows has 16,384 of them (" + text + ")");
        explained.initCause(failure);
        return explained;
    }
}
