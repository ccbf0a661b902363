package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;

import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;
import org.junit.jupiter.api.Test;

class AttachTest {
    /** So that who tries again when a start fails needs to know one exception. */
    @Test
    void whatWindowsRefusesWhenTheThreadAttachesIsAnIoExceptionOfTheStart() {
        Win32Exception refused = new Win32Exception("WSASocketW", WSAENOBUFS(), "a socket");
        Supplier<Win32> system = () -> {
            throw new UncheckedIOException(refused.getMessage(), refused);
        };
        assertThatExceptionOfType(Win32Exception.class)
                .isThrownBy(() -> ServerFactory.start((session, data) -> { }, ServerOptions.defaults(),
                        SessionIdentity.OVERLAPPED, system))
                .isSameAs(refused);
    }
}
