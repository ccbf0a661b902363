package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.WSAEACCES;
import static org.iocp4j.win32.generated.WinTypes.WSAEADDRINUSE;

import java.net.Inet4Address;
import java.net.InetAddress;

/** Whether two sockets may be bound to one port, by Windows' table of that [doc: Sharing Transport Addresses; wt]. */
final class AddressSharing {
    private AddressSharing() {
    }

    /** 0, or what bind of the second one fails with. */
    static int error(SimulatedSocket first, SimulatedSocket second, InetAddress secondAddress) {
        InetAddress firstAddress = first.requireBound().getAddress();
        boolean overlap = (takesIpv4(first, firstAddress) && takesIpv4(second, secondAddress))
                || (!(firstAddress instanceof Inet4Address) && !(secondAddress instanceof Inet4Address));
        int firstWidth = width(first);
        int secondWidth = width(second, secondAddress);
        if (!overlap || (firstWidth == 0 && secondWidth == 0 && !firstAddress.equals(secondAddress))) {
            return 0;
        }
        if (firstWidth > secondWidth) { // the narrower one gets the clients, from everybody but an exclusive one
            return first.exclusive ? WSAEACCES() : 0;
        }
        if (firstWidth < secondWidth) {
            return second.exclusive ? WSAEADDRINUSE() : 0;
        }
        if (!second.reuseAddress) {
            return WSAEADDRINUSE();
        }
        return first.reuseAddress ? 0 : WSAEACCES(); // who does not share is not robbed
    }

    static int width(SimulatedSocket bound) {
        return width(bound, bound.requireBound().getAddress());
    }

    private static boolean takesIpv4(SimulatedSocket socket, InetAddress address) {
        return address instanceof Inet4Address || (address.isAnyLocalAddress() && !socket.v6Only);
    }

    /** How much a bound address covers: itself, all of one family, all of both. */
    private static int width(SimulatedSocket socket, InetAddress address) {
        if (!address.isAnyLocalAddress()) {
            return 0;
        }
        return address instanceof Inet4Address || socket.v6Only ? 1 : 2;
    }
}
