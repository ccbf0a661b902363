package example;

import java.io.File;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.tls.TlsHandler;

/** The same over TLS: port, key store, its password. */
final class SecureMain {
    private SecureMain() {
    }

    public static void main(String[] arguments) throws Exception {
        SSLContext context = context(new File(arguments[1]), arguments[2].toCharArray());
        var options = ServerOptions.builder().port(Integer.parseInt(arguments[0])).build();
        var tls = TlsHandler.server(context).engine(engine -> {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"lengths"}); // ALPN
            parameters.setWantClientAuth(true);
            engine.setSSLParameters(parameters);
        }).handshakeFailed((peer, failure) -> System.out.println(peer + ": " + failure.failure()))
                .build(new LineLengths());
        var server = IocpServer.start(tls, options);
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    }

    private static SSLContext context(File file, char[] password) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(file, password), password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
