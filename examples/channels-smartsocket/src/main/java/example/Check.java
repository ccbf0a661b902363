package example;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.smartboot.socket.MessageProcessor;
import org.smartboot.socket.Protocol;
import org.smartboot.socket.StateMachineEnum;
import org.smartboot.socket.transport.AioQuickClient;
import org.smartboot.socket.transport.AioQuickServer;
import org.smartboot.socket.transport.AioSession;
import org.smartboot.socket.transport.WriteBuffer;

/**
 * A server that echoes texts, and its clients, on smart-socket. It has channels of its own, on a selector, for programs
 * that bring no group; with a group its sessions are on the channels of that group's provider, which a system property
 * names.
 */
final class Check {
    private static final int CLIENTS = 8;
    private static final int BATCHES = 50;
    private static final int BATCH = 10;
    private static final int LIMIT_SECONDS = 60;
    private static final int BUFFER_BYTES = 4096;

    private Check() {
    }

    /** Args: {@code --transport iocp} makes sure that the channels are iocp4j's, any other that they are not. */
    public static void main(String[] arguments) throws Exception {
        AsynchronousChannelProvider provider = AsynchronousChannelProvider.provider();
        int at = List.of(arguments).indexOf("--transport");
        boolean ours = provider.getClass().getName().startsWith("org.iocp4j.");
        expect(at < 0 || arguments[at + 1].equals("iocp") == ours, "channels of " + provider);
        AsynchronousChannelGroup servers = AsynchronousChannelGroup.withFixedThreadPool(2,
                Executors.defaultThreadFactory());
        AsynchronousChannelGroup clients = AsynchronousChannelGroup.withFixedThreadPool(2,
                Executors.defaultThreadFactory());
        expect(servers.provider() == provider && clients.provider() == provider, "a group of another provider");
        echo(servers, clients);
        clients.shutdown(); // ends when the last channel of it is closed, as all of these are
        expect(clients.awaitTermination(LIMIT_SECONDS, TimeUnit.SECONDS), "the clients' group does not end");
        servers.shutdownNow();
        expect(servers.awaitTermination(LIMIT_SECONDS, TimeUnit.SECONDS), "the servers' group does not end");
        if (ours) { // the program is not compiled against it
            String counts = String.valueOf(provider.getClass().getMethod("statistics").invoke(provider));
            System.out.println(counts);
            expect(counts.contains("connects=" + CLIENTS + ",") && counts.contains("accepts=" + CLIENTS + ",")
                    && !counts.contains("bytesRead=0,"), counts);
        }
        System.out.println("all passed");
    }

    private static void expect(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    private static void echo(AsynchronousChannelGroup servers, AsynchronousChannelGroup clients) throws Exception {
        AioQuickServer server = null;
        int port = 0;
        while (server == null) { // it cannot tell which port it was given for 0
            port = freePort();
            server = new AioQuickServer("127.0.0.1", port, Check::decode, new Echo()).setBannerEnabled(false)
                    .setReadBufferSize(BUFFER_BYTES).setWriteBuffer(BUFFER_BYTES, BATCH);
            try {
                server.start(servers);
            } catch (BindException e) {
                server = null; // somebody was faster
            }
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            List<Callable<Void>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                int its = port;
                all.add(() -> talk(number, its, clients));
            }
            for (Future<Void> each : threads.invokeAll(all)) {
                each.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            }
        }
        System.out.println("passed: " + CLIENTS * BATCHES * BATCH + " texts on " + CLIENTS + " connections");
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        }
    }

    private static Void talk(int number, int port, AsynchronousChannelGroup group) throws Exception {
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        MessageProcessor<String> client = (_, text) -> received.add(text);
        AioQuickClient connection = new AioQuickClient("127.0.0.1", port, Check::decode, client)
                .setReadBufferSize(BUFFER_BYTES).setWriteBuffer(BUFFER_BYTES, BATCH);
        AioSession session = connection.start(group);
        for (int batch = 0; batch < BATCHES; batch++) {
            for (int i = 0; i < BATCH; i++) {
                write(session.writeBuffer(), text(number, batch, i));
            }
            session.writeBuffer().flush();
            for (int i = 0; i < BATCH; i++) {
                String came = received.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
                expect(text(number, batch, i).equals(came), text(number, batch, i) + " came back as " + came);
            }
        }
        connection.shutdown();
        return null;
    }

    private static String text(int client, int batch, int index) {
        return "client " + client + ", text " + (batch * BATCH + index) + ".".repeat(batch * index % 300);
    }

    // ---- a text is its length and its bytes ----

    /** See {@link Protocol}: null as long as not all of it is there. */
    private static String decode(ByteBuffer came, AioSession session) {
        if (came.remaining() < Integer.BYTES
                || came.remaining() - Integer.BYTES < came.getInt(came.position())) {
            return null;
        }
        byte[] bytes = new byte[came.getInt()];
        came.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void write(WriteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try {
            out.writeInt(bytes.length);
            out.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Echo implements MessageProcessor<String> {
        @Override
        public void process(AioSession session, String text) {
            write(session.writeBuffer(), text);
        }

        @Override
        public void stateEvent(AioSession session, StateMachineEnum state, Throwable cause) {
            if (cause != null) {
                cause.printStackTrace();
            }
        }
    }
}
