package org.iocp4j.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;
import static org.iocp4j.server.Settled.await;
import static org.iocp4j.server.Settled.awaitStandstill;

import example.Proxy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.iocp4j.NeedsCompletionPorts;
import org.iocp4j.echo.EchoOptions;
import org.iocp4j.echo.EchoProtocol;
import org.iocp4j.echo.EchoServer;
import org.iocp4j.server.GroupOptions;
import org.iocp4j.server.IocpGroup;
import org.iocp4j.server.IocpListener;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ListenOptions;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code examples/proxy} between clients and a target that come, go, wait and break off. */
@Tag("slow")
@NeedsCompletionPorts
@Timeout(600)
class ProxyUnderLoadTest {
    private static final int CLIENTS = 100;
    private static final int BUFFER_BYTES = 8 * 1024;
    private static final int QUEUE_BYTES = 64 * 1024;
    private static final int MOST_SESSIONS = 600;
    private static final int LARGE = 40_000_000;
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);
    private static final ServerStatistics.Faults NO_FAULTS =
            new ServerStatistics.Faults(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private final AtomicLong sentByTarget = new AtomicLong();
    private final ConcurrentLinkedQueue<SessionRef> held = new ConcurrentLinkedQueue<>();
    private IocpServer target;
    private IocpGroup proxy;
    private IocpListener entrance;

    @BeforeEach
    void start() throws IOException {
        target = IocpServer.start(new Target(),
                ServerOptions.builder().workers(2).acceptsPosted(50).maxSessions(MOST_SESSIONS).build());
        startProxy(target.localAddress());
    }

    private void startProxy(InetSocketAddress to) throws IOException {
        proxy = IocpGroup.start(GroupOptions.builder().workers(2).bufferBytes(BUFFER_BYTES).sendQueueBytes(QUEUE_BYTES)
                .maxSessions(MOST_SESSIONS).build());
        entrance = proxy.listen(ANY_PORT, new Proxy(proxy, to), ListenOptions.builder().acceptsPosted(50).build());
    }

    @AfterEach
    void stop() {
        if (proxy != null) {
            proxy.close();
        }
        if (target != null) {
            target.close();
        }
    }

    // ---- the target ----

    /** The first byte of a connection says what is done on it. */
    private final class Target implements SessionHandler {
        @Override
        public void received(Session session, ByteBuffer data) {
            session.upgrade(switch (data.get()) {
                case 'e' -> (same, bytes) -> same.send(bytes); // what is refused stays, and comes again
                case 'c' -> new Count();
                case 'd' -> new Download();
                case 'r' -> new Reset();
                case 'h' -> new Hold();
                default -> throw new IllegalStateException("not asked for anything");
            });
        }
    }

    /** Says at the end how many bytes have come, if they were right. */
    private static class Count implements SessionHandler {
        private long count;

        @Override
        public void received(Session session, ByteBuffer data) {
            while (data.hasRemaining()) {
                if (data.get() != pattern(count)) {
                    session.abort();
                    return;
                }
                count++;
            }
        }

        @Override
        public void inputEnded(Session session) {
            session.send(ByteBuffer.allocate(Long.BYTES).putLong(0, count));
            session.disconnect();
        }
    }

    /** As {@link Count}, when it is told to begin. */
    private final class Hold extends Count {
        @Override
        public void upgraded(Session session) {
            session.pauseInput();
            held.add(session.ref());
        }
    }

    /** So many bytes as four bytes say, and the end. */
    private final class Download implements SessionHandler {
        private int left = -1;
        private long sent;

        @Override
        public void received(Session session, ByteBuffer data) {
            if (left < 0 && data.remaining() >= Integer.BYTES) {
                left = data.getInt();
                writable(session);
            }
        }

        @Override
        public void writable(Session session) {
            while (left > 0) {
                byte[] piece = bytes(sent, Math.min(left, 10_000));
                if (session.send(ByteBuffer.wrap(piece)) != SendResult.TAKEN) {
                    return;
                }
                left -= piece.length;
                sent += piece.length;
                sentByTarget.addAndGet(piece.length);
            }
            session.disconnect();
        }
    }

    /** Breaks off behind what may be a part only. */
    private static final class Reset implements SessionHandler {
        @Override
        public void received(Session session, ByteBuffer data) {
            data.position(data.limit());
            session.send(ByteBuffer.wrap(bytes(0, 1_000)));
            session.abort();
        }
    }

    private static byte pattern(long index) {
        return (byte) (index * 31 >> 7 ^ index);
    }

    private static byte[] bytes(long from, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = pattern(from + i);
        }
        return bytes;
    }

    // ---- the clients ----

    private Socket connect(int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.setSoTimeout((int) LONGEST.toMillis());
        socket.connect(entrance.localAddress(), (int) LONGEST.toMillis());
        return socket;
    }

    private static byte[] asked(char what, byte... rest) {
        return ByteBuffer.allocate(1 + rest.length).put((byte) what).put(rest).array();
    }

    private void visit(int number, ExecutorService others) throws Exception {
        Random random = new Random(number);
        switch (number % 10) {
            case 0, 1, 2 -> echoUntilTheEnd(bytes(0, 1 + random.nextInt(20_000)));
            case 3, 4 -> askAndAnswer(random);
            case 5 -> upload(random.nextInt(100_000));
            case 6 -> download(random.nextInt(200_000));
            case 7 -> breakOff(random);
            case 8 -> seeTheTargetBreakOff();
            default -> readSlowly(bytes(0, 150_000), others);
        }
    }

    /** Each side ends its output by itself. */
    private void echoUntilTheEnd(byte[] sent) throws IOException {
        try (Socket socket = connect(0)) {
            socket.getOutputStream().write(asked('e', sent));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(sent);
        }
    }

    /** And goes without more ado. */
    private void askAndAnswer(Random random) throws IOException {
        try (Socket socket = connect(0)) {
            OutputStream out = socket.getOutputStream();
            out.write('e');
            for (int i = 0; i < 5; i++) {
                byte[] message = bytes(random.nextInt(1_000), 1 + random.nextInt(500));
                out.write(message);
                assertThat(socket.getInputStream().readNBytes(message.length)).isEqualTo(message);
            }
        }
    }

    private void upload(int count) throws IOException {
        try (Socket socket = connect(0)) {
            socket.getOutputStream().write(asked('c', bytes(0, count)));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes())
                    .isEqualTo(ByteBuffer.allocate(Long.BYTES).putLong(count).array());
        }
    }

    private void download(int count) throws IOException {
        try (Socket socket = connect(4_096)) {
            socket.getOutputStream().write(asked('d', ByteBuffer.allocate(Integer.BYTES).putInt(count).array()));
            assertReads(socket.getInputStream(), count, 1_000);
            assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
        }
    }

    private static void assertReads(InputStream in, int count, int pieceBytes) throws IOException {
        for (int read = 0; read < count; ) {
            byte[] piece = in.readNBytes(Math.min(pieceBytes, count - read));
            assertThat(piece).as("from byte %d of %d on", read, count)
                    .isEqualTo(bytes(read, Math.min(pieceBytes, count - read)));
            read += piece.length;
        }
    }

    private void breakOff(Random random) throws IOException {
        Socket socket = connect(0);
        socket.getOutputStream().write(asked('e', bytes(0, 20_000)));
        assertReads(socket.getInputStream(), random.nextInt(2_000), 1_000);
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** What comes first is a part, perhaps none. Whether a reset ends it, and so nobody takes it for all. */
    private boolean seeTheTargetBreakOff() throws IOException {
        int read = 0;
        try (Socket socket = connect(0)) {
            socket.getOutputStream().write(asked('r', (byte) 0));
            for (int each = socket.getInputStream().read(); each >= 0; each = socket.getInputStream().read()) {
                assertThat((byte) each).isEqualTo(pattern(read));
                read++;
            }
            return false;
        } catch (SocketException e) {
            return true;
        } finally {
            assertThat(read).isLessThanOrEqualTo(1_000);
        }
    }

    private void readSlowly(byte[] sent, ExecutorService others) throws Exception {
        try (Socket socket = connect(4_096)) {
            Future<?> sending = others.submit(() -> {
                socket.getOutputStream().write(asked('e', sent));
                socket.shutdownOutput();
                return null;
            });
            assertReads(socket.getInputStream(), sent.length, 512);
            assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
            sending.get();
        }
    }

    // ---- what is asked of the proxy ----

    @Test
    void aThousandConnectionsComeAndGoAndNoByteIsLost() throws Exception {
        comeAndGo(1_000);
    }

    @Test
    @Tag("nightly")
    void tenThousandConnectionsComeAndGoAndNoByteIsLost() throws Exception {
        comeAndGo(10_000);
    }

    private void comeAndGo(int visits) throws Exception {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
                ExecutorService others = Executors.newCachedThreadPool()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(threads.submit(() -> {
                    for (int number = next.getAndIncrement(); number < visits; number = next.getAndIncrement()) {
                        try {
                            visit(number, others);
                        } catch (Throwable e) { // the others need not go on
                            next.set(visits);
                            throw new AssertionError("visit " + number, e);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> client : clients) {
                client.get();
            }
        }
        ServerStatistics end = assertNothingLeft();
        assertThat(end.connections().accepts()).isEqualTo(visits);
        assertThat(end.connects().connects()).isEqualTo(visits);
        assertThat(target.statistics().connections().accepts()).isEqualTo(visits);
    }

    private ServerStatistics assertNothingLeft() {
        await().untilAsserted(() -> {
            ServerStatistics now = proxy.statistics();
            assertThat(now.connections().sessions()).as("sessions").isZero();
            assertThat(now.connects().connectsPending()).as("connects").isZero();
            assertThat(now.sockets().socketsRecycling()).as("disconnects").isZero();
        });
        proxy.close();
        ServerStatistics end = proxy.statistics();
        assertThat(end.resources().operationsPending()).as("operations").isZero();
        assertThat(end.resources().buffersLent()).as("buffers").isZero();
        assertThat(end.sockets().socketsCreated()).as("sockets").isEqualTo(end.sockets().socketsDiscarded());
        assertThat(end.faults()).isEqualTo(NO_FAULTS);
        assertThat(end.sessionsRefused()).isZero();
        assertThat(end.connects().connectsWithoutRoom() + end.connects().connectsFailed()).isZero();
        assertThat(end.resources().bufferBytes()).as("memory at most")
                .isLessThan((long) MOST_SESSIONS * (BUFFER_BYTES + QUEUE_BYTES));
        return end;
    }

    /** The far end stops too, and all that one of both holds are two queues, two buffers and what the system has. */
    @Test
    void aClientThatDoesNotReadStopsTheTarget() throws Exception {
        try (Socket socket = connect(16 * 1024)) {
            socket.getOutputStream().write(asked('d', ByteBuffer.allocate(Integer.BYTES).putInt(LARGE).array()));
            await().until(() -> sentByTarget.get() > 0);
            awaitStandstill(sentByTarget::get);
            assertThat(sentByTarget.get()).isLessThan(LARGE / 2);
            assertThatLittleIsHeld();
            assertReads(socket.getInputStream(), LARGE, 100_000);
            assertThat(socket.getInputStream().read()).as("the end").isEqualTo(-1);
        }
        assertNothingLeft();
    }

    @Test
    void aTargetThatDoesNotReadStopsTheClient() throws Exception {
        AtomicLong written = new AtomicLong();
        try (Socket socket = connect(0); ExecutorService writer = Executors.newSingleThreadExecutor()) {
            Future<?> writing = writer.submit(() -> {
                OutputStream out = socket.getOutputStream();
                out.write('h');
                for (int sent = 0; sent < LARGE; sent += 10_000) {
                    out.write(bytes(sent, 10_000));
                    written.addAndGet(10_000);
                }
                socket.shutdownOutput();
                return null;
            });
            await().until(() -> !held.isEmpty() && written.get() > 0);
            awaitStandstill(written::get);
            assertThat(written.get()).isLessThan(LARGE / 2);
            assertThatLittleIsHeld();
            held.remove().resumeInput();
            assertThat(socket.getInputStream().readAllBytes())
                    .isEqualTo(ByteBuffer.allocate(Long.BYTES).putLong(LARGE).array());
            writing.get();
        }
        assertNothingLeft();
    }

    private void assertThatLittleIsHeld() {
        assertThat(proxy.statistics().resources().bufferBytes()).isLessThan(2_000_000);
    }

    @Test
    @Disabled("an end in order comes under Wine, which reads some resets as the end; on Windows, not yet run")
    void whoTheTargetBreaksOffSeesIt() throws IOException {
        for (int i = 0; i < 50; i++) {
            assertThat(seeTheTargetBreakOff()).as("a reset").isTrue();
        }
        assertNothingLeft();
    }

    /** What the proxy has taken goes out, and then its end in order: nobody is cut off. */
    @Test
    void whenTheProxyStopsEachGetsWhatIsQueued() throws Exception {
        try (Socket socket = connect(16 * 1024); ExecutorService closer = Executors.newSingleThreadExecutor()) {
            socket.getOutputStream().write(asked('d', ByteBuffer.allocate(Integer.BYTES).putInt(LARGE).array()));
            await().until(() -> sentByTarget.get() > 0);
            awaitStandstill(sentByTarget::get);
            Future<?> closing = closer.submit(proxy::close);
            byte[] read = socket.getInputStream().readAllBytes(); // a reset would throw
            assertThat(read.length).isGreaterThan(QUEUE_BYTES / 2);
            assertThat(read).isEqualTo(bytes(0, read.length));
            socket.close();
            closing.get();
        }
        assertNothingLeft();
    }

    /** The load client checks each message, and leaves by FIN and by RST. */
    @Test
    void loadAndServeMeetNoErrorThroughIt() throws Exception {
        proxy.close();
        ServerOptions server = ServerOptions.builder().workers(2).acceptsPosted(50).maxSessions(MOST_SESSIONS).build();
        try (EchoServer echo = EchoServer.start(new EchoOptions(server, EchoProtocol.MESSAGES,
                SessionIdentity.OVERLAPPED))) {
            startProxy(echo.localAddress());
            LoadClient load = new LoadClient(LoadOptions.to("127.0.0.1", entrance.localAddress().getPort())
                    .clients(50).overSend(1_000).reconnectPercent(20).duration(Duration.ofSeconds(8))
                    .loginTimeout(LONGEST).echoTimeout(LONGEST).drainTimeout(LONGEST).build());
            LoadStatistics total = load.run().total();
            assertThat(total.errors()).as("%s", total).isZero();
            assertThat(total.closedByReset()).isPositive();
            assertThat(total.sentMessages()).isPositive();
            assertNothingLeft();
        }
    }
}
