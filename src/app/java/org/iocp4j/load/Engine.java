package org.iocp4j.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import org.iocp4j.win32.WindowsWin32;

/** What moves the bytes of a {@link LoadClient}. What is said, checked and counted is the same. */
public enum Engine {
    /** Channels and selectors of {@code java.nio}, on any system. */
    NIO {
        @Override
        void require() {
        }

        @Override
        IoLoop newLoop(InetSocketAddress server, LoadOptions options) throws IOException {
            return new NioLoop(server);
        }
    },
    /** Completion ports: Windows, or Wine. */
    IOCP {
        @Override
        void require() {
            WindowsWin32.attach().close();
        }

        @Override
        IoLoop newLoop(InetSocketAddress server, LoadOptions options) throws IOException {
            return new IocpLoop(server, options);
        }
    };

    /** @throws org.iocp4j.win32.UnsupportedPlatformException if it does not work here */
    abstract void require();

    /** A loop for the calling thread. */
    abstract IoLoop newLoop(InetSocketAddress server, LoadOptions options) throws IOException;
}
