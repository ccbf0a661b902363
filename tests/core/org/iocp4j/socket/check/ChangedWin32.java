package org.iocp4j.socket.check;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.BiFunction;
import org.iocp4j.win32.Win32;

/** The calls of a system, but for those to which a test has an answer. */
final class ChangedWin32 {
    private ChangedWin32() {
    }

    /** @param answers null where the system's own is wanted */
    static Win32 of(Win32 win32, BiFunction<Method, Object[], Object> answers) {
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    Object answer = answers.apply(method, arguments);
                    return answer != null ? answer : method.invoke(win32, arguments);
                });
    }

    /** From the {@code first} such call on, none is made, and each gives this error. */
    static Win32 refusing(Win32 win32, String call, int first, int error) {
        int[] made = new int[1];
        return of(win32, (method, arguments) -> {
            if (!method.getName().equals(call) || ++made[0] < first) {
                return null;
            }
            return method.getReturnType() == int.class ? (Object) error : (Object) (long) -error;
        });
    }
}
