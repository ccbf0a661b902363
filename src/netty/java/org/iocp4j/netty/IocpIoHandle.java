package org.iocp4j.netty;

import io.netty.channel.IoHandle;
import java.io.IOException;
import org.iocp4j.win32.Win32Exception;

/** What {@link IocpIoHandler} serves: our channels' sockets, which post to its port by themselves. */
interface IocpIoHandle extends IoHandle {
    /**
     * Brings the socket to the handler's port, where it stays for as long as it is open. On the loop's thread.
     *
     * @throws IllegalStateException if it is on another handler's already
     * @throws Win32Exception        if Windows refuses
     */
    void bringTo(IocpIoHandler handler) throws Win32Exception;

    /** Closes the channel: no packet comes any more. On the loop's thread. */
    void portLost(IOException failure);

    /** Closes the socket, without a word to its channel's handlers: the loop has ended. On the loop's thread. */
    void abandon();

    @Override
    void close();
}
