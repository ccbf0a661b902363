package org.iocp4j.simulation;

import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_RCVBUF;
import static org.iocp4j.win32.generated.WinTypes.SO_SNDBUF;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;
import static org.iocp4j.win32.generated.WinTypes.TCP_NODELAY;
import static org.iocp4j.win32.generated.WinTypes.WSAENOTSOCK;
import static org.iocp4j.win32.generated.WinTypes.WSAESHUTDOWN;
import static org.iocp4j.win32.generated.WinTypes.WSAEWOULDBLOCK;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.iocp4j.port.IoThread;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.socket.Closing;
import org.iocp4j.socket.SocketEvents;
import org.iocp4j.socket.StreamSocket;

/** A socket of the program: it does whatever may be done with one, and knows what must come of it. */
final class LayerSocket implements SocketEvents {
    private enum State { NEW, CONNECTING, CONNECTED, FAILED }

    private static final List<Closing> CLOSINGS = List.of(Closing.values());
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    final LayerDomain domain;
    private final LayerSimulation simulation;
    private final SeededRandom random;
    private StreamSocket socket;
    private State state = State.NEW;
    /** Somebody has begun to close it. */
    private boolean closing;
    private boolean closed;
    private boolean reuses;
    private boolean gone;
    /** Nobody may use the object any more: it is another connection's. */
    private boolean recycled;
    private boolean preparing;
    private boolean bound;
    private boolean shut;
    /** A thread is in a call that decides whether there are sends after it. */
    private boolean shutting;
    private boolean sendFailed;
    private CheckedStream in;
    private CheckedStream out;
    private InetSocketAddress connectsTo;
    private LayerPost connecting;
    private LayerPost receiving;
    private boolean waits;
    private int receivingBytes;
    private LayerPost sending;
    private int sendingBytes;
    private LayerFile transmitted;
    private final LayerMemory received;
    private final LayerMemory sent;

    LayerSocket(LayerDomain domain) {
        this.domain = domain;
        simulation = domain.simulation;
        random = simulation.random;
        received = simulation.takeMemory();
        sent = simulation.takeMemory();
    }

    /** One that is to be connected. */
    void opened(StreamSocket opened) {
        socket = opened;
    }

    /** There is no such socket: the domain has refused it. */
    void neverWas() {
        simulation.giveMemory(received);
        simulation.giveMemory(sent);
    }

    /** One that was accepted, here or in another domain. */
    void accepted(StreamSocket connection) {
        socket = connection;
        connected(false);
    }

    private void connected(boolean byUs) {
        state = State.CONNECTED;
        require(!byUs || socket.remoteAddress().equals(connectsTo), "has another peer than " + connectsTo);
        InetSocketAddress client = byUs ? socket.localAddress() : socket.remoteAddress();
        in = simulation.streams.of(client.getPort(), byUs);
        out = simulation.streams.of(client.getPort(), !byUs);
    }

    /** Whether the program can still do something with it. */
    boolean isOver() {
        return closed || gone;
    }

    boolean isGone() {
        return gone;
    }

    // ---- acts ----

    /** Something that may be done now. */
    void act(LayerThread on) {
        if (recycled) {
            return;
        }
        if (gone) {
            strayCall(on);
            return;
        }
        if (random.chance(0.07)) {
            close(on);
            return;
        }
        if (random.chance(sending != null && sending.isPending() ? 0.3 : 0.08)) {
            cancel(on);
            return;
        }
        switch (state) {
            case NEW -> prepare(on);
            case CONNECTED -> talk(on);
            case FAILED -> close(on);
            case CONNECTING -> connectAgain(on);
        }
    }

    /** What is gone answers as closed, whoever has its slot and its handle. */
    private void strayCall(LayerThread on) {
        on.io.buffer(0, received.segment.address(), 1);
        int outcome = switch (random.below(6)) {
            case 0 -> on.call(() -> socket.receive(1, on.io));
            case 1 -> on.call(() -> socket.send(1, on.io));
            case 2 -> on.call(() -> socket.waitReadable(on.io));
            case 3 -> on.call(() -> socket.shutdownSend(on.io));
            case 4 -> on.call(() -> socket.setOption(IPPROTO_TCP(), TCP_NODELAY(), 1, on.io));
            default -> on.call(() -> socket.tryReceive(received.segment.address(), 1, on.io));
        };
        require(outcome == -WSAENOTSOCK(), "is gone, and answers " + outcome);
        require(!on.test(() -> socket.close(Closing.RST, on.io)), "is gone, and is closed again");
    }

    private void prepare(LayerThread on) {
        if (preparing) {
            return; // another thread is at it: what it does is not for a socket that connects
        }
        preparing = true;
        if (random.chance(0.2) && !bound) {
            bound = on.call(() -> socket.bind(ANY, on.io)) == 0;
        } else if (random.chance(0.3)) {
            setOption(on);
        } else {
            connect(on);
        }
        preparing = false;
    }

    private void talk(LayerThread on) {
        switch (random.below(12)) {
            case 0 -> setOption(on);
            case 1 -> getOption(on);
            case 2 -> shutdownSend(on);
            case 3, 4 -> tryReceive(on);
            case 5 -> transmit(on);
            case 6, 7, 8 -> send(on);
            default -> receive(on);
        }
    }

    private void connect(LayerThread on) {
        InetSocketAddress to = simulation.someAddress();
        state = State.CONNECTING;
        connectsTo = to;
        LayerPost post = new LayerPost(domain, "the connect of " + this);
        connecting = post;
        int outcome = post(on, post, () -> socket.connect(to, on.io));
        if (outcome != StreamSocket.PENDING) {
            connecting = null;
            if (outcome < 0) {
                state = State.FAILED;
            } else if (!socket.isGone()) { // or another thread has closed it meanwhile
                connected(true);
            }
        }
    }

    private void connectAgain(LayerThread on) {
        if (connecting != null && connecting.isPending() && domain.isLoop()) {
            InetSocketAddress to = simulation.someAddress();
            requireRefused(on, () -> socket.connect(to, on.io));
        }
    }

    /** The call, and what its return says of its post. */
    private int post(LayerThread on, LayerPost post, IntSupplier call) {
        boolean over = isOver();
        int outcome = on.call(call);
        boolean pending = post.returned(outcome);
        require(outcome < 0 || !over, post + " returns " + outcome + " on a closed socket");
        require(!(gone && pending && post.isPending()), post + " is pending, and the socket gone");
        if (outcome == -WSAENOTSOCK()) {
            require(closing || domain.isEnding(), post + " finds an open socket closed");
        }
        return outcome;
    }

    private void receive(LayerThread on) {
        if (receiving != null) {
            if (receiving.isPending() && domain.isLoop() && random.chance(0.3)) {
                requireRefused(on, () -> socket.receive(1, on.io));
            }
            return;
        }
        received.lend(simulation, this);
        boolean waiting = random.chance(0.4);
        int pieces = 1 + random.below(3);
        LayerPost post = new LayerPost(domain, "a receive of " + this);
        receiving = post;
        waits = waiting;
        receivingBytes = 1 + random.below(LayerMemory.BYTES);
        received.buffers(on, receivingBytes, pieces);
        int outcome = post(on, post, () -> waiting ? socket.waitReadable(on.io) : socket.receive(pieces, on.io));
        if (outcome == StreamSocket.PENDING) {
            return;
        }
        if (outcome >= 0 && !waiting) {
            arrived(outcome);
        }
        receiving = null;
        received.back();
    }

    /** A post while another one is pending is a mistake, and does nothing. */
    private void requireRefused(LayerThread on, IntSupplier post) {
        on.io.buffer(0, 0, 1);
        int outcome;
        try {
            outcome = on.call(post);
        } catch (IllegalStateException e) {
            return;
        }
        require(outcome == -WSAENOTSOCK() && (closing || domain.isEnding()),
                "a second post of a kind is taken: " + outcome);
    }

    private void arrived(int bytes) {
        if (bytes > 0) {
            require(bytes <= receivingBytes, "more is received than there is room for");
            in.arrived(received.segment, bytes);
        } else {
            in.ended();
        }
    }

    private void tryReceive(LayerThread on) {
        if (receiving != null && !(receiving.isPending() && waits)) {
            return; // it would compete for the bytes
        }
        boolean peeks = random.chance(0.3);
        boolean alone = receiving == null;
        LayerPost post = new LayerPost(domain, "a synchronous receive of " + this);
        if (alone) {
            receiving = post;
        } else if (!domain.isLoop()) {
            return; // its wait may end meanwhile, and another thread receive
        }
        LayerMemory memory = simulation.takeMemory();
        int bytes = 1 + random.below(LayerMemory.BYTES);
        long address = memory.segment.address();
        boolean over = isOver();
        int outcome = on.call(() -> peeks ? socket.tryPeek(address, bytes, on.io)
                : socket.tryReceive(address, bytes, on.io));
        require(outcome < 0 || !over, "a closed socket receives");
        if (outcome > 0) {
            if (peeks) {
                in.peeked(memory.segment, outcome);
            } else {
                in.arrived(memory.segment, outcome);
            }
        } else if (outcome == 0) {
            in.ended();
        } else if (outcome == -WSAEWOULDBLOCK()) {
            require(!over, "a closed socket has nothing yet");
        }
        if (alone) {
            receiving = null;
        }
        simulation.giveMemory(memory);
    }

    private void send(LayerThread on) {
        if (sending != null) {
            if (sending.isPending() && domain.isLoop() && !sendFailed && !shut && random.chance(0.3)) {
                requireRefused(on, () -> socket.send(1, on.io));
            }
            return;
        }
        if (shutting) {
            return;
        }
        int bytes = 1 + random.below(LayerMemory.BYTES);
        int pieces = 1 + random.below(3);
        byte[] next = out.next(bytes);
        sent.lend(next, simulation, this);
        sent.buffers(on, bytes, pieces);
        sends(on, next, "a send of " + this, () -> socket.send(pieces, on.io));
    }

    private void transmit(LayerThread on) {
        LayerFile file = domain.someFile();
        if (sending != null || shutting || file == null) {
            return;
        }
        int position = random.below(LayerFile.BYTES);
        int bytes = 1 + random.below(LayerMemory.BYTES);
        byte[] next = LayerFile.contents(position, bytes);
        if (next.length == 0) {
            return;
        }
        transmitted = file;
        sends(on, next, "a transmit of " + this, () -> file.transmit(socket, position, bytes, on));
    }

    private void sends(LayerThread on, byte[] next, String what, IntSupplier call) {
        LayerPost post = new LayerPost(domain, what);
        sending = post;
        sendingBytes = next.length;
        boolean ended = sendFailed || shut;
        if (!ended) {
            out.sending(next);
        }
        int outcome = post(on, post, call);
        if (outcome == StreamSocket.PENDING) {
            require(!ended, "sends after its last send");
            return;
        }
        require(outcome < 0 || !ended, "has sent after its last send");
        require(outcome != -WSAESHUTDOWN() || ended, "refuses to send");
        if (!ended) {
            out.sent(Math.max(0, outcome), Math.max(0, outcome));
        }
        sending = null;
        transmitted = null;
        sent.back();
    }

    private void shutdownSend(LayerThread on) {
        if (shutting || sending != null && !sending.isPending()) {
            return; // another thread is in the midst of a send
        }
        shutting = true;
        int error = on.call(() -> socket.shutdownSend(on.io));
        shut |= error == 0;
        shutting = false;
    }

    private void setOption(LayerThread on) {
        int value = random.pick(0, 16, 64, 256, 4096);
        switch (random.below(3)) {
            case 0 -> on.call(() -> socket.setOption(SOL_SOCKET(), SO_SNDBUF(), value, on.io));
            case 1 -> on.call(() -> socket.setOption(SOL_SOCKET(), SO_RCVBUF(), value, on.io));
            default -> on.call(() -> socket.setOption(IPPROTO_TCP(), TCP_NODELAY(), value & 1, on.io));
        }
    }

    private void getOption(LayerThread on) {
        on.call(() -> (int) socket.getOption(SOL_SOCKET(), SO_SNDBUF(), on.io));
    }

    private void cancel(LayerThread on) {
        switch (random.below(4)) {
            case 0 -> cancel(on, () -> socket.cancelAll(on.io), connecting, receiving, sending);
            case 1 -> cancel(on, () -> socket.cancelReceive(on.io), receiving);
            case 2 -> cancel(on, () -> socket.cancelConnect(on.io), connecting);
            default -> cancel(on, () -> socket.cancelSend(on.io), sending);
        }
    }

    private void cancel(LayerThread on, Runnable call, LayerPost... posts) {
        List<LayerPost> pending = Stream.of(posts).filter(post -> post != null && post.isPending()).toList();
        on.call(() -> {
            call.run();
            return 0;
        });
        if (!simulation.cancelsFail()) {
            pending.forEach(LayerPost::cancelled);
        }
    }

    /** From any thread, at any time. */
    void close(LayerThread on) {
        if (recycled || socket == null) {
            return;
        }
        Closing how = random.chance(0.4) ? Closing.REUSE : random.pick(CLOSINGS);
        boolean before = closed;
        closing = true;
        boolean first = on.test(() -> socket.close(how, on.io));
        require(!first || !before, "was closed twice");
        if (first) {
            closed = true;
            posts().forEach(LayerPost::cancelled);
            reuses = how == Closing.REUSE;
        }
        require(recycled || !socket.isOpen(), "is open after a close");
    }

    // ---- events ----

    @Override
    public void connected(StreamSocket of, int status, IoThread io) {
        LayerThread on = begin("connected", of, io);
        LayerPost post = connecting;
        require(post != null, "is connected, and nobody asked for it");
        post.told();
        connecting = null;
        if (status >= 0) {
            connected(true);
        } else {
            state = State.FAILED;
        }
        end(on);
    }

    @Override
    public void readable(StreamSocket of, int status, IoThread io) {
        LayerThread on = begin("readable", of, io);
        endReceive(true);
        end(on);
    }

    @Override
    public void received(StreamSocket of, int status, int bytes, IoThread io) {
        LayerThread on = begin("received", of, io);
        if (status >= 0) {
            arrived(bytes);
        } else if (status != STATUS_CANCELLED() && simulation.packetsFail()) {
            in.lost();
        }
        endReceive(false);
        end(on);
    }

    private void endReceive(boolean waited) {
        LayerPost post = receiving;
        require(post != null && waits == waited, "has received, and nobody asked for it");
        post.told();
        receiving = null;
        received.back();
    }

    @Override
    public void sent(StreamSocket of, int status, int bytes, IoThread io) {
        LayerThread on = begin("sent", of, io);
        LayerPost post = sending;
        require(post != null, "has sent, and nobody asked for it");
        post.told();
        sending = null;
        sent.back();
        if (transmitted != null) {
            transmitted.transmitted();
            transmitted = null;
        }
        sendFailed |= status < 0;
        boolean exact = status >= 0 || status == STATUS_CANCELLED() && !simulation.packetsFail();
        out.sent(bytes, exact ? bytes : sendingBytes);
        end(on);
    }

    @Override
    public void gone(StreamSocket of, IoThread io) {
        LayerThread on = begin("gone", of, io);
        require(closing || domain.isEnding(), "is gone, and nobody has closed it");
        posts().forEach(post -> require(!post.isPending(), "is gone before the event of " + post));
        gone = true;
        if (receiving == null && sending == null) { // else a thread is in a call, which will be refused
            simulation.giveMemory(received);
            simulation.giveMemory(sent);
        }
        if (random.chance(0.5) && receiving == null && sending == null && connecting == null && !shutting) {
            recycled = true;
            of.recycle();
        }
        end(on);
    }

    private LayerThread begin(String event, StreamSocket of, IoThread io) {
        LayerThread on = simulation.thread(io);
        on.told(domain, event);
        require(of == socket && !gone, "is told that it is " + event + (gone ? " after it is gone" : ""));
        return on;
    }

    /** An event ends as it likes. */
    private void end(LayerThread on) {
        try {
            domain.react(this, on);
        } finally {
            on.over();
        }
    }

    // ---- checks ----

    /** Nothing moves: what can be told has been. */
    void checkAtRest() {
        posts().forEach(LayerPost::checkAtRest);
        boolean home = posts().findAny().isEmpty();
        require(!closed || gone || reuses || !home, "is closed and nothing is pending, and it is not gone");
    }

    private Stream<LayerPost> posts() {
        return Stream.of(connecting, receiving, sending).filter(Objects::nonNull);
    }

    void checkEnd() {
        require(gone, "was never gone");
        require(posts().findAny().isEmpty(), "has a post whose event never came");
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            simulation.require(false, this + " " + violation);
        }
    }

    @Override
    public String toString() {
        return socket == null ? "a socket" : socket + " of " + domain;
    }
}
