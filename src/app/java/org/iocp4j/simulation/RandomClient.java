package org.iocp4j.simulation;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;

/** A client from elsewhere: it reads or does not, and leaves as it likes. */
final class RandomClient implements SimulatedClient.Script {
    private static final int MOST_BYTES = 300;
    private static final int MOST_WINDOW = 200;
    /** Some come when sockets that were used before are free again. */
    private static final long COMES_NANOS = 150_000_000;
    private static final long LATER_NANOS = 20_000_000;

    private final SeededRandom random;
    private final SimulatedClient client;
    private final CheckedStream in;
    private final CheckedStream out;
    private int acts;

    /** @param server says, when the time has come, where it connects to */
    RandomClient(SimulatedKernel kernel, SeededRandom random, Streams streams, Supplier<InetSocketAddress> server) {
        this.random = random;
        client = kernel.client(this);
        acts = 1 + random.below(5);
        if (random.chance(0.5)) {
            client.window(1 + random.below(MOST_WINDOW));
        }
        int port = client.localAddress().getPort();
        in = streams.of(port, true);
        out = streams.of(port, false);
        client.after(random.between(1, COMES_NANOS), () -> client.connect(server.get()));
    }

    @Override
    public void connected(SimulatedClient self) {
        later();
    }

    private void later() {
        client.after(random.between(1, LATER_NANOS), this::act);
    }

    private void act() {
        if (!client.isConnected() || acts-- == 0) {
            leave();
            return;
        }
        switch (random.below(6)) {
            case 0 -> client.stopReading();
            case 1 -> client.startReading();
            default -> send();
        }
        later();
    }

    private void send() {
        byte[] next = out.next(1 + random.below(MOST_BYTES));
        out.sending(next);
        out.sent(next.length, next.length);
        client.send(next);
    }

    private void leave() {
        switch (random.below(5)) {
            case 0 -> client.reset();
            case 1, 2 -> client.close();
            case 3 -> client.vanish();
            default -> {
                client.startReading();
                client.finish();
            }
        }
    }

    @Override
    public void received(SimulatedClient self, byte[] bytes) {
        in.arrived(MemorySegment.ofArray(bytes), bytes.length);
    }

    @Override
    public void ended(SimulatedClient self) {
        in.ended();
        if (random.chance(0.5)) {
            client.close();
        }
    }
}
