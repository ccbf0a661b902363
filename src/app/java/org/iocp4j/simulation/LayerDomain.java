package org.iocp4j.simulation;

import static org.iocp4j.win32.generated.WinTypes.AF_INET;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.function.Predicate;
import org.iocp4j.port.CompletionFailedException;
import org.iocp4j.port.Delivery;
import org.iocp4j.port.FreeList;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.DetachedSocket;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.socket.DomainOptions;
import org.iocp4j.socket.IoDomain;
import org.iocp4j.socket.ListenerOptions;
import org.iocp4j.socket.OverlappedFile;
import org.iocp4j.socket.StreamListener;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.Win32Exception;

/** A domain of the program, with the threads that work on it and everything that it has. */
final class LayerDomain {
    private static final Duration END_BOUND = Duration.ofSeconds(20);
    private static final Duration END_TIME = Duration.ofSeconds(5);
    private static final int MOST_ACTS = 60;
    private static final int MOST_LISTENERS = 2;
    private static final long LIFE_NANOS = 300_000_000;
    private static final int KEY = 7;
    private static final List<DisconnectMethod> DISCONNECTS = List.of(DisconnectMethod.DISCONNECT_EX,
            DisconnectMethod.DISCONNECT_EX, DisconnectMethod.TRANSMIT_FILE, DisconnectMethod.CLOSE);

    /** What a program's event throws. */
    private static final class Whim extends RuntimeException {
        private static final long serialVersionUID = 1;

        Whim() {
            super("a whim", null, false, false);
        }
    }

    final LayerSimulation simulation;
    final DomainOptions options;
    private final String name;
    private final SeededRandom random;
    private final int workers;
    private IoDomain domain;
    private final List<LayerSocket> sockets = new ArrayList<>();
    private final List<LayerListener> listeners = new ArrayList<>();
    private final List<LayerFile> files = new ArrayList<>();
    private final List<LayerDeadline> deadlines = new ArrayList<>();
    /** Handles from another domain, which this one is to take over. */
    private final Queue<DetachedSocket> detached = new ArrayDeque<>();
    private int acts;
    private int working;
    private int waiting;
    private boolean over;
    private boolean ending;
    private boolean ended;
    private int thrown;
    private int reported;
    private int wanted;
    private int seen;
    private int posted;
    private int handled;

    LayerDomain(LayerSimulation simulation, String name) {
        this.simulation = simulation;
        this.name = name;
        random = simulation.random;
        boolean loop = random.chance(0.5);
        Delivery delivery = random.chance(0.5) ? Delivery.PACKET : Delivery.RETURN; // the rest is Wine's
        int keepFree = random.below(4);
        options = new DomainOptions(loop ? DomainOptions.Threads.LOOP : DomainOptions.Threads.POOL,
                loop ? 1 : random.below(3), 4 + random.below(12), delivery, !loop && random.chance(0.5),
                random.pick(DISCONNECTS), keepFree, keepFree + random.below(4),
                random.chance(0.5) ? FreeList.Order.LIFO : FreeList.Order.FIFO, Duration.ofMillis(100), null);
        workers = loop ? 1 : 2 + random.below(2);
        acts = 10 + random.below(MOST_ACTS);
    }

    boolean isLoop() {
        return options.threads() == DomainOptions.Threads.LOOP;
    }

    boolean isEnding() {
        return ending;
    }

    boolean hasEnded() {
        return ended;
    }

    // ---- threads ----

    /** By the first of its threads: whether there is a domain. */
    boolean start(LayerThread on) {
        try {
            domain = new IoDomain(options, (key, bytes, io) -> handle(key, bytes), on.io);
        } catch (Win32Exception e) {
            simulation.require(simulation.callsFail(), "no domain: " + e);
            ending = true;
            ended = true;
            return false;
        }
        for (int i = random.below(4); i > 0; i--) {
            deadlines.add(new LayerDeadline(this, domain));
        }
        for (int i = 1; i < workers; i++) {
            working++;
            simulation.start(name + " worker " + i, this, this::work);
        }
        return true;
    }

    /** The life of the first of its threads. */
    void run(LayerThread on) {
        long until = simulation.now() + random.between(1, LIFE_NANOS);
        while (!over || working > 0) {
            round(on);
            over |= simulation.now() >= until;
        }
        if (random.chance(0.5)) {
            prepare(on);
            if (!simulation.callsFail() && random.chance(0.2)) {
                fill(on);
            }
        }
        end(on);
    }

    private void work(LayerThread on) {
        while (!over || on.io.hasWork()) {
            round(on);
        }
        report(on);
        working--;
    }

    private void round(LayerThread on) {
        int timeout = over ? 1 : random.pick(0, 1, 5, 30);
        dequeue(on, timeout);
        for (int most = random.below(3); most > 0 && mayAct() && !over; most--) {
            act(on);
        }
    }

    private void dequeue(LayerThread on, int timeoutMillis) {
        on.dequeues(true);
        waiting++;
        try {
            domain.dequeue(on.io, timeoutMillis, 1 + random.below(64));
        } catch (CompletionFailedException e) {
            reported += e.failures();
        } catch (Win32Exception e) {
            simulation.require(false, "a dequeue fails: " + e);
        } finally {
            waiting--;
            seen = wanted;
            on.dequeues(false);
        }
    }

    /** What was thrown after a dequeue had thrown. */
    private void report(LayerThread on) {
        try {
            on.io.throwFailure();
        } catch (CompletionFailedException e) {
            reported += e.failures();
        }
    }

    /** Everything is closed before the end, and gone. */
    private void prepare(LayerThread on) {
        acts = 0;
        List.copyOf(listeners).forEach(listener -> listener.close(on));
        List.copyOf(sockets).forEach(socket -> socket.close(on));
        List.copyOf(files).forEach(file -> file.close(on));
        long bound = simulation.now() + END_TIME.toNanos();
        while (!isAllGone() && simulation.now() < bound) {
            dequeue(on, 10);
        }
        simulation.require(isAllGone() || simulation.postsFail(), this + ": closed and never gone: " + alive());
    }

    /** Nothing has cost a slot: as many sockets as there may be can be opened again. */
    private void fill(LayerThread on) {
        long bound = simulation.now() + END_TIME.toNanos();
        while (domain.pendingCount() > 0 && simulation.now() < bound) {
            dequeue(on, 10); // the packet of a disconnect that was given up
        }
        List<LayerSocket> all = new ArrayList<>();
        for (int i = options.mostSockets() - domain.freeCount(); i > 0; i--) {
            LayerSocket socket = new LayerSocket(this);
            try {
                socket.opened(domain.open(AF_INET(), socket, KEY, on.io));
            } catch (Win32Exception e) {
                simulation.require(false, this + ": a slot is lost: " + e + ", " + i + " more are missing");
            }
            all.add(socket);
        }
        sockets.addAll(all);
        all.forEach(socket -> socket.close(on));
    }

    private List<Object> alive() {
        List<Object> alive = new ArrayList<>();
        sockets.stream().filter(socket -> !socket.isGone()).forEach(alive::add);
        listeners.stream().filter(listener -> !listener.isGone()).forEach(alive::add);
        files.stream().filter(file -> !file.isGone()).forEach(alive::add);
        return alive;
    }

    private boolean isAllGone() {
        return sockets.stream().allMatch(LayerSocket::isGone) && listeners.stream().allMatch(LayerListener::isGone)
                && files.stream().allMatch(LayerFile::isGone);
    }

    private void end(LayerThread on) {
        report(on);
        simulation.require(thrown == reported, this + ": " + thrown + " were thrown, not " + reported);
        ending = true;
        long start = simulation.now();
        on.dequeues(true);
        int left = domain.end(on.io, END_BOUND);
        on.dequeues(false);
        long took = simulation.now() - start;
        simulation.require(left == 0, this + ": " + left + " operations are pending after the end");
        simulation.require(took < END_TIME.toNanos(), this + ": its end took " + took + " ns");
        sockets.forEach(LayerSocket::checkEnd);
        listeners.forEach(LayerListener::checkEnd);
        files.forEach(LayerFile::checkEnd);
        simulation.require(domain.strayPackets() == 0, this + ": stray packets");
        simulation.require(domain.open() == 0, this + ": " + domain.open() + " sockets are open");
        simulation.require(domain.disconnecting() == 0, this + ": disconnects are under way");
        for (DetachedSocket handle = detached.poll(); handle != null; handle = detached.poll()) {
            handle.close(on.io.win32());
        }
        ended = true; // last: then the simulation looks for what is left
    }

    // ---- what others do ----

    /** Any thread, at any time. */
    void wake(Win32 win32) {
        wanted++;
        int error = domain == null ? 0 : domain.wake(win32);
        simulation.require(error == 0 || ending || simulation.postsFail(), this + ": wake returns " + error);
        if (error != 0) {
            seen = wanted;
        }
    }

    /** Any thread, at any time. */
    void post(Win32 win32) {
        int bytes = random.below(1000);
        posted++;
        int error = domain == null ? 1 : domain.post(win32, KEY, bytes);
        if (error != 0) {
            posted--;
        }
    }

    private void handle(long key, int bytes) {
        simulation.require(key == KEY && bytes >= 0 && bytes < 1000, this + ": a packet of another key");
        handled++;
        simulation.require(handled <= posted, this + ": more packets than were posted");
    }

    /** Any thread, at any time. */
    void closeSomething(LayerThread on) {
        switch (random.below(8)) {
            case 0 -> withOne(listeners, listener -> true, listener -> listener.close(on));
            case 1 -> withOne(files, file -> true, file -> file.close(on));
            default -> withOne(sockets, socket -> true, socket -> socket.close(on));
        }
    }

    // ---- acts ----

    boolean mayAct() {
        return acts > 0 && !ending;
    }

    /** Something that the program does, on a thread that may post. */
    void act(LayerThread on) {
        acts--;
        DetachedSocket handle = detached.poll();
        if (handle != null) {
            adopt(handle, on);
            return;
        }
        switch (random.below(20)) {
            case 0, 1 -> listen(on);
            case 2, 3 -> open(on);
            case 4, 5, 6 -> simulation.addClient();
            case 7, 8 -> withOne(listeners, listener -> true, listener -> listener.act(on));
            case 9 -> openFile(on);
            case 10 -> withOne(files, file -> true, file -> file.act(on));
            case 11 -> wake(on.io.win32());
            case 12 -> post(on.io.win32());
            case 13 -> withOne(deadlines, deadline -> true, deadline -> deadline.act(on));
            default -> withOne(sockets, socket -> !socket.isOver() || random.chance(0.1), socket -> socket.act(on));
        }
    }

    private <T> void withOne(List<T> all, Predicate<T> fit, java.util.function.Consumer<T> act) {
        if (!all.isEmpty()) {
            int at = Math.max(random.below(all.size()), random.below(all.size()));
            T one = all.get(at);
            if (fit.test(one)) {
                act.accept(one);
            }
        }
    }

    LayerFile someFile() {
        return files.isEmpty() ? null : random.pick(files);
    }

    private void listen(LayerThread on) {
        if (listeners.stream().filter(listener -> !listener.isOver()).count() >= MOST_LISTENERS) {
            return; // else hardly a socket has a second connection
        }
        LayerListener listener = new LayerListener(this);
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var sendBuffer = random.chance(0.5) ? OptionalInt.empty()
                : OptionalInt.of(Plan.socketSendBufferBytes(random));
        var how = new ListenerOptions(address, 1 + random.below(5), random.chance(0.2), random.chance(0.5),
                sendBuffer, OptionalInt.empty());
        StreamListener made;
        try {
            made = domain.listen(how, listener, on.io);
        } catch (Win32Exception e) {
            simulation.require(simulation.callsFail(), this + " does not listen: " + e);
            return;
        }
        listener.opened(made);
        listeners.add(listener);
        simulation.listens(listener);
        listener.act(on);
    }

    private void open(LayerThread on) {
        LayerSocket socket = new LayerSocket(this);
        StreamSocket made;
        try {
            made = domain.open(AF_INET(), socket, random.below(100), on.io);
        } catch (Win32Exception e) {
            socket.neverWas();
            simulation.require(simulation.callsFail() || isFull(), this + " opens no socket: " + e);
            return;
        }
        socket.opened(made);
        sockets.add(socket);
        socket.act(on);
    }

    /** As many sockets as there may be. */
    boolean isFull() {
        return domain.open() + domain.freeCount() + 2 * workers + 1 >= options.mostSockets();
    }

    private void openFile(LayerThread on) {
        LayerFile file = new LayerFile(this);
        OverlappedFile made;
        try {
            made = domain.openFile(LayerFile.PATH, OverlappedFile.Access.READ, file, on.io);
        } catch (Win32Exception e) {
            file.neverWas();
            simulation.require(simulation.callsFail(), this + " opens no file: " + e);
            return;
        }
        file.opened(made);
        files.add(file);
    }

    /** A listener of this domain has one. */
    void accepted(StreamSocket connection, LayerThread on) {
        if (random.chance(0.05)) {
            whim(on);
            return; // it is nobody's
        }
        if (random.chance(0.05)) {
            Closing[] all = Closing.values();
            on.test(() -> connection.close(all[random.below(all.length)], on.io));
            return;
        }
        LayerDomain other = simulation.other(this);
        if (random.chance(0.1) && connection.generation() == 1 && !other.isEnding()) {
            other.give(detach(connection, on), on);
            return;
        }
        LayerSocket socket = new LayerSocket(this);
        socket.accepted(connection);
        int error = on.call(() -> connection.attach(socket, random.below(100), on.io));
        sockets.add(socket);
        simulation.require(error == 0 || simulation.callsFail() || ending, this + ": attach returns " + error);
        if (error != 0) {
            socket.close(on);
        }
        react(socket, on);
    }

    private static DetachedSocket detach(StreamSocket connection, LayerThread on) {
        DetachedSocket[] handle = {null};
        on.call(() -> {
            handle[0] = connection.detach(on.io);
            return 0;
        });
        return handle[0];
    }

    /** A handle to take over; on a thread of another domain's. */
    private void give(DetachedSocket handle, LayerThread on) {
        if (ended) {
            handle.close(on.io.win32());
        } else {
            detached.add(handle);
            wake(on.io.win32());
        }
    }

    private void adopt(DetachedSocket handle, LayerThread on) {
        LayerSocket socket = new LayerSocket(this);
        StreamSocket made;
        try {
            made = domain.adopt(handle, socket, random.below(100), on.io);
        } catch (Win32Exception e) {
            socket.neverWas();
            handle.close(on.io.win32());
            return; // the peer may have gone
        }
        sockets.add(socket);
        socket.accepted(made);
    }

    /** What the program does in an event. */
    void react(LayerSocket of, LayerThread on) {
        if (mayAct() && random.chance(0.3)) {
            act(on);
        }
        if (!ending && random.chance(0.6)) {
            of.act(on);
        }
        whim(on);
    }

    void whim(LayerThread on) {
        if (!ending && random.chance(0.03)) {
            thrown++;
            throw new Whim();
        }
    }

    // ---- checks ----

    /** Nothing moves. */
    void checkAtRest() {
        if (domain == null || ending || simulation.postsFail() || waiting < workers) {
            return;
        }
        simulation.require(seen == wanted, this + ": a wake-up is lost");
        sockets.forEach(LayerSocket::checkAtRest);
        listeners.forEach(LayerListener::checkAtRest);
        files.forEach(LayerFile::checkAtRest);
        deadlines.forEach(deadline -> deadline.checkAtRest(simulation.kernel().nanoTime()));
    }

    @Override
    public String toString() {
        return name + " (" + options.threads() + ", " + options.delivery()
                + (options.returnsDone() ? " and done, " : ", ") + options.reuse() + ")";
    }
}
