package org.iocp4j.socket.check;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_PARAMETER;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_PROTOCOL_INFOW;
import static org.iocp4j.win32.generated.WinTypes.WSAEAFNOSUPPORT;
import static org.iocp4j.win32.generated.WinTypes.XP1_IFS_HANDLES;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.Log;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.Sockaddr;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.WSAPROTOCOL_INFOW;

/**
 * What this platform can do. On Windows that is documented. Under Wine it depends on the version and on the wineserver
 * that happens to run, so it is tried out: on the loopback address, with every wait bounded, and once per JVM. A check
 * that something else stopped (a shortage, a firewall, a busy machine) gives no answer, and is made again the next
 * time.
 */
public final class Capabilities {
    /** How an answer is known. */
    public enum Source {
        SELF_CHECK("self-check on loopback"),
        DOCUMENTATION("documentation");

        private final String text;

        Source(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Whether the platform can do it. */
    public enum Result {
        WORKS,
        DOES_NOT,
        /** Unknown: something else stood in the way. */
        NOT_LEARNT
    }

    /**
     * What is known of a capability.
     *
     * @param source how that is known
     * @param detail what was seen or read, or what stood in the way, in a few words
     */
    public record Answer(Result result, Source source, String detail) {
        public boolean works() {
            return result == Result.WORKS;
        }
    }

    private static final Log LOG = Log.of(Capabilities.class);
    /** A check that found no answer is made again once: this machine may have been busy. */
    private static final int TRIES = 2;
    /** What the self-checks of this JVM have learnt. */
    private static final Map<Capability, Answer> CHECKED = new ConcurrentHashMap<>();

    private Capabilities() {
    }

    /**
     * The disconnect method to use. If it is unknown whether a method that reuses sockets works, one that was asked for
     * is taken all the same, and the default is CLOSE, which works everywhere.
     *
     * @param asked empty: DISCONNECT_EX, or, where that does not work, CLOSE
     * @throws UnsupportedOperationException if the method asked for does not work here
     */
    public static DisconnectMethod choose(Optional<DisconnectMethod> asked, Win32 win32) {
        DisconnectMethod method = asked.orElse(DisconnectMethod.DISCONNECT_EX);
        if (!method.reuses()) {
            return method;
        }
        Capability needed = method == DisconnectMethod.DISCONNECT_EX
                ? Capability.REUSE_AFTER_DISCONNECT_EX : Capability.REUSE_AFTER_TRANSMIT_FILE;
        Answer answer = answer(needed, win32);
        if (answer.works()) {
            if (method == DisconnectMethod.TRANSMIT_FILE) {
                warnIfUnseen(win32);
            }
            return method;
        }
        String reason = reason(needed, answer, win32);
        if (asked.isEmpty()) {
            LOG.warn("{}; each connection gets a new socket instead ({})", reason, DisconnectMethod.CLOSE);
            return DisconnectMethod.CLOSE;
        }
        if (answer.result() == Result.DOES_NOT) {
            throw new UnsupportedOperationException(reason);
        }
        LOG.warn("{}; {} is used as asked", reason, method);
        return method;
    }

    private static String reason(Capability capability, Answer answer, Win32 win32) {
        return answer.result() == Result.DOES_NOT
                ? capability + " does not work on this " + platform(win32) + ": " + answer.detail()
                : capability + " could not be tried out this time: " + answer.detail();
    }

    /**
     * The delivery to use with a disconnect method that works here: the one with the fewest packets.
     *
     * @param local its family is the sockets'
     */
    public static Delivery chooseDelivery(DisconnectMethod method, InetAddress local, Win32 win32) {
        return chooseDelivery(method, win32, Sockaddr.family(local));
    }

    /** The same for sockets of any family that the system has. */
    public static Delivery chooseDelivery(DisconnectMethod method, Win32 win32) {
        return chooseDelivery(method, win32, AF_INET(), AF_INET6());
    }

    private static Delivery chooseDelivery(DisconnectMethod method, Win32 win32, int... families) {
        // TransmitFile is left alone: Wine sends its packet all the same [wine].
        if (method == DisconnectMethod.TRANSMIT_FILE
                || !IntStream.of(families).allMatch(family -> givesFileHandles(family, win32))) {
            return Delivery.PACKET;
        }
        // The check with DisconnectEx contains the other one.
        Capability capability = method == DisconnectMethod.DISCONNECT_EX
                ? Capability.SKIP_ON_SUCCESS_WITH_DISCONNECT_EX : Capability.SKIP_ON_SUCCESS;
        Answer answer = answer(capability, win32);
        if (answer.works()) {
            return Delivery.RETURN;
        }
        if (answer.result() == Result.NOT_LEARNT) {
            LOG.warn("{}; every operation sends its packet", reason(capability, answer, win32));
        }
        return answer.detail().equals(NotificationCheck.OVER_WITHOUT_PACKET)
                ? Delivery.STATUS : Delivery.PACKET;
    }

    /**
     * Without XP1_IFS_HANDLES a layered provider is in between, and a packet may be missing although the call did not
     * report success [doc].
     */
    private static boolean givesFileHandles(int family, Win32 win32) {
        long socket = Sockaddr.tcpSocket(family, win32);
        if (socket == -WSAEAFNOSUPPORT()) {
            return true; // there will be none
        }
        if (socket < 0) {
            LOG.warn("a socket to ask for XP1_IFS_HANDLES: {}; every operation sends its packet",
                    ErrorName.of((int) -socket));
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(WSAPROTOCOL_INFOW.layout());
            MemorySegment length = arena.allocateFrom(JAVA_INT, (int) info.byteSize());
            int error = win32.getsockopt(socket, SOL_SOCKET(), SO_PROTOCOL_INFOW(), info.address(), length.address());
            return error == 0 && (WSAPROTOCOL_INFOW.dwServiceFlags1(info) & XP1_IFS_HANDLES()) != 0;
        } finally {
            win32.closesocket(socket);
        }
    }

    private static void warnIfUnseen(Win32 win32) {
        Answer seen = answer(Capability.TRANSMIT_FILE_SEEN_BY_PEER, win32);
        if (!seen.works()) {
            String what = seen.result() == Result.DOES_NOT ? "" : "whether a peer sees it could not be tried out: ";
            LOG.warn("{} on this {}: {}{}", DisconnectMethod.TRANSMIT_FILE, platform(win32), what, seen.detail());
        }
    }

    /** The best answer that costs little: Windows' documentation, or under Wine a self-check. */
    public static Answer answer(Capability capability, Win32 win32) {
        return win32.wineVersion().isEmpty() ? documented(capability) : check(capability, win32);
    }

    /** What a self-check finds, here and now, for each capability. */
    public static Map<Capability, Answer> checkAll(Win32 win32) {
        Map<Capability, Answer> answers = new EnumMap<>(Capability.class);
        for (Capability capability : Capability.values()) {
            answers.put(capability, check(capability, win32));
        }
        return answers;
    }

    private static String platform(Win32 win32) {
        return win32.wineVersion().isEmpty() ? "Windows" : "Wine " + win32.wineVersion();
    }

    /** Of Windows 10 and newer, the oldest that a JDK 22 runs on [doc]. */
    static Answer documented(Capability capability) {
        String detail = switch (capability) {
            case REUSE_AFTER_DISCONNECT_EX, REUSE_AFTER_TRANSMIT_FILE -> "TF_REUSE_SOCKET; may be delayed by TIME_WAIT";
            case TRANSMIT_FILE_SEEN_BY_PEER -> "TF_DISCONNECT";
            case SKIP_ON_SUCCESS -> "where the provider gives file handles (XP1_IFS_HANDLES)";
            case SKIP_ON_SUCCESS_WITH_DISCONNECT_EX -> "a disconnect that pends sends its packet";
            case RE_KEY -> "Windows 8.1 and newer";
            case SECOND_ASSOCIATION_REFUSED -> ErrorName.of(ERROR_INVALID_PARAMETER()) + ", as reported";
        };
        return new Answer(Result.WORKS, Source.DOCUMENTATION, detail);
    }

    /** Takes some 10 ms where it works, and at most a few seconds where nothing completes. */
    static Answer check(Capability capability, Win32 win32) {
        Answer known = CHECKED.get(capability);
        Answer answer = known != null ? known : tryOut(capability, win32);
        for (int i = 1; i < TRIES && answer.result() == Result.NOT_LEARNT; i++) {
            answer = tryOut(capability, win32);
        }
        if (answer.result() != Result.NOT_LEARNT) {
            CHECKED.put(capability, answer);
        }
        return answer;
    }

    private static Answer tryOut(Capability capability, Win32 win32) {
        try {
            return new Answer(Result.WORKS, Source.SELF_CHECK, run(capability, win32));
        } catch (IncapableException e) {
            return new Answer(Result.DOES_NOT, Source.SELF_CHECK, String.valueOf(e.getMessage()));
        } catch (Throwable e) {
            LOG.debug("{}: its self-check", capability, e);
            String message = e instanceof IOException || e instanceof TimeoutException ? e.getMessage() : null;
            return new Answer(Result.NOT_LEARNT, Source.SELF_CHECK, message != null ? message : e.toString());
        }
    }

    /** For tests: the next check is made anew. */
    static void forget() {
        CHECKED.clear();
    }

    private static String run(Capability capability, Win32 win32)
            throws IOException, TimeoutException, IncapableException {
        try (LoopbackCheck check = new LoopbackCheck(win32)) {
            return switch (capability) {
                case REUSE_AFTER_DISCONNECT_EX -> check.reuse(DisconnectMethod.DISCONNECT_EX);
                case REUSE_AFTER_TRANSMIT_FILE -> check.reuse(DisconnectMethod.TRANSMIT_FILE);
                case TRANSMIT_FILE_SEEN_BY_PEER -> check.transmitFileSeen();
                case SKIP_ON_SUCCESS -> new NotificationCheck(check).skipOnSuccess();
                case SKIP_ON_SUCCESS_WITH_DISCONNECT_EX -> new NotificationCheck(check).skipOnSuccessWithDisconnectEx();
                case RE_KEY -> new NotificationCheck(check).reKey();
                case SECOND_ASSOCIATION_REFUSED -> check.secondAssociation();
            };
        }
    }
}
