package org.iocp4j.win32;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.iocp4j.win32.generated.WinTypes.AF_INET;
import static org.iocp4j.win32.generated.WinTypes.AF_INET6;
import static org.iocp4j.win32.generated.WinTypes.WSAEAFNOSUPPORT;
import static org.iocp4j.win32.generated.WinTypes.WSAEMFILE;
import static org.iocp4j.win32.generated.WinTypes.WSAENOBUFS;
import static org.iocp4j.win32.generated.WinTypes.WSAEPROCLIM;

import org.iocp4j.win32.WinsockStart.Addresses;
import org.junit.jupiter.api.Test;

/** What Winsock refuses at a first attach is no reason to be refused ever after. */
class WinsockStartTest {
    /** Answers as it was told, and counts. */
    private static final class Scripted implements WinsockStart.Winsock {
        private static final long SOCKET = 880;

        int startupError;
        int ipv4Error;
        int ipv6Error;
        int extensionError;
        int startups;
        int sockets;
        int open;
        private long extensionsAsked;

        @Override
        public int startup() {
            startups++;
            return startupError;
        }

        @Override
        public long socket(int family) {
            assertThat(family).isIn(AF_INET(), AF_INET6());
            int error = family == AF_INET() ? ipv4Error : ipv6Error;
            if (error != 0) {
                return -error;
            }
            sockets++;
            open++;
            return SOCKET;
        }

        /** The extensions are at 1, 2, 3, 4 and 5. */
        @Override
        public long extension(long socket, long guidLow, long guidHigh) {
            assertThat(socket).isEqualTo(SOCKET);
            return extensionError != 0 ? -extensionError : ++extensionsAsked;
        }

        @Override
        public void closesocket(long socket) {
            assertThat(socket).isEqualTo(SOCKET);
            open--;
        }
    }

    private static final Addresses ALL = new Addresses(1, 2, 3, 4, 5);

    private final Scripted winsock = new Scripted();
    private final WinsockStart start = new WinsockStart();

    @Test
    void isDoneOnce() throws Win32Exception {
        start.start(winsock);
        start.start(winsock);
        assertThat(start.addresses()).isEqualTo(ALL);
        assertThat(winsock.startups).isOne();
        assertThat(winsock.sockets).isOne();
        assertThat(winsock.open).isZero();
    }

    @Test
    void whereThereIsNoIpv4ItAsksASocketOfIpv6() throws Win32Exception {
        winsock.ipv4Error = WSAEAFNOSUPPORT();
        start.start(winsock);
        assertThat(start.addresses()).isEqualTo(ALL);
        assertThat(winsock.open).isZero();
    }

    @Test
    void aShortageThatPassesIsAskedForAnew() throws Win32Exception {
        winsock.startupError = WSAEPROCLIM();
        refused("WSAStartup: WSAEPROCLIM (10067), Winsock 2.2");
        winsock.startupError = 0;
        winsock.ipv4Error = WSAEMFILE();
        winsock.ipv6Error = WSAENOBUFS();
        refused("WSASocketW: WSAEMFILE (10024), a socket to ask for AcceptEx (of IPv6: WSAENOBUFS (10055))");
        winsock.ipv4Error = 0;
        winsock.extensionError = WSAENOBUFS();
        refused("SIO_GET_EXTENSION_FUNCTION_POINTER: WSAENOBUFS (10055), AcceptEx");
        winsock.extensionError = 0;
        start.start(winsock);
        assertThat(start.addresses()).isEqualTo(ALL);
        assertThat(winsock.startups).as("one that succeeded is not made again").isEqualTo(2);
        assertThat(winsock.open).isZero();
    }

    private void refused(String message) {
        assertThatExceptionOfType(Win32Exception.class).isThrownBy(() -> start.start(winsock)).withMessage(message);
        assertThat(start.addresses()).isNull();
    }
}
