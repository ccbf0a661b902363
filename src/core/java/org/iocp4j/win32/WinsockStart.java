package org.iocp4j.win32;

import static org.iocp4j.win32.generated.WinTypes.*;

import org.jspecify.annotations.Nullable;

/**
 * Starts Winsock, once, and asks for the addresses of Microsoft's extensions. These belong to the provider, not to a
 * library's exports, and WSAIoctl tells them for a socket of that provider [doc]; IPv4 and IPv6 sockets have the same
 * one. Only what succeeded is kept: a refusal may pass (no buffers, too many sockets), and the next thread asks again.
 */
final class WinsockStart {
    /** The calls that it takes. */
    interface Winsock {
        /** WSAStartup, version 2.2; 0, or the error. */
        int startup();

        /** The socket, or -error. */
        long socket(int family);

        /** The address of the function that a GUID names, or -error. */
        long extension(long socket, long guidLow, long guidHigh);

        void closesocket(long socket);
    }

    /** Where the extensions are. */
    record Addresses(long acceptEx, long getAcceptExSockaddrs, long connectEx, long disconnectEx, long transmitFile) {
    }

    private boolean started;
    private @Nullable Addresses addresses;

    /** @throws Win32Exception what Winsock refuses now */
    synchronized void start(Winsock winsock) throws Win32Exception {
        if (!started) {
            int error = winsock.startup();
            if (error != 0) {
                throw new Win32Exception("WSAStartup", error, "Winsock 2.2");
            }
            started = true; // and stays so as long as the process: no call of ours outlives it
        }
        if (addresses == null) {
            addresses = ask(winsock);
        }
    }

    /** Null before the first {@link #start} that succeeded. */
    synchronized @Nullable Addresses addresses() {
        return addresses;
    }

    private static Addresses ask(Winsock winsock) throws Win32Exception {
        long socket = socket(winsock);
        try {
            return new Addresses(
                    address(winsock, socket, "AcceptEx", WSAID_ACCEPTEX_LO(), WSAID_ACCEPTEX_HI()),
                    address(winsock, socket, "GetAcceptExSockaddrs", WSAID_GETACCEPTEXSOCKADDRS_LO(),
                            WSAID_GETACCEPTEXSOCKADDRS_HI()),
                    address(winsock, socket, "ConnectEx", WSAID_CONNECTEX_LO(), WSAID_CONNECTEX_HI()),
                    address(winsock, socket, "DisconnectEx", WSAID_DISCONNECTEX_LO(), WSAID_DISCONNECTEX_HI()),
                    address(winsock, socket, "TransmitFile", WSAID_TRANSMITFILE_LO(), WSAID_TRANSMITFILE_HI()));
        } finally {
            winsock.closesocket(socket);
        }
    }

    /** Of IPv4, or, where that is not installed, of IPv6. */
    private static long socket(Winsock winsock) throws Win32Exception {
        long ipv4 = winsock.socket(AF_INET());
        if (ipv4 >= 0) {
            return ipv4;
        }
        long ipv6 = winsock.socket(AF_INET6());
        if (ipv6 < 0) {
            throw new Win32Exception("WSASocketW", (int) -ipv4,
                    "a socket to ask for AcceptEx (of IPv6: " + ErrorName.of((int) -ipv6) + ")");
        }
        return ipv6;
    }

    private static long address(Winsock winsock, long socket, String function, long guidLow, long guidHigh)
            throws Win32Exception {
        long address = winsock.extension(socket, guidLow, guidHigh);
        if (address < 0) {
            throw new Win32Exception("SIO_GET_EXTENSION_FUNCTION_POINTER", (int) -address, function);
        }
        return address;
    }
}
