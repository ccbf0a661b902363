package org.iocp4j.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.iocp4j.port.TimerWheel;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;

/**
 * Idle sessions, whose receives are cancelled when their time is over, on a system that takes its time over each
 * CancelIoEx, and where the one of the first session throws for a while. The others end all the same. It also takes its
 * time to tell whoever drives the timer wheel what the time is, and meanwhile no other thread drives the wheel.
 */
public final class TickHunt implements LongFunction<String> {
    private static final int SESSIONS = 6;
    private static final int THROWN = 20;
    private static final Duration IDLE = Duration.ofMillis(300);
    private static final Duration CANCEL = Duration.ofMillis(150);
    /** Longer than a tick of the wheel: then the other workers look at it. */
    private static final Duration CLOCK = Duration.ofMillis(40);
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    private static final class Silent implements SimulatedClient.Script {
    }

    /** With so many seeds, from 1 on: what is wrong with the first, or null. */
    @Override
    public String apply(long seeds) {
        for (long seed = 1; seed <= seeds; seed++) {
            String wrong = run(seed);
            if (wrong != null) {
                return "seed " + seed + ": " + wrong;
            }
        }
        return null;
    }

    private static String run(long seed) {
        SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.CALM);
        AtomicInteger drivers = new AtomicInteger();
        AtomicInteger mostDrivers = new AtomicInteger();
        AtomicLong victim = new AtomicLong(-1);
        AtomicInteger throwsLeft = new AtomicInteger(THROWN);
        String[] wrong = {null};
        kernel.run(() -> {
            IocpServer server = start(() -> {
                Win32 win32 = kernel.attach();
                return (Win32) Proxy.newProxyInstance(TickHunt.class.getClassLoader(), new Class<?>[] {Win32.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("nanoTime") && isDriving()) {
                                mostDrivers.accumulateAndGet(drivers.incrementAndGet(), Math::max);
                                kernel.sleep(CLOCK);
                                drivers.decrementAndGet();
                            }
                            if (method.getName().equals("cancelIoEx")) {
                                kernel.sleep(CANCEL);
                                victim.compareAndSet(-1, (long) arguments[0]);
                                if (victim.get() == (long) arguments[0] && throwsLeft.getAndDecrement() > 0) {
                                    throw new StackOverflowError("provoked");
                                }
                            }
                            try {
                                return method.invoke(win32, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
            });
            for (int i = 0; i < SESSIONS; i++) {
                kernel.client(new Silent()).connect(server.localAddress());
            }
            kernel.until(() -> server.statistics().connections().accepts() == SESSIONS, ENOUGH);
            boolean othersEnd = kernel.until(() -> server.statistics().connections().sessions() <= 1, ENOUGH);
            if (!othersEnd || throwsLeft.get() <= 0) {
                wrong[0] = server.statistics().connections().sessions() + " sessions are left, with " + throwsLeft
                        + " throws to come";
            } else if (!kernel.until(() -> server.statistics().connections().sessions() == 0, ENOUGH)) {
                wrong[0] = "the session whose cancel threw does not end";
            } else if (mostDrivers.get() != 1) {
                wrong[0] = mostDrivers + " threads drive the timer wheel at the same time";
            }
            server.close();
        });
        return wrong[0];
    }

    /** Whether the calling thread drives a wheel. */
    private static boolean isDriving() {
        return StackWalker.getInstance().walk(frames ->
                frames.anyMatch(frame -> frame.getClassName().equals(TimerWheel.class.getName())
                        && frame.getMethodName().equals("run")));
    }

    private static IocpServer start(Supplier<Win32> system) {
        ServerOptions options = ServerOptions.builder().workers(3).acceptsPosted(2).pool(2).maxSessions(16)
                .idleTime(IDLE)
                .disconnectTime(ENOUGH).build();
        try {
            return ServerFactory.start((session, data) -> session.send(data), options, SessionIdentity.OVERLAPPED,
                    system);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
