package org.iocp4j.study;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.iocp4j.win32.Win32;

/** Counts the system calls that one thread makes, while it is told to. */
final class CallCounter {
    /** No calls of the system's, or none that belong to what is counted. */
    private static final Set<String> NOT_COUNTED = Set.of("nanoTime", "sleep", "formatMessage", "wineVersion", "close",
            "rtlNtStatusToDosError", "getAcceptExSockaddrs");
    private static final Set<String> LOWER_CASE = Set.of("closesocket", "bind", "listen", "getsockname", "setsockopt",
            "getsockopt", "shutdown");

    private final Win32 counted;
    private final Map<String, Long> counts = new TreeMap<>();
    private boolean counting;

    CallCounter(Win32 win32) {
        counted = (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    if (counting && !NOT_COUNTED.contains(method.getName())) {
                        counts.merge(apiName(method.getName()), 1L, Long::sum);
                    }
                    try {
                        return method.invoke(win32, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** The same system, with its calls counted. */
    Win32 counted() {
        return counted;
    }

    /** Goes on counting. */
    void count() {
        counting = true;
    }

    void pause() {
        counting = false;
    }

    /** What was counted, by the calls' own names, in alphabetical order; the next count starts at 0. */
    Map<String, Long> take() {
        Map<String, Long> taken = new TreeMap<>(counts);
        counts.clear();
        counting = false;
        return taken;
    }

    private static String apiName(String method) {
        if (LOWER_CASE.contains(method)) {
            return method;
        }
        if (method.equals("wsaSocket")) {
            return "WSASocketW";
        }
        String name = method.startsWith("wsa") ? "WSA" + method.substring(3) : method;
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }
}
