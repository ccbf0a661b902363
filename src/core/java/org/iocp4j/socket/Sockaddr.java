package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.iocp4j.win32.generated.sockaddr_in;
import org.iocp4j.win32.generated.sockaddr_in6;

/** Socket addresses as Winsock lays them out in memory: sockaddr_in and sockaddr_in6. */
public final class Sockaddr {
    /** The size of the larger of the two. */
    public static final int MAX_BYTES = (int) sockaddr_in6.sizeof();

    private static final ValueLayout.OfShort FAMILY = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfShort PORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt SCOPE = ValueLayout.JAVA_INT_UNALIGNED;

    private Sockaddr() {
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
        int family = family(address.getAddress());
        byte[] ip = address.getAddress().getAddress();
        target.fill((byte) 0);
        target.set(FAMILY, 0, (short) family);
        if (family == AF_INET6()) {
            target.set(PORT, sockaddr_in6.sin6_port$offset(), (short) address.getPort());
            MemorySegment.copy(ip, 0, target, JAVA_BYTE, sockaddr_in6.sin6_addr$offset(), ip.length);
            target.set(SCOPE, sockaddr_in6.sin6_scope_id$offset(), ((Inet6Address) address.getAddress()).getScopeId());
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
