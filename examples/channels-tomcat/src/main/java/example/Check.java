package example;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.websocket.server.WsContextListener;

/**
 * Tomcat with its NIO2 connector and its clients in one process: a servlet, an upload, a static file, a websocket, and
 * TLS. Nothing here names a provider of channels: a system property does.
 */
final class Check {
    private static final String NIO2 = "org.apache.coyote.http11.Http11Nio2Protocol";
    private static final String PASSWORD = "changeit";
    private static final int LIMIT_SECONDS = 60;

    private final Path folder = Files.createTempDirectory("channels-tomcat");
    private final byte[] file = new byte[3_000_000];
    private final Tomcat tomcat = new Tomcat();
    private final Path keys = folder.resolve("keys.p12");
    private int plain;
    private int secure;

    private Check() throws Exception {
        new Random(1).nextBytes(file);
        Files.createDirectories(folder.resolve("static"));
        Files.write(folder.resolve("static/file.bin"), file);
        makeKeys();
        start();
    }

    /** Args: {@code --transport iocp} makes sure that the channels are iocp4j's, any other that they are not. */
    public static void main(String[] arguments) throws Exception {
        AsynchronousChannelProvider provider = AsynchronousChannelProvider.provider();
        int at = List.of(arguments).indexOf("--transport");
        boolean ours = provider.getClass().getName().startsWith("org.iocp4j.");
        expect(at < 0 || arguments[at + 1].equals("iocp") == ours, "channels of " + provider);
        Check check = new Check();
        boolean passed = false;
        try {
            check.run();
            if (ours) { // the program is not compiled against it
                String counts = String.valueOf(provider.getClass().getMethod("statistics").invoke(provider));
                System.out.println(counts);
                expect(!counts.contains("accepts=0,") && !counts.contains("bytesRead=0,"), counts);
            }
            passed = true;
        } finally {
            check.tomcat.stop();
            check.tomcat.destroy();
            System.out.println(passed ? "all passed" : "failed");
        }
        System.exit(0); // the clients' threads
    }

    private static void expect(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    private void makeKeys() throws Exception {
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "tomcat", "-keyalg", "EC", "-dname", "CN=localhost", "-ext",
                "SAN=ip:127.0.0.1,dns:localhost", "-keystore", keys.toString(), "-storetype", "PKCS12", "-storepass",
                PASSWORD).inheritIO().start();
        expect(keytool.waitFor() == 0, "keytool failed");
    }

    private void start() throws Exception {
        tomcat.setBaseDir(folder.toString());
        Connector http = connector();
        Connector https = connector();
        https.setSecure(true);
        https.setScheme("https");
        https.setProperty("SSLEnabled", "true");
        SSLHostConfig tls = new SSLHostConfig();
        SSLHostConfigCertificate certificate =
                new SSLHostConfigCertificate(tls, SSLHostConfigCertificate.Type.UNDEFINED);
        certificate.setCertificateKeystoreFile(keys.toString());
        certificate.setCertificateKeystorePassword(PASSWORD);
        certificate.setCertificateKeystoreType("PKCS12");
        tls.addCertificate(certificate);
        https.addSslHostConfig(tls);
        Context context = tomcat.addContext("", folder.resolve("static").toString());
        Tomcat.addServlet(context, "hello", new Hello());
        context.addServletMappingDecoded("/hello", "hello");
        Tomcat.addServlet(context, "files", new DefaultServlet());
        context.addServletMappingDecoded("/", "files");
        context.addApplicationListener(WsContextListener.class.getName());
        tomcat.start();
        ServerContainer sockets = (ServerContainer) context.getServletContext()
                .getAttribute(ServerContainer.class.getName());
        sockets.addEndpoint(ServerEndpointConfig.Builder.create(EchoEndpoint.class, "/echo").build());
        plain = http.getLocalPort();
        secure = https.getLocalPort();
    }

    private Connector connector() {
        Connector connector = new Connector(NIO2);
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        tomcat.getService().addConnector(connector);
        return connector;
    }

    /** Answers with the number of bytes of the request. */
    private static final class Hello extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            long bytes = request.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
            response.setContentType("text/plain");
            response.getWriter().write("hello, " + bytes + " bytes");
        }
    }

    private void run() throws Exception {
        HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        HttpClient trusting = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).sslContext(trust()).build();
        all(client, "http://127.0.0.1:" + plain);
        all(trusting, "https://127.0.0.1:" + secure);
        websocket(client, "ws://127.0.0.1:" + plain + "/echo");
        websocket(trusting, "wss://127.0.0.1:" + secure + "/echo");
    }

    private SSLContext trust() throws Exception {
        KeyStore store = KeyStore.getInstance(keys.toFile(), PASSWORD.toCharArray());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private void all(HttpClient client, String server) throws Exception {
        HttpRequest hello = HttpRequest.newBuilder(URI.create(server + "/hello")).build();
        try (ExecutorService clients = Executors.newFixedThreadPool(8)) {
            Callable<Void> some = () -> {
                for (int i = 0; i < 50; i++) {
                    String answer = client.send(hello, BodyHandlers.ofString()).body();
                    expect(answer.equals("hello, 0 bytes"), answer);
                }
                return null;
            };
            for (Future<Void> each : clients.invokeAll(java.util.Collections.nCopies(8, some))) {
                each.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        }
        String uploaded = client.send(HttpRequest.newBuilder(URI.create(server + "/hello"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(file)).build(), BodyHandlers.ofString()).body();
        expect(uploaded.equals("hello, " + file.length + " bytes"), uploaded);
        byte[] downloaded = client.send(HttpRequest.newBuilder(URI.create(server + "/file.bin")).build(),
                BodyHandlers.ofByteArray()).body();
        expect(Arrays.equals(downloaded, file), "another file");
        System.out.println("passed: " + server);
    }

    private static void websocket(HttpClient client, String address) throws Exception {
        BlockingQueue<String> received = new ArrayBlockingQueue<>(100);
        WebSocket socket = client.newWebSocketBuilder().buildAsync(URI.create(address), new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                received.add(text.toString());
                from.request(1);
                return null;
            }

            @Override
            public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
                received.add("closed: " + code + " " + reason);
                return null;
            }

            @Override
            public void onError(WebSocket from, Throwable cause) {
                received.add("failed: " + cause);
            }
        }).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        for (int i = 0; i < 50; i++) {
            socket.sendText("message " + i, true).get(LIMIT_SECONDS, TimeUnit.SECONDS);
            String answer = received.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            expect(("message " + i).equals(answer), "message " + i + " came back as " + answer);
        }
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").get(LIMIT_SECONDS, TimeUnit.SECONDS);
        System.out.println("passed: " + address);
    }
}
