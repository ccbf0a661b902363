package org.iocp4j.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelException;
import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.iocp4j.netty.IocpIoHandler;
import org.iocp4j.port.Delivery;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulationFailure;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;

/**
 * One life of a program on the transport for Netty: one event loop, which its thread drives by itself, and other
 * threads that call its channels. What it does is random; what must come of it is not.
 */
final class NettySimulation extends TransportSimulation {
    private static final int MOST_ACTS = 80;
    private static final int MOST_LISTENERS = 2;
    private static final long LIFE_NANOS = 300_000_000;
    /** Longer than a connection is left with a receive buffer. */
    private static final long QUIET_NANOS = 2_500_000_000L;
    private static final long MOST_DELAY_NANOS = 60_000_000;
    private static final long LATE_NANOS = 50_000_000;
    private static final Duration ENOUGH = Duration.ofSeconds(10);

    final NettyMemory memory;
    final NettyMessages messages;
    private final List<NettyListener> listeners = new ArrayList<>();
    private final List<NettyConnection> connections = new ArrayList<>();
    private final Map<Integer, NettyConnection> byClientPort = new HashMap<>();
    private final List<ByteBuf> kept = new ArrayList<>();
    private Thread thread;
    private ManualIoEventLoop loop;
    private NettyLoop io;
    private int acts;
    private int strangers;
    private boolean settling;
    private boolean ending;
    /** Tasks of other threads. */
    private int submitted;
    private int executed;
    private SimulationFailure failure;

    NettySimulation(long seed, FaultPlan plan) {
        super(seed, 0x4E7717, plan);
        kernel.checkEachStep(this::checkWakes).checkAtRest(this::checkAtRest);
        memory = new NettyMemory(kernel, random.chance(0.5));
        messages = new NettyMessages(random, memory);
        acts = 10 + random.below(MOST_ACTS);
    }

    // ---- a life ----

    @Override
    void scenario() {
        kernel.putFile(LayerFile.PATH, LayerFile.contents(0, LayerFile.BYTES));
        thread = Thread.currentThread();
        IoHandlerFactory transport = IocpIoHandler.newFactory(options(), kernel::sharedView);
        try {
            loop = new ManualIoEventLoop(null, thread, executor -> {
                io = new NettyLoop(transport, executor);
                return io;
            }, new Clock());
        } catch (ChannelException e) {
            require(callsFail(), "no loop: " + e);
            kernel.requireNothingLeft();
            return;
        }
        started();
        listen();
        for (int i = random.below(3); i > 0; i--) {
            strangers++;
            kernel.start("stranger " + i, this::stranger);
        }
        live();
        settle();
        if (random.chance(0.5)) {
            closeAll();
        }
        end();
    }

    private DomainOptions options() {
        DomainOptions options = DomainOptions.loop().withMostSockets(200)
                .withDelivery(random.chance(0.5) ? Delivery.PACKET : Delivery.RETURN);
        return random.chance(0.5) ? options : options.withReuse(DisconnectMethod.DISCONNECT_EX, random.below(4));
    }

    private void live() {
        long until = now() + random.between(1, LIFE_NANOS);
        while (now() < until) {
            round(random.pick(-1, 0, 1, 5, 30) * 1_000_000L);
            for (int most = random.below(3); most > 0 && mayAct(); most--) {
                act();
            }
            if (random.chance(0.005)) {
                until += QUIET_NANOS;
                round(QUIET_NANOS);
            }
        }
        acts = 0;
    }

    /** The loop once: its events, and some of its tasks, or all, or none. */
    private void round(long waitNanos) {
        int did = waitNanos < 0 ? loop.runNow(random.pick(-1, 0, 0, 1))
                : loop.run(Math.max(1, waitNanos), random.pick(-1, 0, 0, 1));
        if (failure != null) {
            throw failure;
        }
        if (did == 0) {
            kernel.sleep(Duration.ofNanos(1_000)); // also ends this thread, if the run is over
        }
    }

    private boolean rounds(BooleanSupplier until) {
        long bound = now() + ENOUGH.toNanos();
        while (!until.getAsBoolean()) {
            if (now() > bound) {
                return false;
            }
            round(10_000_000);
        }
        return true;
    }

    /** The program does nothing more, but reads: what was sent comes, and what was asked for ends. */
    private void settle() {
        require(rounds(() -> strangers == 0 && executed == submitted), "a thread hangs");
        loop.runNow(0); // what others have asked for, before
        boolean ended = rounds(() -> connections.stream().noneMatch(NettyConnection::missesEnd));
        require(ended || cancelsFail() || postsFail(), "a peer's end does not come where nobody reads");
        settling = true;
        List.copyOf(listeners).forEach(NettyListener::register);
        List.copyOf(connections).forEach(NettyConnection::settle);
        kept.forEach(ByteBuf::release);
        kept.clear();
        if (!rounds(() -> connections.stream().allMatch(connection -> connection.missing() == null))) {
            for (NettyConnection connection : connections) {
                String missing = connection.missing();
                require(missing == null || cancelsFail() || postsFail(), connection + ": " + missing);
            }
        }
    }

    private void closeAll() {
        listeners.forEach(listener -> listener.channel().close());
        List.copyOf(connections).forEach(NettyConnection::leave);
        boolean all = rounds(() -> listeners.stream().allMatch(NettyListener::isOver)
                && connections.stream().allMatch(NettyConnection::isOver) && io.registered() == 0);
        require(all || postsFail(), "closed and not gone: " + io.registered() + " registrations, "
                + connections.stream().filter(connection -> !connection.isOver()).toList()
                + listeners.stream().filter(listener -> !listener.isOver()).toList());
    }

    private void end() {
        ending = true;
        connections.stream().filter(NettyConnection::wasNeverRegistered).forEach(NettyConnection::leave);
        loop.shutdownGracefully(0, random.below(2), TimeUnit.SECONDS);
        long bound = now() + ENOUGH.toNanos();
        while (!loop.isTerminated() && now() < bound) {
            round(-1);
        }
        require(loop.isTerminated(), "the loop does not end");
        require(io.registered() == 0, io.registered() + " registrations are left");
        listeners.forEach(NettyListener::checkEnd);
        connections.forEach(NettyConnection::checkEnd);
        memory.requireNothingLive();
        kernel.requireNothingLeft();
    }

    // ---- what it does ----

    boolean mayAct() {
        return acts > 0 && !ending;
    }

    boolean isEnding() {
        return ending;
    }

    void act() {
        acts--;
        switch (random.below(16)) {
            case 0 -> listen();
            case 1, 2 -> connect();
            case 3, 4 -> new RandomClient(kernel, random, streams, this::someAddress);
            case 5 -> random.pick(listeners).act();
            case 6 -> schedule();
            case 7 -> releaseKept();
            default -> {
                if (!connections.isEmpty()) {
                    random.pick(connections).act();
                }
            }
        }
    }

    private void listen() {
        if (listeners.stream().filter(listener -> !listener.isOver()).count() < MOST_LISTENERS) {
            NettyListener listener = new NettyListener(this);
            listeners.add(listener);
            listener.listen();
        }
    }

    private void connect() {
        NettyConnection connection = new NettyConnection(this);
        connections.add(connection);
        connection.connect(someAddress());
    }

    /** Where somebody listens, or did, or where nobody is. */
    private InetSocketAddress someAddress() {
        NettyListener one = random.pick(listeners);
        return one.address() == null || random.chance(0.05)
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 1) : one.address();
    }

    /** A listener has a connection: it is registered at once, or later, or never. */
    void accepted(NettyConnection connection) {
        connections.add(connection);
        if (settling) {
            connection.settle();
        } else if (random.chance(0.85)) {
            connection.register();
        } else if (random.chance(0.3)) {
            connection.closeForcibly();
        }
    }

    private void schedule() {
        long due = now() + random.between(0, MOST_DELAY_NANOS);
        loop.schedule(() -> {
            require(now() >= due, "a task runs too early");
            require(now() - due < LATE_NANOS, "a task is " + (now() - due) + " ns late");
            if (mayAct()) {
                act();
            }
        }, due - now(), TimeUnit.NANOSECONDS);
    }

    /** Somebody still has it when its channel has long gone on. */
    void keep(ByteBuf buf) {
        kept.add(buf);
    }

    private void releaseKept() {
        if (!kept.isEmpty()) {
            kept.removeLast().release();
        }
    }

    /** Calls the channels, now and then, whatever goes on. */
    private void stranger() {
        for (int i = random.below(12); i > 0; i--) {
            kernel.sleep(Duration.ofNanos(random.between(1, 40_000_000)));
            if (mayAct() && !connections.isEmpty() && random.chance(0.7)) {
                random.pick(connections).actFromElsewhere();
            } else if (mayAct()) {
                submitted++;
                loop.execute(() -> executed++);
            }
        }
        strangers--;
    }

    /**
     * A connection by the client with this port is there, as one of its sides has it.
     *
     * @return the other side, if it is the program's too, and was told before
     */
    NettyConnection connected(int clientPort, NettyConnection side) {
        return byClientPort.putIfAbsent(clientPort, side);
    }

    // ---- rules ----

    private void checkAtRest() {
        if (io == null || !io.dequeues()) {
            return;
        }
        require(executed == submitted || io.isBeingWoken(), "a wake-up is lost");
        listeners.forEach(NettyListener::checkAtRest);
        connections.forEach(NettyConnection::checkAtRest);
    }

    void require(boolean holds, String violation) {
        if (!holds) {
            failed(violation, null);
        }
    }

    /** Netty catches what its handlers throw: the loop's thread throws it once more. */
    void failed(String violation, Throwable cause) {
        try {
            kernel.require(false, cause == null ? violation : violation + ", " + trace(cause));
        } catch (SimulationFailure e) {
            failure = e;
            throw e;
        }
    }

    private static String trace(Throwable cause) {
        StackTraceElement[] trace = cause.getStackTrace();
        return "at " + (trace.length == 0 ? "an unknown place" : trace[0]);
    }

    boolean isLoopsThread() {
        return Thread.currentThread() == thread;
    }

    /** To register channels with. */
    EventLoop loop() {
        return loop;
    }

    /** The kernel's. */
    private final class Clock implements Ticker {
        private final long start = kernel.nanoTime();
        private long passed;

        @Override
        public long initialNanoTime() {
            return start;
        }

        @Override
        public long nanoTime() {
            if (ending) {
                passed++; // or the loop would wait, in real time, until some has
            }
            return kernel.nanoTime() - start + passed;
        }

        @Override
        public void sleep(long delay, TimeUnit unit) {
            throw new UnsupportedOperationException("the loop sleeps");
        }
    }
}
