package org.iocp4j.netty.suite;

import java.io.IOException;
import org.iocp4j.FullListener;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * An address at which a connect stays pending, for the tests that cancel one: a {@link FullListener}'s. Netty's own
 * default lies in a network that no router should know, but some do. On Windows a full backlog refuses [doc]: there the
 * default stays.
 */
final class BlackHole implements BeforeAllCallback {
    /** For all tests of this JVM. */
    private static FullListener listener;
    private static boolean done;

    /** Before Netty's class of combinations reads the address. */
    @Override
    public synchronized void beforeAll(ExtensionContext context) {
        if (done) {
            return;
        }
        done = true;
        try {
            listener = new FullListener();
            System.setProperty("io.netty.testsuite.badHost", listener.address().getAddress().getHostAddress());
            System.setProperty("io.netty.testsuite.badPort", Integer.toString(listener.address().getPort()));
        } catch (IOException e) {
            listener = null; // the default stays
        }
    }
}
