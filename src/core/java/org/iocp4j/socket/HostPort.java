package org.iocp4j.socket;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** Addresses as messages and commands print them: {@code 127.0.0.1:6000}, {@code [::1]:6000}. */
public final class HostPort {
    private static final int GROUPS = 8;

    private HostPort() {
    }

    /**
     * An address with its port.
     *
     * @param address resolved
     */
    public static String text(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String text = host instanceof Inet6Address v6 ? "[" + shortest(v6) + "]" : host.getHostAddress();
        return text + ":" + address.getPort();
    }

    /** RFC 5952: the longest run of two zero groups or more, the first if there are several, becomes "::". */
    private static String shortest(Inet6Address address) {
        String[] groups = new String[GROUPS];
        byte[] ip = address.getAddress();
        for (int i = 0; i < GROUPS; i++) {
            groups[i] = Integer.toHexString(Byte.toUnsignedInt(ip[2 * i]) << 8 | Byte.toUnsignedInt(ip[2 * i + 1]));
        }
        int from = 0;
        int length = 0;
        for (int i = 0; i < GROUPS; i++) {
            int run = i;
            while (run < GROUPS && groups[run].equals("0")) {
                run++;
            }
            if (run - i > length) {
                from = i;
                length = run - i;
            }
        }
        String scope = address.getScopeId() == 0 ? "" : "%" + address.getScopeId();
        if (length < 2) {
            return String.join(":", groups) + scope;
        }
        return join(groups, 0, from) + "::" + join(groups, from + length, GROUPS) + scope;
    }

    private static String join(String[] groups, int from, int to) {
        return String.join(":", Arrays.copyOfRange(groups, from, to));
    }
}
