package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOCK_STREAM;
import static org.iocp4j.win32.generated.WinTypes.WSA_FLAG_NO_HANDLE_INHERIT;
import static org.iocp4j.win32.generated.WinTypes.WSA_FLAG_OVERLAPPED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.sockaddr_in;
import org.iocp4j.win32.generated.sockaddr_in6;

/** Socket addresses as Winsock lays them out in memory: sockaddr_in and sockaddr_in6. */
public final class Sockaddr {
    /** The size of the larger of the two. */
    public static final int MAX_BYTES = (int) sockaddr_in6.sizeof();

    private static final ValueLayout.OfShort FAMILY = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfShort PORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt SCOPE = ValueLayout.JAVA_INT_UNALIGNED;

    private static final int IPV6_BYTES = 16;

    private Sockaddr() {
    }

    /**
     * A TCP socket for overlapped I/O that child processes do not inherit. Any thread.
     *
     * @param family AF_INET or AF_INET6: {@link #family}
     * @param win32  the calling thread's view of Windows
     * @return its handle, or minus the error
     */
    public static long tcpSocket(int family, Win32 win32) {
        return win32.wsaSocket(family, SOCK_STREAM(), IPPROTO_TCP(),
                WSA_FLAG_OVERLAPPED() | WSA_FLAG_NO_HANDLE_INHERIT());
    }

    /** The wildcard of a family, port 0. */
    static InetSocketAddress any(int family) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[family == AF_INET6() ? IPV6_BYTES : 4]), 0);
        } catch (UnknownHostException e) {
            throw new AssertionError("a wildcard of family " + family, e);
        }
    }

    /** AF_INET or AF_INET6. */
    public static int family(InetAddress address) {
        return address instanceof Inet6Address ? AF_INET6() : AF_INET();
    }

    /** The size of a family's sockaddr. */
    public static int bytes(int family) {
        return (int) (family == AF_INET6() ? sockaddr_in6.sizeof() : sockaddr_in.sizeof());
    }

    /**
     * Writes an address to the start of {@code target}, and zeros behind it.
     *
     * @param address resolved
     * @param target  at least {@link #MAX_BYTES} long
     * @return the size of the sockaddr
     */
    public static int write(InetSocketAddress address, MemorySegment target) {
        return write(address, family(address.getAddress()), target);
    }

    /**
     * The same for a socket of a given family: an IPv4 address of an IPv6 socket is written as ::ffff:a.b.c.d, which
     * works where IPV6_V6ONLY is 0.
     *
     * @param family AF_INET or AF_INET6
     * @throws IllegalArgumentException if the address is not resolved, or an IPv6 address of an IPv4 socket
     */
    public static int write(InetSocketAddress address, int family, MemorySegment target) {
        if (address.isUnresolved() || (address.getAddress() instanceof Inet6Address && family == AF_INET())) {
            throw new IllegalArgumentException(address + (address.isUnresolved() ? " is not resolved"
                    : " is no address for an IPv4 socket"));
        }
        byte[] ip = address.getAddress().getAddress();
        target.asSlice(0, MAX_BYTES).fill((byte) 0);
        target.set(FAMILY, 0, (short) family);
        if (family == AF_INET6()) {
            target.set(PORT, sockaddr_in6.sin6_port$offset(), (short) address.getPort());
            long end = sockaddr_in6.sin6_addr$offset() + IPV6_BYTES;
            MemorySegment.copy(ip, 0, target, JAVA_BYTE, end - ip.length, ip.length);
            if (address.getAddress() instanceof Inet6Address v6) {
                target.set(SCOPE, sockaddr_in6.sin6_scope_id$offset(), v6.getScopeId());
            } else if (!address.getAddress().isAnyLocalAddress()) { // the IPv4 wildcard becomes the IPv6 one
                target.set(ValueLayout.JAVA_SHORT_UNALIGNED, end - ip.length - Short.BYTES, (short) 0xFFFF);
            }
        } else {
            target.set(PORT, sockaddr_in.sin_port$offset(), (short) address.getPort());
            MemorySegment.copy(ip, 0, target, JAVA_BYTE, sockaddr_in.sin_addr$offset(), ip.length);
        }
        return bytes(family);
    }

    /**
     * The address at {@code offset}. An IPv4 peer of a dual-stack socket (::ffff:a.b.c.d) reads as IPv4.
     *
     * @throws IllegalStateException if its family is neither AF_INET nor AF_INET6
     */
    public static InetSocketAddress read(MemorySegment source, long offset) {
        int family = source.get(FAMILY, offset);
        if (family != AF_INET() && family != AF_INET6()) {
            throw new IllegalStateException("address family " + family + " in a sockaddr");
        }
        boolean v6 = family == AF_INET6();
        byte[] ip = new byte[v6 ? 16 : 4];
        long ipOffset = v6 ? sockaddr_in6.sin6_addr$offset() : sockaddr_in.sin_addr$offset();
        MemorySegment.copy(source, JAVA_BYTE, offset + ipOffset, ip, 0, ip.length);
        int port = Short.toUnsignedInt(source.get(PORT, offset + sockaddr_in.sin_port$offset()));
        try {
            int scope = v6 ? source.get(SCOPE, offset + sockaddr_in6.sin6_scope_id$offset()) : 0;
            InetAddress address = scope == 0 ? InetAddress.getByAddress(ip)
                    : Inet6Address.getByAddress(null, ip, scope);
            return new InetSocketAddress(address, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address of " + ip.length + " bytes", e);
        }
    }
}
