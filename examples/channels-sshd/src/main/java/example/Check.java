package example;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.client.channel.ClientChannelEvent;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.client.session.forward.ExplicitPortForwardingTracker;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.io.nio2.Nio2Session;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.util.net.SshdSocketAddress;
import org.apache.sshd.common.util.threads.CloseableExecutorService;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.command.AbstractCommandSupport;
import org.apache.sshd.server.forward.AcceptAllForwardingFilter;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;

/**
 * An SSH server and its client on Apache MINA SSHD, whose transport is java.nio's asynchronous channels unless a
 * program asks for another: commands, bytes there and back, a forwarded port, a server that is down. Nothing here names
 * a provider of channels: a system property does.
 */
final class Check {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String PASSWORD = "changeit";
    private static final int COMMANDS = 20;

    private Check() {
    }

    /** Args: {@code --transport iocp} makes sure that the channels are iocp4j's, any other that they are not. */
    public static void main(String[] arguments) throws Exception {
        AsynchronousChannelProvider provider = AsynchronousChannelProvider.provider();
        int at = List.of(arguments).indexOf("--transport");
        boolean ours = provider.getClass().getName().startsWith("org.iocp4j.");
        expect(at < 0 || arguments[at + 1].equals("iocp") == ours, "channels of " + provider);
        try (SshServer server = start(); SshClient client = SshClient.setUpDefaultClient()) {
            client.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory());
            client.setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE);
            client.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY); // the user's files have no part in it
            client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
            client.start();
            try (ClientSession session = connect(client, server.getPort())) {
                Nio2Session transport = (Nio2Session) session.getIoSession();
                expect(transport.getSocket().provider() == provider, "a channel of another provider");
                commands(session);
                bytes(session);
                forwarding(session);
            }
            refused(client);
        }
        if (ours) { // the program is not compiled against it
            String counts = String.valueOf(provider.getClass().getMethod("statistics").invoke(provider));
            System.out.println(counts);
            expect(!counts.contains("connects=0,") && !counts.contains("accepts=0,")
                    && !counts.contains("bytesRead=0,"), counts);
        }
        System.out.println("all passed");
        System.exit(0); // threads of sshd's that time out later
    }

    private static void expect(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    private static SshServer start() throws IOException {
        SshServer server = SshServer.setUpDefaultServer();
        server.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory());
        server.setHost("127.0.0.1");
        SimpleGeneratorHostKeyProvider keys = new SimpleGeneratorHostKeyProvider();
        keys.setAlgorithm("EC");
        server.setKeyPairProvider(keys);
        server.setPasswordAuthenticator((_, password, _) -> password.equals(PASSWORD));
        server.setForwardingFilter(AcceptAllForwardingFilter.INSTANCE);
        server.setCommandFactory((_, command) -> new Command(command));
        server.start();
        return server;
    }

    /** {@code cat} sends back its input; any other sends back its name. */
    private static final class Command extends AbstractCommandSupport {
        Command(String command) {
            super(command, (CloseableExecutorService) null);
        }

        @Override
        public void run() {
            try {
                if (getCommand().equals("cat")) {
                    getInputStream().transferTo(getOutputStream());
                } else {
                    getOutputStream().write(getCommand().getBytes());
                }
                getOutputStream().flush();
                onExit(0);
            } catch (IOException e) {
                onExit(1, e.toString());
            }
        }
    }

    private static ClientSession connect(SshClient client, int port) throws IOException {
        ClientSession session = client.connect("user", "127.0.0.1", port).verify(LIMIT).getSession();
        session.addPasswordIdentity(PASSWORD);
        session.auth().verify(LIMIT);
        return session;
    }

    private static void commands(ClientSession session) throws IOException {
        for (int i = 0; i < COMMANDS; i++) {
            String answer = session.executeRemoteCommand("command " + i);
            expect(answer.equals("command " + i), answer);
        }
        System.out.println("passed: " + COMMANDS + " commands");
    }

    private static void bytes(ClientSession session) throws IOException {
        byte[] sent = new byte[3_000_000];
        new Random(1).nextBytes(sent);
        ByteArrayOutputStream received = new ByteArrayOutputStream(sent.length);
        try (ChannelExec channel = session.createExecChannel("cat")) {
            channel.setIn(new ByteArrayInputStream(sent));
            channel.setOut(received);
            channel.open().verify(LIMIT);
            channel.waitFor(EnumSet.of(ClientChannelEvent.CLOSED), LIMIT);
            expect(Integer.valueOf(0).equals(channel.getExitStatus()), "cat ended with " + channel.getExitStatus());
        }
        expect(Arrays.equals(received.toByteArray(), sent), received.size() + " bytes came back, or others");
        System.out.println("passed: " + sent.length + " bytes there and back");
    }

    /** The client listens, too, and the server connects. */
    private static void forwarding(ClientSession session) throws Exception {
        byte[] sent = new byte[300_000];
        new Random(2).nextBytes(sent);
        try (ServerSocket target = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                ExplicitPortForwardingTracker forwarded = session.createLocalPortForwardingTracker(
                        new SshdSocketAddress("127.0.0.1", 0),
                        new SshdSocketAddress("127.0.0.1", target.getLocalPort()));
                Socket socket = new Socket("127.0.0.1", forwarded.getBoundAddress().getPort())) {
            socket.setSoTimeout((int) LIMIT.toMillis());
            CompletableFuture<byte[]> arrived = CompletableFuture.supplyAsync(() -> arrived(target));
            socket.getOutputStream().write(sent);
            socket.shutdownOutput();
            expect(Arrays.equals(arrived.get(LIMIT.toSeconds(), TimeUnit.SECONDS), sent), "other bytes were forwarded");
        }
        System.out.println("passed: a forwarded port");
    }

    private static byte[] arrived(ServerSocket target) {
        try (Socket far = target.accept(); InputStream in = far.getInputStream()) {
            far.setSoTimeout((int) LIMIT.toMillis());
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void refused(SshClient client) throws IOException {
        InetSocketAddress down;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            down = (InetSocketAddress) closed.getLocalSocketAddress();
        }
        try {
            client.connect("user", down).verify(LIMIT).getSession().close(true);
            throw new AssertionError("connected to nobody");
        } catch (IOException e) {
            System.out.println("passed: " + e);
        }
    }
}
