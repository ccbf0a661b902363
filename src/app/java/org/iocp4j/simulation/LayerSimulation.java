package org.iocp4j.simulation;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;

/**
 * One life of a program straight on the layer of sockets: one domain or two, of a loop or of a pool, and other threads
 * that wake and close. What it does is random; what must come of it is not.
 */
final class LayerSimulation implements Simulation {
    private static final int OPERATION_BYTES = 48;
    private static final long CALL_NANOS = 1_000_000;
    /** What a packet of {@link org.iocp4j.socket.IoDomain#wake} says. */
    private static final int WAKE = -1;
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    private final SimulatedKernel kernel;
    private final FaultPlan plan;
    final SeededRandom random;
    private final Arena arena = Arena.ofAuto();
    private final ArrayDeque<LayerMemory> memory = new ArrayDeque<>();
    private final Map<IoThread, LayerThread> threads = new IdentityHashMap<>();
    private final List<LayerDomain> domains = new ArrayList<>();
    private final List<LayerListener> listeners = new ArrayList<>();
    final Streams streams;
    private int strangers;
    private boolean started;

    LayerSimulation(long seed, FaultPlan plan) {
        this.plan = plan;
        kernel = new SimulatedKernel(seed, plan).operationBytes(OPERATION_BYTES).forbidMisuse()
                .checkEachStep(this::checkWakes).checkAtRest(() -> domains.forEach(LayerDomain::checkAtRest));
        streams = new Streams(kernel);
        random = new SeededRandom(seed ^ 0x1A7E5);
        if (random.chance(0.6)) {
            domains.add(new LayerDomain(this, "domain 0"));
        } else {
            domains.add(new LayerDomain(this, "domain 0"));
            domains.add(new LayerDomain(this, "domain 1"));
        }
    }

    @Override
    public SimulatedKernel kernel() {
        return kernel;
    }

    @Override
    public void run() {
        kernel.run(this::scenario);
    }

    @Override
    public boolean hasStarted() {
        return started;
    }

    private void scenario() {
        kernel.putFile(LayerFile.PATH, LayerFile.contents(0, LayerFile.BYTES));
        LayerDomain first = domains.getFirst();
        LayerThread main = thread(first);
        for (LayerDomain more : domains.subList(1, domains.size())) {
            start(more.toString(), more, on -> live(more, on));
        }
        for (int i = random.below(3); i > 0; i--) {
            strangers++;
            start("stranger " + i, null, this::stranger);
        }
        live(first, main);
        boolean all = kernel.until(() -> strangers == 0 && domains.stream().allMatch(LayerDomain::hasEnded), ENOUGH);
        require(all, "a thread hangs");
        kernel.requireNothingLeft();
    }

    /** One packet at most is on its way to wake a domain. */
    private void checkWakes() {
        int most = kernel.mostPosted(WAKE);
        if (most > 1) {
            require(false, most + " packets of wake are on their way to one domain");
        }
    }

    private void live(LayerDomain domain, LayerThread on) {
        if (domain.start(on)) {
            started = true;
            domain.run(on);
        }
    }

    /** Wakes and closes, now and then, whatever goes on. */
    private void stranger(LayerThread on) {
        for (int i = random.below(12); i > 0; i--) {
            kernel.sleep(Duration.ofNanos(random.between(1, 40_000_000)));
            LayerDomain domain = random.pick(domains);
            switch (random.below(4)) {
                case 0 -> domain.wake(on.io.win32());
                case 1 -> domain.post(on.io.win32());
                default -> domain.closeSomething(on);
            }
        }
        strangers--;
    }

    // ---- threads ----

    void start(String name, LayerDomain home, Consumer<LayerThread> work) {
        kernel.start(name, () -> work.accept(thread(home)));
    }

    private LayerThread thread(LayerDomain home) {
        Win32 win32 = kernel.attach();
        LayerThread thread = new LayerThread(this, home, new IoThread(win32));
        threads.put(thread.io, thread);
        return thread;
    }

    LayerThread thread(IoThread io) {
        LayerThread known = threads.get(io);
        require(known != null, "an event on a thread of nobody's");
        return known;
    }

    long now() {
        return kernel.elapsed().toNanos();
    }

    // ---- what the domains share ----

    LayerDomain other(LayerDomain than) {
        return domains.getLast() == than ? domains.getFirst() : domains.getLast();
    }

    void listens(LayerListener listener) {
        listeners.add(listener);
    }

    /** Where somebody listens, or did, or where nobody is. */
    InetSocketAddress someAddress() {
        if (listeners.isEmpty() || random.chance(0.05)) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        }
        LayerListener one = random.pick(listeners);
        for (int tries = 3; one.isOver() && tries > 0; tries--) {
            one = random.pick(listeners);
        }
        return one.address();
    }

    void addClient() {
        new RandomClient(kernel, random, streams, this::someAddress);
    }

    LayerMemory takeMemory() {
        LayerMemory free = memory.poll();
        return free == null ? new LayerMemory(arena) : free;
    }

    void giveMemory(LayerMemory unused) {
        unused.back();
        memory.add(unused);
    }

    // ---- rules ----

    void require(boolean holds, String violation) {
        kernel.require(holds, violation);
    }

    boolean callsFail() {
        return plan.failures().calls() > 0 || plan.failures().shortages() > 0;
    }

    boolean packetsFail() {
        return plan.failures().packets() > 0;
    }

    /** How long a packet may take that is due. */
    long mostPacketNanos() {
        return plan.timing().delayNanos() + CALL_NANOS;
    }

    boolean cancelsFail() {
        return plan.failures().cancels() > 0;
    }

    boolean postsFail() {
        return plan.failures().posts() > 0;
    }
}
