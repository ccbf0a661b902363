package org.iocp4j.channels.seam;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import org.iocp4j.win32.Win32;

/** The system, and all that threads of a provider wait for besides its calls. Any thread. */
public interface Surroundings {
    /** Makes a view of the system for the calling thread, or for one that it hands it to. */
    Win32 attach();

    /** A lock of its own for a channel, one of its directions, or a group. */
    ChannelLock newLock();

    /** The threads of a fixed group, each of which is given one task that lasts. */
    ExecutorService newFixedPool(int threads, ThreadFactory factory);

    /** Starts a thread that does not keep the JVM alive. */
    void start(String name, Runnable work);
}
