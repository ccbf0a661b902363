package example.http;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.tls.TlsHandler;

/**
 * An HTTP server: {@code Main PORT [FOLDER [KEYSTORE PASSWORD]]} serves the files of the folder, or of the present one,
 * and more. With a key store it does so through TLS.
 */
public final class Main {
    private static final long MAX_BODY_BYTES = 64_000_000;

    private Main() {
    }

    public static void main(String[] args) throws IOException, GeneralSecurityException {
        if (args.length == 3 || args.length > 4) { // without its password a key store would be of no use
            System.err.println("usage: Main PORT [FOLDER [KEYSTORE PASSWORD]]");
            System.exit(2);
        }
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 0; // 0: a free one
        SessionHandler handler = new HttpHandler(new DemoSite(Path.of(args.length > 1 ? args[1] : "")), MAX_BODY_BYTES);
        if (args.length > 3) {
            handler = TlsHandler.server(tls(Path.of(args[2]), args[3].toCharArray()))
                    .messageBytes(2 * HttpHandler.MAX_HEAD_BYTES)
                    .build(handler);
        }
        var options = ServerOptions.builder().port(port)
                .bufferBytes(2 * HttpHandler.MAX_HEAD_BYTES)
                .idleTime(Duration.ofSeconds(30)) // of who is silent, and of who does not read
                .build();
        var server = IocpServer.start(handler, options);
        Runtime.getRuntime().addShutdownHook(new Thread(server::close)); // Ctrl-C: what is queued still goes out
        System.out.println("listening on " + server.localAddress());
    }

    private static SSLContext tls(Path keyStore, char[] password) throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(keyStore.toFile(), password), password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
