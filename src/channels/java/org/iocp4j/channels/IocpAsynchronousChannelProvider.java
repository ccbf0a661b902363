package org.iocp4j.channels;

import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.IllegalChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import org.iocp4j.channels.seam.Settings;
import org.iocp4j.channels.seam.Surroundings;
import org.jspecify.annotations.Nullable;

/**
 * java.nio's asynchronous socket channels on Windows I/O completion ports, in place of the JDK's own. A program that
 * uses these channels needs no change, but two options of the {@code java} command:
 *
 * <pre>
 * -Djava.nio.channels.spi.AsynchronousChannelProvider=org.iocp4j.channels.IocpAsynchronousChannelProvider
 * --enable-native-access=ALL-UNNAMED
 * </pre>
 *
 * With these {@link AsynchronousChannelProvider#provider} finds it, if it is on the class path of the system class
 * loader. A program can also make one, and open groups and channels with it. Any thread.
 */
@SuppressWarnings("exports") // JSpecify is for compilers: users need not have its module
public final class IocpAsynchronousChannelProvider extends AsynchronousChannelProvider {
    private static final String FACTORY = "java.nio.channels.DefaultThreadPool.threadFactory";
    private static final String INITIAL_SIZE = "java.nio.channels.DefaultThreadPool.initialSize";

    private final Transport transport;
    private @Nullable IocpChannelGroup defaultGroup;

    /**
     * For {@link AsynchronousChannelProvider#provider}, and for programs that want one of their own. It lasts as long
     * as the process.
     *
     * @throws UnsupportedOperationException if this is not Windows, or the module may not use native access; the
     *                                       message says what to do
     * @throws IllegalArgumentException      if a property of iocp4j has a bad value
     */
    public IocpAsynchronousChannelProvider() {
        this(new WindowsSurroundings(), Settings.ofProperties());
    }

    IocpAsynchronousChannelProvider(Surroundings surroundings, Settings settings) {
        transport = new Transport(surroundings, settings);
    }

    /** For a simulation, when its groups have terminated: the provider's thread gives everything back, and ends. */
    void end() {
        transport.timers.end();
    }

    @Override
    public AsynchronousChannelGroup openAsynchronousChannelGroup(int threads, ThreadFactory factory)
            throws IOException {
        Objects.requireNonNull(factory, "factory is null");
        if (threads < 1) {
            throw new IllegalArgumentException("'nThreads' must be > 0");
        }
        return IocpChannelGroup.fixed(this, transport, threads, factory);
    }

    /**
     * A group whose handlers run on the pool's threads.
     *
     * @param pool        should have as many threads as handlers may wait for something at the same time
     * @param initialSize how many of the pool's threads dequeue besides running handlers; negative: as many as there
     *                    are processors. Of a pool with a bound at least one is left to handlers alone; the bound of
     *                    one whose queue takes tasks is its core size, since it starts no more threads before the
     *                    queue is full
     */
    @Override
    public AsynchronousChannelGroup openAsynchronousChannelGroup(ExecutorService pool, int initialSize)
            throws IOException {
        Objects.requireNonNull(pool, "executor is null");
        int wanted = initialSize < 0 ? Runtime.getRuntime().availableProcessors() : initialSize;
        int threads = pool instanceof ThreadPoolExecutor bounded
                ? Math.clamp(mostThreads(bounded) - 1, 0, wanted) : wanted;
        return IocpChannelGroup.onPool(this, transport, pool, threads);
    }

    /** How many threads run tasks, whatever is queued: those above its core come when its queue takes no more. */
    private static int mostThreads(ThreadPoolExecutor pool) {
        boolean queues = pool.getQueue().remainingCapacity() > 0 || !pool.getQueue().isEmpty();
        return queues ? Math.max(1, pool.getCorePoolSize()) : pool.getMaximumPoolSize();
    }

    @Override
    public AsynchronousServerSocketChannel openAsynchronousServerSocketChannel(
            @Nullable AsynchronousChannelGroup group) throws IOException {
        IocpChannelGroup ours = ours(group);
        return ours.open(() -> new IocpServerSocketChannel(ours));
    }

    @Override
    public AsynchronousSocketChannel openAsynchronousSocketChannel(@Nullable AsynchronousChannelGroup group)
            throws IOException {
        IocpChannelGroup ours = ours(group);
        return ours.open(() -> IocpSocketChannel.open(ours));
    }

    private IocpChannelGroup ours(@Nullable AsynchronousChannelGroup group) throws IOException {
        if (group == null) {
            return defaultGroup();
        }
        if (!(group instanceof IocpChannelGroup ours) || ours.provider() != this) {
            throw new IllegalChannelGroupException();
        }
        return ours;
    }

    /** It never ends. */
    private synchronized IocpChannelGroup defaultGroup() throws IOException {
        IocpChannelGroup present = defaultGroup;
        if (present == null) {
            ThreadFactory factory = defaultFactory();
            int size = defaultSize();
            present = IocpChannelGroup.onPool(this, transport, Executors.newCachedThreadPool(factory), size);
            defaultGroup = present;
        }
        return present;
    }

    /** A bad value is an Error, as with the JDK's. */
    private static ThreadFactory defaultFactory() {
        String name = System.getProperty(FACTORY);
        if (name == null) {
            return task -> {
                Thread thread = new Thread(task);
                thread.setDaemon(true);
                return thread;
            };
        }
        try {
            return Class.forName(name, true, ClassLoader.getSystemClassLoader()).asSubclass(ThreadFactory.class)
                    .getConstructor().newInstance();
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new Error(FACTORY + " = " + name, e);
        }
    }

    private static int defaultSize() {
        String value = System.getProperty(INITIAL_SIZE);
        if (value == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            int size = Integer.parseInt(value);
            return size < 0 ? Runtime.getRuntime().availableProcessors() : size;
        } catch (NumberFormatException e) {
            throw new Error(INITIAL_SIZE + " = " + value, e);
        }
    }

    /** What its channels have done and have. */
    public ChannelStatistics statistics() {
        return ChannelStatistics.of(transport);
    }
}
