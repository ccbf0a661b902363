package org.iocp4j.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.util.concurrent.Ticker;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.win32.Win32;

/** A loop on a simulated kernel, which the thread of the scenario drives. */
final class SimulatedLoop {
    private static final long ENOUGH_NANOS = 10_000_000_000L;
    private static final long ROUND_NANOS = 1_000_000;

    final SimulatedKernel kernel;
    private final ManualIoEventLoop loop;
    private IocpIoHandler handler;
    private boolean ending;

    SimulatedLoop(SimulatedKernel kernel, DomainOptions options) {
        this(kernel, options, kernel::sharedView);
    }

    /** @param system the kernel, or what stands before it */
    private SimulatedLoop(SimulatedKernel kernel, DomainOptions options, Supplier<Win32> system) {
        this.kernel = kernel;
        IoHandlerFactory factory = IocpIoHandler.newFactory(options, system);
        loop = new ManualIoEventLoop(null, Thread.currentThread(), executor -> {
            handler = (IocpIoHandler) factory.newHandler(executor);
            return handler;
        }, new Clock());
    }

    /** A scenario on a calm kernel. */
    static void run(DomainOptions options, Consumer<SimulatedLoop> test) {
        run(options, (kernel, method, arguments, call) -> call.call(), test);
    }

    /** A call of the loop's to the kernel, or of another thread's. */
    interface Call {
        Object call() throws Throwable;
    }

    /** What happens instead of a call of the method of this name, or around it. */
    interface Around {
        Object around(SimulatedKernel kernel, String method, Object[] arguments, Call call) throws Throwable;
    }

    static void run(DomainOptions options, Around around, Consumer<SimulatedLoop> test) {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            SimulatedLoop loop = new SimulatedLoop(kernel, options, () -> within(kernel, around));
            test.accept(loop);
            loop.end();
            assertThat(kernel.openSockets()).isZero();
        });
    }

    private static Win32 within(SimulatedKernel kernel, Around around) {
        Win32 view = kernel.sharedView();
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> around.around(kernel, method.getName(), arguments, () -> {
                    try {
                        return method.invoke(view, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    IocpIoHandler handler() {
        return handler;
    }

    /** A channel to be connected. */
    Channel client() {
        ChannelFuture registered = new Bootstrap().group(loop).channel(IocpSocketChannel.class)
                .handler(Bed.nothing()).register();
        assertThat(until(registered::isDone)).isTrue();
        return registered.channel();
    }

    Channel listen(ChannelHandler child, Consumer<ServerBootstrap> more) {
        ServerBootstrap bootstrap = new ServerBootstrap().group(loop).channel(IocpServerSocketChannel.class)
                .childHandler(child);
        more.accept(bootstrap);
        ChannelFuture bound = bootstrap.bind(Bed.loopback());
        assertThat(until(bound::isDone)).isTrue();
        assertThat(bound.isSuccess()).as("bound").isTrue();
        return bound.channel();
    }

    SimulatedClient connect(Channel server) {
        return kernel.client(new SimulatedClient.Script() { }).connect((InetSocketAddress) server.localAddress());
    }

    /** Drives the loop until something holds; whether it came to hold. */
    boolean until(BooleanSupplier holds) {
        return until(holds, ENOUGH_NANOS);
    }

    boolean until(BooleanSupplier holds, long nanos) {
        long bound = kernel.nanoTime() + nanos;
        while (!holds.getAsBoolean()) {
            if (kernel.nanoTime() >= bound) {
                return false;
            }
            if (loop.run(ROUND_NANOS, 0) == 0) {
                kernel.sleep(Duration.ofNanos(ROUND_NANOS));
            }
        }
        return true;
    }

    void drive(long millis) {
        until(() -> false, TimeUnit.MILLISECONDS.toNanos(millis));
    }

    void end() {
        ending = true;
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        for (int i = 0; i < 10_000 && !loop.isTerminated(); i++) {
            loop.runNow(0);
        }
        assertThat(loop.isTerminated()).as("the loop has ended").isTrue();
    }

    /** The kernel's. */
    private final class Clock implements Ticker {
        private long passed;

        @Override
        public long initialNanoTime() {
            return 0;
        }

        @Override
        public long nanoTime() {
            passed += ending ? 1 : 0; // or the loop would wait, in real time, until some has
            return kernel.nanoTime() + passed;
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("the loop sleeps");
        }
    }
}
