package org.iocp4j.simulation;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.iocp4j.simkernel.SeededRandom;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;

/**
 * A client of {@link TlsSimulation}: speaks TLS, or does not, cuts what it sends anywhere, and leaves in one of many
 * ways. It checks that each message is its session's, and each source's in order.
 */
final class TlsClient implements SimulatedClient.Script {
    private static final long MILLI = 1_000_000;
    private static final int MOST_AT_ONCE = 300;

    final SimulatedClient client;
    private final TlsSimulation simulation;
    private final SimulatedKernel kernel;
    private final SeededRandom random;
    private final FramingEngine engine;
    private final boolean endsTogether;
    private final ByteBuffer in = ByteBuffer.allocate(1 << 16).limit(0);
    private final ByteBuffer decrypted = ByteBuffer.allocate(1 << 10);
    private final ByteBuffer record = ByteBuffer.allocate(1 << 10);
    private final ByteBuffer unread = ByteBuffer.allocate(1 << 12);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Map<Integer, Integer> next = new HashMap<>();
    /** Whether it ever says anything that is TLS. */
    private final boolean isDumb;
    private final boolean staysSilent;
    private long session;
    private long movedAt;
    private int acts;
    /** Of its own stream: to be encrypted up to there, and encrypted. */
    private int offered;
    private int encrypted;
    private boolean closes;
    private boolean closed;
    private boolean finishes;
    private boolean leaves;
    private boolean over;
    private boolean spoilt;
    private SSLException failure;

    TlsClient(TlsSimulation simulation, SimulatedKernel kernel, SeededRandom random, boolean endsTogether) {
        this.simulation = simulation;
        this.kernel = kernel;
        this.random = random;
        this.endsTogether = endsTogether;
        engine = new FramingEngine(endsTogether);
        engine.setUseClientMode(true);
        isDumb = random.chance(0.05);
        staysSilent = random.chance(0.05);
        if (random.chance(0.05)) {
            engine.sendBadHello();
            spoilt = true;
        }
        acts = random.below(20);
        client = kernel.client(this);
        if (random.chance(0.4)) {
            client.window(10 + random.below(300));
        }
    }

    /** What the client sends there. */
    static byte pattern(int client, int index) {
        return (byte) ((client * 31 + index) * 0x9E37_79B1 >>> 20);
    }

    // ---- what it does ----

    @Override
    public void connected(SimulatedClient self) {
        if (isDumb) {
            spoil();
        } else if (!staysSilent) {
            move();
        }
        act();
        client.after(random.between(1, 400) * MILLI, this::leave);
    }

    private void act() {
        if (leaves || acts-- <= 0) {
            return;
        }
        if (random.chance(0.6)) {
            offered += 1 + random.below(MOST_AT_ONCE);
        } else if (random.chance(0.3) && !endsTogether) {
            engine.sendNewKeys();
        } else if (random.chance(0.3)) {
            client.stopReading();
            client.after(random.between(0, 60 * MILLI), client::startReading);
        } else if (random.chance(0.05)) {
            spoil();
        }
        moveIfSpeaking();
        client.after(random.between(0, 20 * MILLI), this::act);
    }

    /** What is no record, or not in its place. */
    private void spoil() {
        spoilt = true;
        byte[] nonsense = new byte[1 + random.below(80)];
        Arrays.fill(nonsense, (byte) random.below(9));
        client.send(nonsense);
    }

    private void leave() {
        leaves = true;
        client.startReading();
        if (random.chance(0.6)) {
            closes = true; // in order
            closed = true;
            finishes = random.chance(0.5);
            moveIfSpeaking();
            if (!engine.isDone()) {
                client.finish(); // there is nothing to be closed, or nobody answers
            }
        } else if (random.chance(0.3)) {
            client.finish(); // as an attacker would cut it
        } else if (random.chance(0.3) && simulation.endsWhoIsIdle()) {
            client.vanish();
            over = true;
        } else if (random.chance(0.5)) {
            client.close();
            over = true;
        } else {
            client.reset();
            over = true;
        }
        if (client.hasEnded()) {
            ended(client);
        }
    }

    @Override
    public void received(SimulatedClient self, byte[] bytes) {
        movedAt = kernel.elapsed().toNanos();
        in.compact().put(bytes).flip();
        moveIfSpeaking();
    }

    @Override
    public void ended(SimulatedClient self) {
        if (leaves || random.chance(0.5)) {
            over = true;
            client.close();
        } // else it sends on for some time
    }

    @Override
    public void reset(SimulatedClient self) {
        over = true;
    }

    @Override
    public void refused(SimulatedClient self) {
        over = true;
    }

    // ---- TLS ----

    private void moveIfSpeaking() {
        if (!isDumb && !staysSilent && client.isConnected()) {
            move();
        }
    }

    private void move() {
        try {
            while (failure == null && step()) { }
        } catch (SSLException e) {
            failure = e;
        }
        flush();
    }

    private boolean step() throws SSLException {
        HandshakeStatus status = engine.getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK) {
            engine.getDelegatedTask().run();
            return true;
        }
        boolean isOpen = engine.isDone() && !engine.isOutboundDone();
        if (status == HandshakeStatus.NEED_WRAP || isOpen && encrypted < offered) {
            byte[] plain = new byte[Math.min(offered - encrypted, 1 + random.below(100))];
            for (int i = 0; i < plain.length; i++) {
                plain[i] = pattern(client.number(), encrypted + i);
            }
            SSLEngineResult result = engine.wrap(ByteBuffer.wrap(plain), record.clear());
            encrypted += result.bytesConsumed();
            out.write(record.array(), 0, record.position());
            return result.bytesProduced() > 0;
        }
        if (closes && isOpen) {
            closes = false;
            engine.closeOutbound();
            return true;
        }
        if (in.hasRemaining() && !engine.isInboundDone()) {
            SSLEngineResult result = engine.unwrap(in, decrypted.clear());
            unread.put(decrypted.flip());
            messages();
            return result.getStatus() == Status.OK;
        }
        return false;
    }

    private void flush() {
        byte[] all = out.toByteArray();
        out.reset();
        for (int sent = 0; sent < all.length; ) {
            int piece = Math.min(all.length - sent, 1 + random.below(200));
            client.send(Arrays.copyOfRange(all, sent, sent + piece));
            sent += piece;
        }
        if (finishes && engine.isOutboundDone()) {
            finishes = false;
            client.finish();
        }
    }

    private void messages() {
        unread.flip();
        while (unread.remaining() >= TlsMessage.HEADER_BYTES
                && unread.remaining() >= TlsMessage.bytes(unread, unread.position())) {
            TlsMessage message = TlsMessage.read(unread);
            simulation.require(message != null, this + ": a message is not as it was sent");
            if (session == 0) {
                session = message.session();
                simulation.require(message.source() == 0 && message.number() == 0,
                        this + ": the first message is " + message);
            }
            simulation.require(message.session() == session || message.source() == TlsMessage.FILE,
                    this + ": " + message + " is another's");
            int due = next.merge(message.source(), 1, Integer::sum) - 1;
            simulation.require(message.number() == due, this + ": " + message + ", not " + due);
        }
        unread.compact();
    }

    // ---- what has become of it ----

    boolean isOver() {
        return over || client.isReset() || client.isRefused();
    }

    long session() {
        return session;
    }

    /** Whether all it has said so far is TLS. */
    boolean isHonest() {
        return !spoilt;
    }

    /** It knows that it has everything. If it has ended both directions itself, it knows nothing. */
    boolean sawCloseNotify() {
        return engine.sawCloseNotify() && !(endsTogether && closed);
    }

    /** What its engine found wrong, but for an alert; null if nothing. */
    SSLException failure() {
        return failure;
    }

    /** When something came last. */
    long movedAt() {
        return movedAt;
    }

    int received(int source) {
        return next.getOrDefault(source, 0);
    }

    /** Of its own stream. */
    int encrypted() {
        return encrypted;
    }

    /** A part of a message is there. */
    boolean hasPart() {
        return unread.position() > 0;
    }

    @Override
    public String toString() {
        return "client " + client.number() + " of session " + Long.toUnsignedString(session);
    }
}
