package org.iocp4j.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** A client's engine, which has what it says answered by a call. */
final class DirectClient {
    /** Takes what is in {@link #toServer}, and puts the answer into {@link #toClient}. */
    interface Answer {
        void run() throws Exception;
    }

    final ByteBuffer toServer = ByteBuffer.allocate(1 << 15);
    final ByteBuffer toClient;
    private final SSLEngine engine = TestKeys.withoutCertificate().createSSLEngine("localhost", 1);
    private final ByteBuffer plain = ByteBuffer.allocate(16_000);
    private final ByteBuffer back = ByteBuffer.allocate(1 << 15);

    DirectClient(String protocol, ByteBuffer toClient) {
        this.toClient = toClient;
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {protocol});
    }

    void shakeHands(Answer answer) throws Exception {
        engine.beginHandshake();
        while (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING || toClient.position() > 0) {
            for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                task.run();
            }
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                encrypt(0);
                answer.run();
            } else {
                decrypt();
            }
        }
    }

    /** Its first word, for the server. */
    void begin() throws SSLException {
        engine.beginHandshake();
        encrypt(0);
    }

    /** So many bytes, for the server. */
    void encrypt(int bytes) throws SSLException {
        engine.wrap(plain.clear().limit(bytes), toServer.clear());
        toServer.flip();
    }

    /** The next record from the server: the bytes are counted. */
    SSLEngineResult decrypt() throws SSLException {
        toClient.flip();
        SSLEngineResult result = engine.unwrap(toClient, back.clear());
        toClient.compact();
        return result;
    }
}
