package org.iocp4j.channels;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.channels.seam.Surroundings;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;

/** Windows, and the JVM's own threads. */
final class WindowsSurroundings implements Surroundings {
    @Override
    public Win32 attach() {
        return WindowsWin32.attach();
    }

    @Override
    public ChannelLock newLock() {
        return new ChannelLock();
    }

    @Override
    public ExecutorService newFixedPool(int threads, ThreadFactory factory) {
        return Executors.newFixedThreadPool(threads, factory);
    }

    @Override
    public void start(String name, Runnable work) {
        Thread thread = new Thread(null, work, name, 0, false);
        thread.setDaemon(true);
        thread.start();
    }
}
