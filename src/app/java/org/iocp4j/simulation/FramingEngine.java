package org.iocp4j.simulation;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

/**
 * Stands in for an engine of TLS: a handshake with tasks, records, new keys, close_notify and alerts, each where the
 * JDK's has it. But it encrypts nothing, costs next to nothing, and does the same each time. A record is a byte for its
 * kind, one for its number in its direction, two for its length, and its bytes: one that is lost, twice there or out of
 * place is noticed as a real engine would notice it.
 */
final class FramingEngine extends SSLEngine {
    /** Of what is inside a record. */
    static final int MOST_BYTES = 48;
    private static final int HEADER_BYTES = 4;
    private static final byte WITH_ANSWER = 1;
    private static final byte BAD = 1;

    private enum Kind {
        NONE, HELLO, HELLO_BACK, FINISHED, DATA, NEW_KEYS, CLOSE_NOTIFY, ALERT
    }

    private enum Step {
        SEND_HELLO, AWAIT_HELLO, AWAIT_HELLO_BACK, TASK, SEND_HELLO_BACK, SEND_FINISHED, AWAIT_FINISHED, DONE
    }

    /** As up to TLS 1.2: a close_notify is answered at once by one. */
    private final boolean endsTogether;
    private boolean isClient;
    private Step step = Step.AWAIT_HELLO;
    private boolean taskTaken;
    private byte inNumber;
    private byte outNumber;
    /** The peer's hello is one that a task refuses. */
    private boolean helloIsBad;
    private boolean sendsBadHello;
    /** A task's, for the next call. */
    private SSLException kept;
    private SSLException failure;
    private boolean alertOwed;
    /** 0: none; else what the record says, and one more. */
    private int keysOwed;
    private boolean inClosed;
    private boolean outClosing;
    private boolean outClosed;

    FramingEngine(boolean endsTogether) {
        this.endsTogether = endsTogether;
    }

    /** Whose engines are these. */
    static SSLContext context(boolean endsTogether) {
        return new SSLContext(new Spi(endsTogether), null, "framing") { };
    }

    /** The peer refuses this client. */
    void sendBadHello() {
        sendsBadHello = true;
    }

    /** The peer has to answer. */
    void sendNewKeys() {
        keysOwed = WITH_ANSWER + 1;
    }

    boolean isDone() {
        return step == Step.DONE;
    }

    // ---- the handshake ----

    @Override
    public void beginHandshake() {
        // It begins with its first record.
    }

    @Override
    public HandshakeStatus getHandshakeStatus() {
        if (step == Step.TASK) {
            return HandshakeStatus.NEED_TASK;
        }
        if (outClosed) {
            return HandshakeStatus.NOT_HANDSHAKING;
        }
        if (kept == null && (alertOwed || outClosing || keysOwed > 0 && step == Step.DONE)) {
            return HandshakeStatus.NEED_WRAP;
        }
        return switch (step) {
            case SEND_HELLO, SEND_HELLO_BACK, SEND_FINISHED -> HandshakeStatus.NEED_WRAP;
            case AWAIT_HELLO, AWAIT_HELLO_BACK, AWAIT_FINISHED -> HandshakeStatus.NEED_UNWRAP;
            case TASK -> HandshakeStatus.NEED_TASK;
            case DONE -> HandshakeStatus.NOT_HANDSHAKING;
        };
    }

    @Override
    public Runnable getDelegatedTask() {
        if (step != Step.TASK || taskTaken) {
            return null;
        }
        taskTaken = true;
        return () -> {
            kept = helloIsBad ? new SSLException("a bad hello") : null;
            step = isClient || kept != null ? Step.AWAIT_FINISHED : Step.SEND_HELLO_BACK;
        };
    }

    // ---- what goes out ----

    @Override
    public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer into) throws SSLException {
        throwKept();
        if (outClosed) {
            return result(Status.CLOSED, 0, 0);
        }
        if (into.remaining() < HEADER_BYTES + MOST_BYTES) {
            return result(Status.BUFFER_OVERFLOW, 0, 0);
        }
        if (alertOwed || outClosing) {
            int bytes = put(into, alertOwed ? Kind.ALERT : Kind.CLOSE_NOTIFY);
            alertOwed = false;
            outClosed = true;
            return result(Status.CLOSED, 0, bytes);
        }
        if (keysOwed > 0 && step == Step.DONE) {
            int bytes = put(into, Kind.NEW_KEYS, (byte) (keysOwed - 1));
            keysOwed = 0;
            return result(Status.OK, 0, bytes);
        }
        return switch (step) {
            case SEND_HELLO -> send(into, Kind.HELLO, Step.AWAIT_HELLO_BACK);
            case SEND_HELLO_BACK -> send(into, Kind.HELLO_BACK, Step.SEND_FINISHED);
            case SEND_FINISHED -> send(into, Kind.FINISHED, isClient ? Step.DONE : Step.AWAIT_FINISHED);
            case DONE -> data(sources, offset, length, into);
            default -> result(Status.OK, 0, 0);
        };
    }

    private SSLEngineResult send(ByteBuffer into, Kind kind, Step next) {
        boolean isHello = kind == Kind.HELLO;
        int bytes = put(into, kind, isHello && sendsBadHello ? BAD : 0, (byte) 1, (byte) 2, (byte) 3);
        step = next;
        return step == Step.DONE ? finished(0, bytes) : result(Status.OK, 0, bytes);
    }

    private SSLEngineResult data(ByteBuffer[] sources, int offset, int length, ByteBuffer into) {
        int start = into.position();
        into.position(start + HEADER_BYTES);
        int consumed = 0;
        for (int i = offset; i < offset + length; i++) {
            int count = Math.min(sources[i].remaining(), MOST_BYTES - consumed);
            into.put(into.position(), sources[i], sources[i].position(), count);
            into.position(into.position() + count);
            sources[i].position(sources[i].position() + count);
            consumed += count;
        }
        if (consumed == 0) {
            into.position(start);
            return result(Status.OK, 0, 0);
        }
        into.put(start, (byte) Kind.DATA.ordinal()).put(start + 1, outNumber++).putShort(start + 2, (short) consumed);
        return result(Status.OK, consumed, HEADER_BYTES + consumed);
    }

    private int put(ByteBuffer into, Kind kind, byte... bytes) {
        into.put((byte) kind.ordinal()).put(outNumber++).putShort((short) bytes.length).put(bytes);
        return HEADER_BYTES + bytes.length;
    }

    // ---- what comes in ----

    @Override
    public SSLEngineResult unwrap(ByteBuffer from, ByteBuffer[] into, int offset, int length) throws SSLException {
        throwKept();
        if (failure != null) {
            throw new SSLException("failed before: " + failure.getMessage());
        }
        if (inClosed) {
            return result(Status.CLOSED, 0, 0);
        }
        HandshakeStatus status = getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK || status == HandshakeStatus.NEED_WRAP && step != Step.DONE) {
            return result(Status.OK, 0, 0);
        }
        if (from.remaining() < HEADER_BYTES) {
            return result(Status.BUFFER_UNDERFLOW, 0, 0);
        }
        int start = from.position();
        int code = from.get(start);
        int bytes = from.getShort(start + 2);
        if (code <= 0 || code >= Kind.values().length || bytes < 0 || bytes > MOST_BYTES
                || from.get(start + 1) != inNumber) {
            throw fail("not a record, or not the one that is due");
        }
        if (from.remaining() < HEADER_BYTES + bytes) {
            return result(Status.BUFFER_UNDERFLOW, 0, 0);
        }
        Kind kind = Kind.values()[code];
        if (kind == Kind.DATA && into[offset].remaining() < bytes) {
            return result(Status.BUFFER_OVERFLOW, 0, 0);
        }
        inNumber++;
        from.position(start + HEADER_BYTES + bytes);
        return take(kind, from.slice(start + HEADER_BYTES, bytes), into[offset], HEADER_BYTES + bytes);
    }

    private SSLEngineResult take(Kind kind, ByteBuffer content, ByteBuffer into, int consumed) throws SSLException {
        switch (kind) {
            case HELLO -> {
                require(step == Step.AWAIT_HELLO, kind);
                helloIsBad = content.get() == BAD;
                step = Step.TASK;
            }
            case HELLO_BACK -> {
                require(step == Step.AWAIT_HELLO_BACK, kind);
                step = Step.TASK;
            }
            case FINISHED -> {
                require(step == Step.AWAIT_FINISHED, kind);
                step = isClient ? Step.SEND_FINISHED : Step.DONE;
                if (step == Step.DONE) {
                    return finished(consumed, 0);
                }
            }
            case DATA -> {
                require(step == Step.DONE, kind);
                int produced = content.remaining();
                into.put(content);
                return result(Status.OK, consumed, produced);
            }
            case NEW_KEYS -> {
                require(step == Step.DONE, kind);
                keysOwed = Math.max(keysOwed, content.get() == WITH_ANSWER ? 1 : 0);
            }
            case CLOSE_NOTIFY -> {
                inClosed = true;
                outClosing |= endsTogether;
                return result(Status.CLOSED, consumed, 0);
            }
            default -> {
                inClosed = true;
                outClosed = true;
                failure = new SSLException("the peer's alert");
                throw failure;
            }
        }
        return result(Status.OK, consumed, 0);
    }

    private void require(boolean isDue, Kind kind) throws SSLException {
        if (!isDue) {
            throw fail(kind + " in " + step);
        }
    }

    private SSLException fail(String what) {
        failure = new SSLException(what);
        alertOwed = !outClosed;
        return failure;
    }

    private void throwKept() throws SSLException {
        if (kept != null) {
            String what = String.valueOf(kept.getMessage());
            kept = null;
            throw fail(what);
        }
    }

    private SSLEngineResult result(Status status, int consumed, int produced) {
        return new SSLEngineResult(status, getHandshakeStatus(), consumed, produced);
    }

    private static SSLEngineResult finished(int consumed, int produced) {
        return new SSLEngineResult(Status.OK, HandshakeStatus.FINISHED, consumed, produced);
    }

    // ---- its end ----

    @Override
    public void closeOutbound() {
        outClosing = true;
    }

    @Override
    public boolean isOutboundDone() {
        return outClosed;
    }

    @Override
    public void closeInbound() {
        inClosed = true;
    }

    @Override
    public boolean isInboundDone() {
        return inClosed;
    }

    /** All before it has come. */
    boolean sawCloseNotify() {
        return inClosed && failure == null;
    }

    // ---- what is asked of it ----

    @Override
    public SSLSession getSession() {
        return (SSLSession) Proxy.newProxyInstance(SSLSession.class.getClassLoader(), new Class<?>[] {SSLSession.class},
                (_, method, _) -> switch (method.getName()) {
                    case "getProtocol" -> endsTogether ? "TLSv1.2" : "TLSv1.3";
                    case "getPacketBufferSize" -> HEADER_BYTES + MOST_BYTES;
                    case "getApplicationBufferSize" -> MOST_BYTES;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Override
    public String getApplicationProtocol() {
        return "";
    }

    @Override
    public void setUseClientMode(boolean client) {
        isClient = client;
        step = client ? Step.SEND_HELLO : Step.AWAIT_HELLO;
    }

    @Override
    public boolean getUseClientMode() {
        return isClient;
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return new String[0];
    }

    @Override
    public String[] getEnabledCipherSuites() {
        return new String[0];
    }

    @Override
    public void setEnabledCipherSuites(String[] suites) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String[] getSupportedProtocols() {
        return new String[0];
    }

    @Override
    public String[] getEnabledProtocols() {
        return new String[0];
    }

    @Override
    public void setEnabledProtocols(String[] protocols) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setNeedClientAuth(boolean need) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean getNeedClientAuth() {
        return false;
    }

    @Override
    public void setWantClientAuth(boolean want) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean getWantClientAuth() {
        return false;
    }

    @Override
    public void setEnableSessionCreation(boolean enable) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean getEnableSessionCreation() {
        return true;
    }

    /** Makes engines, and nothing else. */
    private static final class Spi extends SSLContextSpi {
        private final boolean endsTogether;

        Spi(boolean endsTogether) {
            this.endsTogether = endsTogether;
        }

        @Override
        protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
                throws KeyManagementException {
            throw new KeyManagementException("there are no keys");
        }

        @Override
        protected SSLEngine engineCreateSSLEngine() {
            return new FramingEngine(endsTogether);
        }

        @Override
        protected SSLEngine engineCreateSSLEngine(String host, int port) {
            return new FramingEngine(endsTogether);
        }

        @Override
        protected SSLSocketFactory engineGetSocketFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLServerSocketFactory engineGetServerSocketFactory() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSessionContext engineGetServerSessionContext() {
            throw new UnsupportedOperationException();
        }

        @Override
        protected SSLSessionContext engineGetClientSessionContext() {
            throw new UnsupportedOperationException();
        }
    }
}
