package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.SO_KEEPALIVE;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.nio.channels.InterruptedByTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.iocp4j.channels.IocpAsynchronousChannelProvider;
import org.iocp4j.channels.internal.ProviderFactory;
import org.iocp4j.channels.seam.ChannelLock;
import org.iocp4j.channels.seam.Settings;
import org.iocp4j.channels.seam.Surroundings;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;

/** A call of the channels throws, as it does where memory for Java is short. */
class ChannelsThrowTest {
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    private static final int BUFFER_BYTES = 16;
    private static final int SENT = 5 * BUFFER_BYTES;

    private final SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);

    /** Its recv throws while it is told to, and the dequeue of the time-outs' thread so many times. */
    private final class Throwing implements Surroundings {
        private final ChannelsSurroundings real = new ChannelsSurroundings(kernel);
        private final ThreadLocal<Boolean> isOfTimers = ThreadLocal.withInitial(() -> false);
        private boolean throwsNow;
        private boolean optionsThrow;
        private int timersThrow;

        @Override
        public Win32 attach() {
            Win32 win32 = real.attach();
            return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                    (proxy, method, arguments) -> {
                        if (throwsNow && method.getName().equals("recv")) {
                            throw new OutOfMemoryError("a test's");
                        }
                        if (optionsThrow && method.getName().equals("setsockopt") && isOf(SO_KEEPALIVE(), arguments)) {
                            throw new StackOverflowError("a test's");
                        }
                        if (timersThrow > 0 && method.getName().equals("getQueuedCompletionStatusEx")
                                && isOfTimers.get()) {
                            timersThrow--;
                            throw new OutOfMemoryError("a test's");
                        }
                        try {
                            return method.invoke(win32, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        private static boolean isOf(int option, Object[] arguments) {
            return arguments[2].equals(option);
        }

        @Override
        public ChannelLock newLock() {
            return real.newLock();
        }

        @Override
        public ExecutorService newFixedPool(int threads, ThreadFactory factory) {
            return real.newFixedPool(threads, factory);
        }

        @Override
        public void start(String name, Runnable work) {
            real.start(name, () -> {
                isOfTimers.set(name.equals("iocp4j-timers"));
                work.run();
            });
        }
    }

    private final Throwing surroundings = new Throwing();
    private IocpAsynchronousChannelProvider provider;
    private AsynchronousChannelGroup group;

    private void start() throws Exception {
        provider = ProviderFactory.newProvider(surroundings, new Settings(1, false, BUFFER_BYTES, 100));
        group = provider.openAsynchronousChannelGroup(1, Thread::new);
    }

    private AsynchronousSocketChannel accepted(Consumer<SimulatedClient> whenConnected) throws Exception {
        AsynchronousServerSocketChannel listener = provider.openAsynchronousServerSocketChannel(group)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Future<AsynchronousSocketChannel> accept = listener.accept();
        kernel.client(new SimulatedClient.Script() {
            @Override
            public void connected(SimulatedClient client) {
                whenConnected.accept(client);
            }
        }).connect((InetSocketAddress) listener.getLocalAddress());
        return get(accept);
    }

    private void end() throws Exception {
        group.shutdownNow();
        kernel.require(kernel.until(group::isTerminated, ENOUGH), "the group does not end");
        ProviderFactory.end(provider);
        kernel.until(() -> kernel.leftovers().isEmpty(), ENOUGH);
        kernel.requireNothingLeft();
    }

    private <T> T get(Future<T> future) throws Exception {
        kernel.require(kernel.until(future::isDone, ENOUGH), "an operation does not end");
        return future.get();
    }

    @Test
    void theReadHasWhatCameBeforeAndTheNextOneFailsAndNoBufferIsLost() {
        kernel.run(() -> {
            start();
            AsynchronousSocketChannel channel = accepted(client -> client.send(new byte[SENT]));
            kernel.sleep(Duration.ofSeconds(1)); // all has come
            surroundings.throwsNow = true;
            assertThat(get(channel.read(ByteBuffer.allocate(2 * SENT)))).isEqualTo(BUFFER_BYTES);
            Future<Integer> next = channel.read(ByteBuffer.allocate(2 * SENT));
            kernel.require(kernel.until(next::isDone, ENOUGH), "a read does not end");
            assertThat(next.exceptionNow()).isInstanceOf(SocketException.class)
                    .hasCauseInstanceOf(OutOfMemoryError.class);
            surroundings.throwsNow = false;
            assertThat(get(channel.read(ByteBuffer.allocate(2 * SENT)))).isEqualTo(SENT - BUFFER_BYTES);
            assertThat(provider.statistics().buffersLent()).isZero();
            end();
        });
    }

    /** An option is set during the connect, and Windows asked when that has ended. */
    @Test
    void aConnectIsToldThoughAnOptionHasFailed() {
        kernel.run(() -> {
            start();
            AsynchronousServerSocketChannel listener = provider.openAsynchronousServerSocketChannel(group)
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            AsynchronousSocketChannel channel = provider.openAsynchronousSocketChannel(group);
            Future<Void> connect = channel.connect(listener.getLocalAddress());
            surroundings.optionsThrow = true;
            channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true)
                    .setOption(StandardSocketOptions.TCP_NODELAY, false);
            assertThat(get(connect)).isNull();
            assertThat(channel.getOption(StandardSocketOptions.TCP_NODELAY)).isFalse();
            assertThat(channel.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
            end();
        });
    }

    @Test
    void aReadTimesOutThoughTheThreadForThatHasFailed() {
        kernel.run(() -> {
            start();
            AsynchronousSocketChannel channel = accepted(client -> { });
            surroundings.timersThrow = 3;
            CompletableFuture<Integer> read = new CompletableFuture<>();
            channel.read(ByteBuffer.allocate(1), 2, TimeUnit.SECONDS, null, new CompletionHandler<Integer, Void>() {
                @Override
                public void completed(Integer bytes, Void none) {
                    read.complete(bytes);
                }

                @Override
                public void failed(Throwable cause, Void none) {
                    read.completeExceptionally(cause);
                }
            });
            kernel.require(kernel.until(read::isDone, ENOUGH), "the read does not time out");
            assertThat(read.exceptionNow()).isInstanceOf(InterruptedByTimeoutException.class);
            assertThat(surroundings.timersThrow).isZero();
            end();
        });
    }
}
