package org.iocp4j.netty;

import static org.iocp4j.win32.generated.WinTypes.ERROR_NETNAME_DELETED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_ADDRESS_ALREADY_EXISTS;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_ABORTED;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CONNECTION_RESET;
import static org.iocp4j.win32.generated.WinTypes.STATUS_TOO_MANY_ADDRESSES;
import static org.iocp4j.win32.generated.WinTypes.WSAEADDRINUSE;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNABORTED;
import static org.iocp4j.win32.generated.WinTypes.WSAECONNRESET;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.win32.ErrorName;
import org.iocp4j.win32.Win32Exception;

/** Windows' codes as the exceptions, and with the messages, that users of Netty know from java.nio. */
final class IoFailure {
    private IoFailure() {
    }

    /** @param code a status, negative, or a Win32 or Winsock code, positive */
    static IOException ofConnect(int code) {
        return switch (ConnectFailure.of(code)) {
            case REFUSED -> new ConnectException("Connection refused");
            case TIMED_OUT -> new ConnectException("Connection timed out");
            case UNREACHABLE -> new NoRouteToHostException("No route to host");
            case NO_ROOM -> isOfPort(code) ? new BindException("no local port for one more connection: " + name(code))
                    : new SocketException("no memory or socket for one more connection: " + name(code));
            case CANCELLED -> new ClosedChannelException();
            case OTHER -> new SocketException(name(code));
        };
    }

    private static boolean isOfPort(int code) {
        return code == WSAEADDRINUSE() || code == STATUS_ADDRESS_ALREADY_EXISTS()
                || code == STATUS_TOO_MANY_ADDRESSES();
    }

    static IOException ofBind(int error, InetSocketAddress address) {
        return new BindException(ErrorName.of(error) + ": " + address);
    }

    /** A listener could not be made: programs look for this type, the cause tells the call and its error. */
    static IOException ofBind(Win32Exception cause) {
        BindException failure = new BindException(cause.getMessage());
        failure.initCause(cause);
        return failure;
    }

    /** @param error what a post, a recv or a shutdown has returned */
    static IOException ofCall(int error) {
        if (error == WSAENOTSOCK()) {
            return new ClosedChannelException();
        }
        boolean isReset = error == WSAECONNRESET() || error == WSAECONNABORTED() || error == ERROR_NETNAME_DELETED();
        return new SocketException(isReset ? "Connection reset" : ErrorName.of(error));
    }

    /** @param status of a receive or a send */
    static IOException ofStatus(int status) {
        boolean isReset = status == STATUS_CONNECTION_RESET() || status == STATUS_CONNECTION_ABORTED();
        return new SocketException(isReset ? "Connection reset" : ErrorName.ofStatus(status));
    }

    private static String name(int code) {
        return code < 0 ? ErrorName.ofStatus(code) : ErrorName.of(code);
    }
}
