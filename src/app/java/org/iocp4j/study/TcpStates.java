package org.iocp4j.study;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.iocp4j.win32.generated.MIB_TCP6ROW_OWNER_PID;
import org.iocp4j.win32.generated.MIB_TCPROW_OWNER_PID;

/** The machine's TCP connections at one moment, by their two ports: those of a free port of ours are ours. */
final class TcpStates {
    /** No such connection: closed, or never there. */
    static final String GONE = "-";
    static final String TIME_WAIT = "TIME_WAIT";
    static final String ESTABLISHED = "ESTAB";

    private static final String[] WINDOWS_NAMES = {"", "CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", ESTABLISHED,
            "FIN_WAIT1",
        "FIN_WAIT2", "CLOSE_WAIT", "CLOSING", "LAST_ACK", TIME_WAIT, "DELETE_TCB"};
    /** As Linux numbers them in its table. */
    private static final String[] LINUX_NAMES = {"", ESTABLISHED, "SYN_SENT", "SYN_RCVD", "FIN_WAIT1", "FIN_WAIT2",
            TIME_WAIT,
        "CLOSED", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"};
    /** Linux's table, through Wine's drive for it. */
    private static final String HOST_TABLE = "Z:/proc/net/tcp";
    private static final int COUNT_BYTES = Integer.BYTES;
    /** More than most tables have: each call takes Wine some 2 ms a row, one that only asks for the size too [wine]. */
    private static final int FIRST_BYTES = 1 << 20;
    /** The table may grow between two calls, but not for ever. */
    private static final int TRIES = 8;
    private static final int HEX = 16;

    private record Ports(int local, int remote) {
    }

    private final Map<Ports, String> states = new HashMap<>();

    private TcpStates() {
    }

    /** From GetExtendedTcpTable; IPv6 too, where under Wine a client is that connects to IPv4 by a socket for both. */
    static TcpStates now(Win32 win32) throws Win32Exception {
        TcpStates now = new TcpStates();
        now.add(win32, AF_INET());
        now.add(win32, AF_INET6());
        return now;
    }

    private void add(Win32 win32, int family) throws Win32Exception {
        int bytes = FIRST_BYTES;
        int error = ERROR_INSUFFICIENT_BUFFER();
        for (int i = 0; i < TRIES && error == ERROR_INSUFFICIENT_BUFFER(); i++) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment table = arena.allocate(bytes, Long.BYTES);
                MemorySegment size = arena.allocate(JAVA_INT);
                size.set(JAVA_INT, 0, bytes);
                error = win32.getExtendedTcpTable(table.address(), size.address(), family);
                bytes = Math.max(2 * bytes, size.get(JAVA_INT, 0));
                if (error == 0) {
                    read(table, family == AF_INET6());
                }
            }
        }
        if (error != 0) {
            throw new Win32Exception("GetExtendedTcpTable", error, "family " + family);
        }
    }

    private void read(MemorySegment table, boolean v6) {
        long stride = v6 ? MIB_TCP6ROW_OWNER_PID.sizeof() : MIB_TCPROW_OWNER_PID.sizeof();
        long state = v6 ? MIB_TCP6ROW_OWNER_PID.dwState$offset() : MIB_TCPROW_OWNER_PID.dwState$offset();
        long local = v6 ? MIB_TCP6ROW_OWNER_PID.dwLocalPort$offset() : MIB_TCPROW_OWNER_PID.dwLocalPort$offset();
        long remote = v6 ? MIB_TCP6ROW_OWNER_PID.dwRemotePort$offset() : MIB_TCPROW_OWNER_PID.dwRemotePort$offset();
        int rows = table.get(JAVA_INT, 0);
        for (int i = 0; i < rows; i++) {
            long at = COUNT_BYTES + i * stride;
            states.put(new Ports(port(table.get(JAVA_INT, at + local)), port(table.get(JAVA_INT, at + remote))),
                    name(WINDOWS_NAMES, table.get(JAVA_INT, at + state)));
        }
    }

    /** Two bytes as they go over the network; the others may be anything [doc]. */
    private static int port(int value) {
        return Short.toUnsignedInt(Short.reverseBytes((short) value));
    }

    /** Linux's own table, from under Wine; null if it cannot be read. */
    static TcpStates ofHost() {
        TcpStates now = new TcpStates();
        List<String> lines = new ArrayList<>();
        try {
            lines.addAll(Files.readAllLines(Path.of(HOST_TABLE), StandardCharsets.US_ASCII));
            lines.addAll(Files.readAllLines(Path.of(HOST_TABLE + "6"), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return null;
        }
        lines.forEach(now::readHostLine);
        return now;
    }

    /** {@code 0: 0100007F:C001 0100007F:2710 06 ...}: addresses and ports in hexadecimal, then the state. */
    private void readHostLine(String line) {
        String[] words = line.strip().split("\\s+");
        if (words.length > 3 && words[0].endsWith(":")) {
            states.put(new Ports(hostPort(words[1]), hostPort(words[2])),
                    name(LINUX_NAMES, Integer.parseInt(words[3], HEX)));
        }
    }

    private static int hostPort(String address) {
        return Integer.parseInt(address.substring(address.indexOf(':') + 1), HEX);
    }

    private static String name(String[] names, int state) {
        return state > 0 && state < names.length ? names[state] : "state " + state;
    }

    /** Of the connection's end at the local port. */
    String of(int localPort, int remotePort) {
        return states.getOrDefault(new Ports(localPort, remotePort), GONE);
    }
}
