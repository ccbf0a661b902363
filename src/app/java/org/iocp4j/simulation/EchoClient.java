package org.iocp4j.simulation;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;

/** A client of the message protocol with a behaviour of its own; it knows every byte that it may be sent. */
final class EchoClient implements SimulatedClient.Script {
    enum Behaviour {
        /** Sends everything, then FIN, and reads to the end. */
        POLITE,
        /** FIN or not, reads nothing for a while. */
        SLOW_READER,
        /** Sends, and never reads. */
        NEVER_READS,
        /** RST at some time. */
        RESETS,
        /** Closes at some time, and does not care for what comes. */
        CLOSES,
        /** Connects, says nothing, and leaves. */
        SILENT,
        /** Is gone at some time without a sign. */
        VANISHES,
        /** A message of a wrong length. */
        GARBAGE,
        /** Waits for the server to end the connection, and answers late or not at all. */
        LINGERS
    }

    private static final byte[] LOGIN = {8, 0, -1, -1, -1, -1, -1, -1, -1, 0x7F};
    private static final long MILLI = 1_000_000;

    final SimulatedClient client;
    final Behaviour behaviour;
    private final SimulatedKernel kernel;
    private final SeededRandom random;
    private final int messages;
    private final ByteArrayOutputStream expected = new ByteArrayOutputStream();
    private int sent;
    private boolean finished;
    private boolean gone;
    private boolean reset;

    EchoClient(SimulatedKernel kernel, SeededRandom random, Behaviour behaviour, int messages) {
        this.kernel = kernel;
        this.random = random;
        this.behaviour = behaviour;
        this.messages = messages;
        this.client = kernel.client(this);
        expected.writeBytes(LOGIN);
        if (behaviour == Behaviour.SLOW_READER || behaviour == Behaviour.NEVER_READS || random.chance(0.2)) {
            client.window(1 + random.below(200));
        }
    }

    void connect(InetSocketAddress server) {
        client.connect(server);
    }

    @Override
    public void connected(SimulatedClient self) {
        switch (behaviour) {
            case SLOW_READER -> {
                client.stopReading();
                client.after(random.between(1, 100) * MILLI, client::startReading);
            }
            case NEVER_READS -> {
                client.stopReading();
                client.after(random.between(100, 3_000) * MILLI, this::leave);
            }
            case RESETS, CLOSES, SILENT, VANISHES -> client.after(random.between(0, 100) * MILLI, this::leave);
            case LINGERS -> client.after(random.between(500, 4_000) * MILLI, this::leave);
            default -> { }
        }
        if (behaviour != Behaviour.SILENT) {
            sendSome();
        }
    }

    private void leave() {
        if (client.isConnected()) {
            gone = true;
            switch (behaviour) {
                case RESETS, NEVER_READS -> client.reset();
                case VANISHES -> client.vanish();
                case SILENT -> finishOr(client::reset);
                default -> client.close();
            }
        }
    }

    private void finishOr(Runnable other) {
        if (random.chance(0.7)) {
            client.close();
        } else {
            other.run();
        }
    }

    private void sendSome() {
        if (gone || finished || !client.isConnected()) {
            return;
        }
        int count = Math.min(messages - sent, 1 + random.below(5));
        ByteBuffer bytes = ByteBuffer.allocate(count * LOGIN.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            bytes.putShort((short) 8).putLong((long) client.number() << 32 | sent++);
        }
        expected.writeBytes(bytes.array());
        client.send(bytes.array());
        if (sent < messages) {
            client.after(random.below(3) * random.between(0, 2 * MILLI), this::sendSome);
            return;
        }
        finished = true;
        if (behaviour == Behaviour.GARBAGE) {
            client.send(new byte[] {7, 0, 1, 2, 3});
        } else if (behaviour == Behaviour.POLITE || behaviour == Behaviour.SLOW_READER) {
            if (random.chance(0.8)) {
                client.finish();
            } else {
                client.after(random.between(0, 30) * MILLI, client::finish);
            }
        }
    }

    @Override
    public void received(SimulatedClient self, byte[] bytes) {
        byte[] all = client.received();
        byte[] due = expected.toByteArray();
        kernel.require(all.length <= due.length && Arrays.equals(all, Arrays.copyOf(due, all.length)),
                "client " + client.number() + " was sent " + Arrays.toString(bytes) + " at "
                + (all.length - bytes.length)
                        + ", which is not what it had sent");
    }

    /** The server's FIN: ours follows, sooner or later. */
    @Override
    public void ended(SimulatedClient self) {
        if (behaviour == Behaviour.LINGERS) {
            return; // closes when its time comes
        }
        gone = true;
        if (random.chance(0.5)) {
            client.close();
        } else {
            client.after(random.between(0, 50) * MILLI, client::close);
        }
    }

    @Override
    public void reset(SimulatedClient self) {
        reset = true;
    }

    boolean isOver() {
        return client.isRefused() || client.isReset() || gone;
    }

    /** Everything came back, and then a FIN. */
    boolean isComplete() {
        return client.hasEnded() && client.received().length == expected.size() && finished;
    }

    /** Nothing in its own behaviour keeps it from being served to the end. */
    boolean mayExpectAll() {
        return behaviour == Behaviour.POLITE || behaviour == Behaviour.SLOW_READER || behaviour == Behaviour.GARBAGE;
    }

    @Override
    public String toString() {
        return "client " + client.number() + " (" + behaviour + "): sent " + sent + " of " + messages
                + " messages, received "
                + client.received().length + " of " + expected.size() + " bytes" + (finished ? ", finished" : "")
                + (client.hasEnded() ? ", ended" : "") + (reset ? ", was reset" : "")
                + (client.isRefused() ? ", refused" : "");
    }
}
