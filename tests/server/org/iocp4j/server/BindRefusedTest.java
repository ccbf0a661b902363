package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.NullWin32;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server says where Windows does not let it have its port. */
@Timeout(60)
class BindRefusedTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            10048 | WSAEADDRINUSE | another socket listens there, or connections of a server that did are not over yet
            10013 | WSAEACCES     | another socket has the port on all addresses, exclusively, or the system keeps it \
            (netsh interface ipv4 show excludedportrange protocol=tcp)
            """)
    void saysWhoMayHaveThePort(int error, String name, String explanation) {
        NullWin32 kernel = new NullWin32();
        Win32 refusing = (Win32) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    try {
                        return method.getName().equals("bind") ? error : method.invoke(kernel, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        ServerOptions options = ServerOptions.builder().port(6000).build();
        assertThatExceptionOfType(Win32Exception.class)
                .isThrownBy(() -> TestEngine.of(options, Delivery.RETURN, (session, data) -> { }, () -> refusing,
                        new IoThread(refusing)))
                .withMessage("bind: " + name + " (" + error + "), 127.0.0.1:6000 - " + explanation);
    }
}
