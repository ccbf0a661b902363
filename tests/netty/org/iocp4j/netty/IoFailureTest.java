package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.ERROR_INVALID_NAME;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NO_SYSTEM_RESOURCES;
import static org.iocp4j.win32.generated.WinTypes.STATUS_ADDRESS_ALREADY_EXISTS;
import static org.iocp4j.win32.generated.WinTypes.STATUS_INSUFFICIENT_RESOURCES;
import static org.iocp4j.win32.generated.WinTypes.STATUS_TOO_MANY_ADDRESSES;
import static org.iocp4j.win32.generated.WinTypes.WSAEADDRINUSE;
import static org.iocp4j.win32.generated.WinTypes.WSAEMFILE;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;

import java.io.File;
import java.io.FileNotFoundException;
import java.net.BindException;
import java.net.SocketException;
import java.util.stream.IntStream;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;

/** Which exceptions Windows' codes become. */
class IoFailureTest {
    @Test
    void aConnectWithoutALocalPort() {
        IntStream.of(WSAEADDRINUSE(), STATUS_ADDRESS_ALREADY_EXISTS(), STATUS_TOO_MANY_ADDRESSES())
                .forEach(code -> assertThat(IoFailure.ofConnect(code)).isExactlyInstanceOf(BindException.class)
                        .hasMessageStartingWith("no local port for one more connection: "));
    }

    @Test
    void aConnectWithoutMemory() {
        IntStream.of(WSAENOBUFS(), WSAEMFILE(), ERROR_NO_SYSTEM_RESOURCES(), STATUS_INSUFFICIENT_RESOURCES())
                .forEach(code -> assertThat(IoFailure.ofConnect(code)).isExactlyInstanceOf(SocketException.class)
                        .hasMessageStartingWith("no memory or socket for one more connection: "));
    }

    /** Windows would take the name to end at its NUL, and open another file. */
    @Test
    void aFileWhoseNameHasANul() {
        SimulatedLoop.run(DomainOptions.loop(), loop -> {
            loop.kernel.putFile("file", new byte[10]);
            IocpFileRegion region = new IocpFileRegion(new File("file\0.txt"), 0, 10);
            assertThatThrownBy(() -> region.open(loop.handler())).isInstanceOf(FileNotFoundException.class)
                    .cause().isInstanceOfSatisfying(Win32Exception.class,
                            e -> assertThat(e.code()).isEqualTo(ERROR_INVALID_NAME()));
            region.release();
        });
    }
}
