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
import org.iocp4j.win32.Win32;

/**
 * One life of a program straight on the layer of sockets: one domain or two, of a loop or of a pool, and other threads
 * that wake and close. What it does is random; what must come of it is not.
 */
final class LayerSimulation extends TransportSimulation {
    private static final long CALL_NANOS = 1_000_000;
    private static final Duration ENOUGH = Duration.ofSeconds(60);

    private final Arena arena = Arena.ofAuto();
    private final ArrayDeque<LayerMemory> memory = new ArrayDeque<>();
    private final Map<IoThread, LayerThread> threads = new IdentityHashMap<>();
    private final List<LayerDomain> domains = new ArrayList<>();
    private final List<LayerListener> listeners = new ArrayList<>();
    private int strangers;

    LayerSimulation(long seed, FaultPlan plan) {
        super(seed, 0x1A7E5, plan);
        kernel.checkEachStep(this::checkWakes).checkAtRest(() -> domains.forEach(LayerDomain::checkAtRest));
        if (random.chance(0.6)) {
            domains.add(new LayerDomain(this, "domain 0"));
        } else {
            domains.add(new LayerDomain(this, "domain 0"));
            domains.add(new LayerDomain(this, "domain 1"));
        }
    }

    @Override
    void scenario() {
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

    private void live(LayerDomain domain, LayerThread on) {
        if (domain.start(on)) {
            started();
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

    /** How long a packet may take that is due. */
    long mostPacketNanos() {
        return plan.timing().delayNanos() + CALL_NANOS;
    }
}
