package org.iocp4j.win32;

import java.lang.reflect.Method;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.iocp4j.win32.generated.WinTypes;
import org.jspecify.annotations.Nullable;

/**
 * The names that Windows' headers give to error codes, taken from the generated constants, so that a message reads
 * {@code WSAECONNRESET (10054)} whichever of Windows' three kinds of code it was. Any thread, on every operating
 * system.
 */
public final class ErrorName {
    /**
     * Win32 and Winsock codes, which share one number space. Made at the first use and not with the class: memory may
     * be short then, and a class whose initialisation has failed once could never name an error again.
     */
    private static volatile @Nullable Map<Integer, String> codes;
    private static volatile @Nullable Map<Integer, String> statuses;

    private ErrorName() {
    }

    /** Names a Win32 or Winsock code: {@code WSAEADDRINUSE (10048)}; one without a name is {@code error 4711}. */
    public static String of(int code) {
        Map<Integer, String> names = codes;
        if (names == null) {
            names = constants("WSA", "ERROR_", "WAIT_");
            codes = names;
        }
        String name = names.get(code);
        return name == null ? "error " + code : name + " (" + code + ")";
    }

    /** Names an NTSTATUS: {@code STATUS_CONNECTION_RESET (0xC000020D)}; without a name {@code status 0xC0001234}. */
    public static String ofStatus(int status) {
        Map<Integer, String> names = statuses;
        if (names == null) {
            names = constants("STATUS_");
            statuses = names;
        }
        String name = names.get(status);
        return name == null ? String.format(Locale.ROOT, "status 0x%08X", status)
                : String.format(Locale.ROOT, "%s (0x%08X)", name, status);
    }

    private static Map<Integer, String> constants(String... prefixes) {
        Map<Integer, String> names = new TreeMap<>();
        for (Method method : WinTypes.class.getMethods()) {
            if (method.getReturnType() != int.class || method.getParameterCount() != 0
                    || method.getName().startsWith("WSA_FLAG_") || method.getName().startsWith("WSAPROTOCOL_")) {
                continue; // not a constant, or one that is no error
            }
            for (String prefix : prefixes) {
                if (method.getName().startsWith(prefix)) {
                    // Codes with two names (WSA_IO_PENDING and ERROR_IO_PENDING) keep the one first in the alphabet.
                    names.merge(value(method), method.getName(), (a, b) -> a.compareTo(b) < 0 ? a : b);
                }
            }
        }
        return Map.copyOf(names);
    }

    private static int value(Method constant) {
        try {
            return (int) constant.invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a generated constant cannot be read: " + constant, e);
        }
    }
}
