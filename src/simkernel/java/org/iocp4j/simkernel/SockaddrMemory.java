package org.iocp4j.simkernel;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.iocp4j.win32.generated.sockaddr_in;
import org.iocp4j.win32.generated.sockaddr_in6;

/** Socket addresses in the process's memory. */
final class SockaddrMemory {
    private final SimulatedMemory memory;

    SockaddrMemory(SimulatedMemory memory) {
        this.memory = memory;
    }

    static int bytes(int family) {
        return (int) (family == AF_INET6() ? sockaddr_in6.sizeof() : sockaddr_in.sizeof());
    }

    InetSocketAddress read(long address) {
        boolean v6 = memory.getShort(address) == AF_INET6();
        byte[] port = new byte[2];
        memory.read(address + sockaddr_in.sin_port$offset(), port, 0, 2);
        byte[] ip = new byte[v6 ? 16 : 4];
        memory.read(address + (v6 ? sockaddr_in6.sin6_addr$offset() : sockaddr_in.sin_addr$offset()), ip, 0, ip.length);
        try {
            return new InetSocketAddress(InetAddress.getByAddress(ip), ((port[0] & 0xFF) << 8) | (port[1] & 0xFF));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** In the family of its socket: an IPv4 peer of an IPv6 socket is ::ffff:a.b.c.d [doc]. */
    static byte[] image(int family, InetSocketAddress value) {
        byte[] sockaddr = new byte[bytes(family)];
        sockaddr[0] = (byte) family;
        sockaddr[2] = (byte) (value.getPort() >>> 8);
        sockaddr[3] = (byte) value.getPort();
        byte[] ip = value.getAddress().getAddress();
        if (family == AF_INET()) {
            System.arraycopy(ip, 0, sockaddr, (int) sockaddr_in.sin_addr$offset(), 4);
        } else if (value.getAddress() instanceof Inet4Address && !value.getAddress().isAnyLocalAddress()) {
            int at = (int) sockaddr_in6.sin6_addr$offset();
            sockaddr[at + 10] = -1;
            sockaddr[at + 11] = -1;
            System.arraycopy(ip, 0, sockaddr, at + 12, 4);
        } else {
            System.arraycopy(ip, 0, sockaddr, (int) sockaddr_in6.sin6_addr$offset(), ip.length);
        }
        return sockaddr;
    }

    void write(long address, int family, InetSocketAddress value) {
        byte[] sockaddr = image(family, value);
        memory.write(address, sockaddr, 0, sockaddr.length);
    }
}
