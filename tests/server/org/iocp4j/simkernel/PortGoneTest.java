package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.iocp4j.server.AcceptFilter;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpListener;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ListenOptions;
import org.iocp4j.server.RecordedEcho;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.socket.DisconnectMethod;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The port is closed from outside: the workers get 735 or 6, the server says so, stops by itself, and ends its
 * sessions.
 */
class PortGoneTest {
    /** Sends something and stays. */
    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            self.send(new byte[] {8, 0, 1, 2, 3, 4, 5, 6, 7, 8});
        }
    }

    @Test
    void theServerStopsAndEachSessionHearsOfIt() {
        for (long seed = 0; seed < 20; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY);
            kernel.run(() -> {
                ServerOptions options = ServerOptions.builder().workers(3).acceptsPosted(2).pool(2).maxSessions(4)
                        .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300)).build();
                RecordedEcho handler = new RecordedEcho();
                IocpServer server = ServerFactory.start(handler, options, SessionIdentity.OVERLAPPED, kernel::attach);
                SimulatedClient one = kernel.client(new Talker()).connect(server.localAddress());
                SimulatedClient other = kernel.client(new Talker()).connect(server.localAddress());
                kernel.sleep(Duration.ofMillis(50));
                assertThat(handler.ids).hasSize(2);
                closePort(kernel);
                assertThat(kernel.until(() -> !server.isOpen(), Duration.ofMillis(500))).as("stopped by itself")
                        .isTrue();
                for (int i = 0; i < 3; i++) {
                    assertThat(server.send(handler.ids.getFirst(), ByteBuffer.allocate(1)))
                            .isEqualTo(SendResult.CLOSED);
                    server.disconnect(handler.ids.getFirst());
                    server.abort(handler.ids.getLast());
                }
                assertThat(kernel.until(() -> kernel.openSockets() == 0, Duration.ofSeconds(10))).isTrue();
                server.close();
                assertThat(kernel.until(() -> one.isReset() && other.isReset(), Duration.ofSeconds(1))).as("reset")
                        .isTrue();
                assertThat(handler.ends).containsOnly(CloseReason.SERVER_STOPPED).hasSize(2);
                assertThat(server.statistics().faults().workerFailures()).isEqualTo(3);
            });
        }
    }

    private static IocpServer start(SimulatedKernel kernel, SessionHandler handler, Supplier<Win32> system)
            throws IOException {
        ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(2).pool(2).maxSessions(4)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300)).build();
        return ServerFactory.start(handler, options, SessionIdentity.OVERLAPPED, system);
    }

    private static void closePort(SimulatedKernel kernel) {
        long port = kernel.handles.open().stream().filter(SimulatedPort.class::isInstance)
                .map(object -> ((SimulatedPort) object).handle).findFirst().orElseThrow();
        assertThat(kernel.attach().closeHandle(port)).isZero();
    }

    /** The last calls come from the thread that stops the server: for it, too, close() would wait for itself. */
    @Test
    @Timeout(60)
    void aHandlerThatClosesTheServerDoesNotHoldItsEndUp() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            AtomicReference<IocpServer> server = new AtomicReference<>();
            List<Throwable> refusals = new ArrayList<>();
            server.set(start(kernel, new SessionHandler() {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.send(data);
                }

                @Override
                public void closed(Session session, CloseReason reason, Throwable failure) {
                    try {
                        server.get().close();
                    } catch (IllegalStateException e) {
                        refusals.add(e);
                    }
                }
            }, kernel::attach));
            SimulatedClient client = kernel.client(new Talker()).connect(server.get().localAddress());
            assertThat(kernel.until(() -> client.received().length > 0, Duration.ofSeconds(5))).isTrue();
            closePort(kernel);
            assertThat(kernel.until(() -> kernel.openSockets() == 0, Duration.ofSeconds(10))).isTrue();
            assertThat(refusals).hasSize(1);
        });
    }

    /** What a worker has still to tell when it hears of the loss, it tells: no other thread knows of it. */
    @Test
    void aSessionThatEndsMeanwhileIsOver() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            AtomicReference<Session> paused = new AtomicReference<>();
            List<CloseReason> ends = new ArrayList<>();
            ServerOptions options = ServerOptions.builder().workers(2).disconnectMethod(DisconnectMethod.CLOSE)
                    .build();
            IocpServer server = ServerFactory.start(new SessionHandler() {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.pauseInput(); // so that nothing of it is pending
                    paused.set(session);
                }

                @Override
                public void closed(Session session, CloseReason reason, Throwable failure) {
                    ends.add(reason);
                }
            }, options, SessionIdentity.OVERLAPPED, kernel::attach);
            kernel.client(new Talker()).connect(server.localAddress());
            assertThat(kernel.until(() -> paused.get() != null, Duration.ofSeconds(5))).isTrue();
            server.execute(paused.get().id(), session -> {
                closePort(kernel);
                kernel.until(() -> !server.isOpen(), Duration.ofMillis(500)); // the other worker has seen it
                session.abort();
            });
            assertThat(kernel.until(() -> kernel.openSockets() == 0, Duration.ofSeconds(10))).isTrue();
            server.close();
            assertThat(ends).containsExactly(CloseReason.DISCONNECTED);
            assertThat(server.statistics().connections().sessions()).isZero();
        });
    }

    /** Receives that are done when they are posted need no port: a peer that streams would hold the worker for ever. */
    @Test
    @Timeout(60)
    void aPeerThatSendsOnHoldsNoWorkerOfALostPort() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM.with(
                new FaultPlan.Timing(0, 1, 0, 0, 0, 0, 50_000))).stepLimit(100_000); // all that can be done is done
        kernel.run(() -> {
            AtomicReference<IocpServer> server = new AtomicReference<>();
            List<CloseReason> ends = new ArrayList<>();
            AtomicInteger calls = new AtomicInteger();
            ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(1).maxSessions(4).build();
            server.set(ServerFactory.start(new SessionHandler() {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.send(data);
                    kernel.sleep(Duration.ofMillis(1)); // and more has come when the next receive is posted
                    if (calls.incrementAndGet() == 10) {
                        closePort(kernel);
                    }
                }

                @Override
                public void closed(Session session, CloseReason reason, Throwable failure) {
                    ends.add(reason);
                }
            }, options, SessionIdentity.OVERLAPPED, kernel::attach));
            SimulatedClient client = kernel.client(new SimulatedClient.Script() {
                @Override
                public void connected(SimulatedClient self) {
                    self.send(new byte[1 << 20]);
                }

                @Override
                public void received(SimulatedClient self, byte[] bytes) {
                    self.send(bytes);
                }
            });
            client.connect(server.get().localAddress());
            assertThat(kernel.until(() -> calls.get() >= 10, Duration.ofSeconds(5))).isTrue();
            assertThat(kernel.until(() -> !server.get().isOpen() && kernel.openSockets() == 0, Duration.ofSeconds(10)))
                    .as("it stops, after %s calls", calls).isTrue();
            assertThat(kernel.until(client::isReset, Duration.ofSeconds(1))).as("reset").isTrue();
            assertThat(ends).containsExactly(CloseReason.SERVER_STOPPED);
        });
    }

    /** By the time that its worker comes to it, the number of the port may be another one's. */
    @Test
    void aConnectionOnItsWayToALostPortIsRefused() {
        for (long seed = 0; seed < 20; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY);
            kernel.run(() -> {
                ServerOptions options = ServerOptions.builder().workers(2).ports(2).acceptsPosted(1).pool(1)
                        .maxSessions(4).disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300))
                        .build();
                RecordedEcho handler = new RecordedEcho();
                IocpServer server = ServerFactory.start(handler, options, SessionIdentity.OVERLAPPED, kernel::attach);
                AcceptFilter filter = (remote, local) -> {
                    kernel.losePort(0); // both: the session is dealt to the other one's
                    kernel.losePort(0);
                    return true;
                };
                IocpListener listener = server.group().listen(new InetSocketAddress("127.0.0.1", 0), handler,
                        ListenOptions.builder().acceptsPosted(1).filter(filter).build());
                SimulatedClient client = kernel.client(new Talker()).connect(listener.localAddress());
                assertThat(kernel.until(() -> kernel.openSockets() == 0, Duration.ofSeconds(10))).isTrue();
                server.close();
                assertThat(kernel.until(() -> client.isReset() || client.isRefused(), Duration.ofSeconds(1)))
                        .as("reset").isTrue();
                assertThat(handler.ids).isEmpty();
                ServerStatistics end = server.statistics();
                assertThat(end.incidents().sessionsRefusedStopping()).isEqualTo(1);
                assertThat(end.faults().sessionsRefusedAssociation()).isZero();
            });
        }
    }

    /** Its packet never comes: who waited for that would keep the file open for ever. */
    @Test
    void aFileThatIsBeingSentIsClosed() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.putFile("C:\\file", new byte[10_000]);
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(2).socketSendBufferBytes(16).build();
            IocpServer server = ServerFactory.start(new SessionHandler() {
                @Override
                public void received(Session session, ByteBuffer data) throws IOException {
                    data.position(data.limit());
                    session.sendFile(Path.of("C:\\file"), 0, 10_000);
                }
            }, options, SessionIdentity.OVERLAPPED, kernel::attach);
            SimulatedClient client = kernel.client(new Talker());
            client.window(100);
            client.connect(server.localAddress());
            assertThat(kernel.until(() -> kernel.openFiles() == 1, Duration.ofSeconds(5))).isTrue();
            kernel.sleep(Duration.ofMillis(50));
            closePort(kernel);
            assertThat(kernel.until(() -> kernel.openSockets() == 0, Duration.ofSeconds(10))).isTrue();
            server.close();
            assertThat(kernel.openFiles()).isZero();
        });
    }

    /** A worker whose view of the system cannot be closed has the server stopped all the same. */
    @Test
    void theServerStopsEvenIfNoWorkerEndsInOrder() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            RecordedEcho handler = new RecordedEcho();
            IocpServer server = start(kernel, handler, () -> throwingInClose(kernel.attach()));
            SimulatedClient client = kernel.client(new Talker()).connect(server.localAddress());
            assertThat(kernel.until(() -> client.received().length > 0, Duration.ofSeconds(5))).isTrue();
            closePort(kernel);
            assertThat(kernel.until(() -> kernel.openSockets() == 0, Duration.ofSeconds(10))).isTrue();
            assertThat(handler.ends).containsExactly(CloseReason.SERVER_STOPPED);
        });
    }

    private static Win32 throwingInClose(Win32 win32) {
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    Object result;
                    try {
                        result = method.invoke(win32, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                    if (method.getName().equals("close") && Thread.currentThread().getName()
                            .startsWith("iocp-worker")) {
                        throw new IllegalStateException("provoked");
                    }
                    return result;
                });
    }
}
