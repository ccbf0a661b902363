package org.iocp4j.netty.suite;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An address at which a connect stays pending, for the tests that cancel one: a listener on loopback that accepts
 * nobody and whose backlog is full. Netty's own default lies in a network that no router should know, but some do. On
 * Windows a full backlog refuses [doc]: there the default stays.
 */
final class BlackHole implements BeforeAllCallback {
    private static final int MOST = 16;
    private static ServerSocket listener;
    private static final List<Socket> WAITING = new ArrayList<>();

    /** Before Netty's class of combinations reads the address. */
    @Override
    public synchronized void beforeAll(ExtensionContext context) throws IOException {
        if (listener == null) {
            listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            if (fill((InetSocketAddress) listener.getLocalSocketAddress())) {
                System.setProperty("io.netty.testsuite.badHost", listener.getInetAddress().getHostAddress());
                System.setProperty("io.netty.testsuite.badPort", Integer.toString(listener.getLocalPort()));
            }
        }
    }

    /** Whether connects came to stay pending. */
    private static boolean fill(InetSocketAddress address) {
        try {
            while (WAITING.size() < MOST) {
                Socket socket = new Socket();
                WAITING.add(socket);
                socket.connect(address, 200);
            }
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
