package org.iocp4j.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.File;
import java.nio.ByteBuffer;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.tls.TlsHandler;
import org.iocp4j.tls.TlsSession;

/**
 * A process that {@link TlsToolsTest} starts: by TLS, as much of HTTP/1.1 as curl needs, until its input ends. A path
 * is a number, and the body has so many bytes.
 */
final class TlsServer {
    private static final ByteBuffer BLOCK = ByteBuffer.allocate(30_000).asReadOnlyBuffer();

    private TlsServer() {
    }

    public static void main(String[] arguments) throws Exception {
        KeyStore store = KeyStore.getInstance(new File(arguments[0]), arguments[1].toCharArray());
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, arguments[1].toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        TlsHandler handler = TlsHandler.server(context).engine(engine -> {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"http/1.1"});
            engine.setSSLParameters(parameters);
        }).handshakeFailed((_, failure) -> say("failed " + failure.failure())).build(new Web());
        try (IocpServer server = IocpServer.start(handler, ServerOptions.builder().port(0).workers(2).build())) {
            say("ready " + server.localAddress().getPort());
            while (System.in.read() >= 0) { }
        }
        say("" + handler.statistics());
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    /** What is still to be sent of the present answer. */
    private static final class Body {
        int left;
    }

    private static final class Web implements SessionHandler {
        @Override
        public void opened(Session session) {
            session.attach(new Body());
            TlsSession tls = TlsSession.of(session);
            say("opened " + tls.sslSession().getProtocol() + " " + tls.applicationProtocol());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            String text = US_ASCII.decode(data.duplicate()).toString();
            int end = text.indexOf("\r\n\r\n");
            if (end < 0) {
                return;
            }
            data.position(data.position() + end + 4);
            Body body = session.attachment(Body.class);
            body.left = Integer.parseInt(text.substring(text.indexOf('/') + 1, text.indexOf(' ', text.indexOf('/'))));
            session.send(ByteBuffer.wrap(("HTTP/1.1 200 OK\r\nContent-Length: " + body.left + "\r\n\r\n")
                    .getBytes(US_ASCII)));
            writable(session);
        }

        @Override
        public void writable(Session session) {
            Body body = session.attachment(Body.class);
            while (body.left > 0) {
                int piece = Math.min(body.left, BLOCK.capacity());
                if (session.send(BLOCK.duplicate().limit(piece)) != SendResult.TAKEN) {
                    return;
                }
                body.left -= piece;
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            say("closed " + reason + " " + failure);
        }
    }
}
