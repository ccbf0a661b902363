package org.iocp4j.server;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.win32.generated.WinTypes.IPPROTO_TCP;
import static org.iocp4j.win32.generated.WinTypes.STATUS_CANCELLED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A view of the system that throws where a session, a socket or the server's end could be lost by it. */
@Timeout(60)
class ThrowingWin32Test {
    private static final Duration ENOUGH = Duration.ofSeconds(10);

    /** Which calls throw; asked on the calling thread. */
    private interface Fails {
        boolean fails(String call, Object[] arguments);
    }

    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient client) {
            client.send(new byte[] {1, 2, 3});
        }
    }

    private final SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
    private final RecordedEcho handler = new RecordedEcho();
    private final AtomicInteger thrown = new AtomicInteger();
    private volatile int left;
    private Fails fails = (call, arguments) -> false;
    private volatile boolean disconnectsFail;
    private volatile long disconnect;

    private boolean once(boolean matches) {
        if (!matches || left <= 0) {
            return false;
        }
        left--;
        return true;
    }

    private Win32 attach() {
        if (fails.fails("attach", null)) {
            thrown.incrementAndGet();
            throw new IllegalStateException("provoked in attach");
        }
        Win32 win32 = kernel.attach();
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    if (fails.fails(method.getName(), arguments)) {
                        thrown.incrementAndGet();
                        throw new StackOverflowError("provoked in " + method.getName());
                    }
                    try {
                        Object result = method.invoke(win32, arguments);
                        if (disconnectsFail) {
                            failDisconnect(method.getName(), arguments);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** The system has the disconnect done; the server is told otherwise. */
    private void failDisconnect(String call, Object[] arguments) {
        if (call.equals("disconnectEx")) {
            disconnect = (long) arguments[1];
        } else if (call.equals("getQueuedCompletionStatusEx") && disconnect != 0) {
            long overlapped = MemorySegment.ofAddress((long) arguments[1]).reinterpret(OVERLAPPED_ENTRY.sizeof())
                    .get(JAVA_LONG, OVERLAPPED_ENTRY.lpOverlapped$offset());
            if (overlapped == disconnect) {
                MemorySegment.ofAddress(overlapped).reinterpret(OVERLAPPED.sizeof())
                        .set(JAVA_LONG, OVERLAPPED.Internal$offset(), Integer.toUnsignedLong(STATUS_CANCELLED()));
            }
        }
    }

    private IocpServer start() throws IOException {
        return start(OnWorkerFailure.GO_ON);
    }

    private IocpServer start(OnWorkerFailure onWorkerFailure) throws IOException {
        ServerOptions options = ServerOptions.builder().workers(2).acceptsPosted(2).pool(2).maxSessions(8)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300))
                .onWorkerFailure(onWorkerFailure).build();
        return ServerFactory.start(handler, options, SessionIdentity.OVERLAPPED, this::attach);
    }

    private SimulatedClient connect(IocpServer server) {
        int before = handler.ids.size();
        SimulatedClient client = kernel.client(new Talker()).connect(server.localAddress());
        assertThat(kernel.until(() -> handler.ids.size() > before && client.received().length == 3, ENOUGH)).isTrue();
        return client;
    }

    private static boolean isWorker() {
        return Thread.currentThread().getName().startsWith("iocp-worker");
    }

    /** What another thread asks is done by the next tick, if the packet for it cannot be posted. */
    @Test
    void aPostThatThrowsLosesNothingThatWasAsked() {
        kernel.run(() -> {
            IocpServer server = start();
            fails = (call, arguments) -> once(call.equals("postQueuedCompletionStatus"));
            SimulatedClient client = connect(server);
            left = 1;
            assertThat(server.send(handler.ids.getFirst(), ByteBuffer.allocate(5))).isEqualTo(SendResult.TAKEN);
            assertThat(kernel.until(() -> client.received().length == 8, ENOUGH)).as("sent").isTrue();
            left = 1;
            server.disconnect(handler.ids.getFirst());
            assertThat(kernel.until(client::hasEnded, ENOUGH)).as("disconnected").isTrue();
            left = 1;
            server.close();
            assertThat(kernel.openSockets()).isZero();
            assertThat(thrown.get()).isEqualTo(3);
        });
    }

    /** A disconnect that fails, and whose error cannot be translated either: the session is over all the same. */
    @Test
    void anErrorThatCannotBeTranslatedLeaksNoSession() {
        kernel.run(() -> {
            IocpServer server = start();
            fails = (call, arguments) -> call.equals("rtlNtStatusToDosError");
            disconnectsFail = true;
            connect(server).finish();
            assertThat(kernel.until(() -> server.statistics().connections().sessions() == 0, ENOUGH)).isTrue();
            assertThat(thrown.get()).isEqualTo(1);
            server.close();
            assertThat(kernel.openSockets()).isZero();
        });
    }

    /** A socket is closed again if it cannot be prepared. */
    @Test
    void anOptionThatThrowsLeaksNoSocket() {
        kernel.run(() -> {
            IocpServer server = start();
            fails = (call, arguments) -> once(call.equals("setsockopt") && isWorker()
                    && (int) arguments[1] == IPPROTO_TCP());
            left = 1;
            connect(server);
            connect(server);
            server.close();
            assertThat(thrown.get()).isEqualTo(1);
            assertThat(kernel.openSockets()).isZero();
        });
    }

    /** A close() that cannot begin has not begun. */
    @Test
    void aCloseWithoutAViewCanBeTriedAgain() {
        kernel.run(() -> {
            IocpServer server = start();
            connect(server);
            fails = (call, arguments) -> once(call.equals("attach"));
            left = 1;
            assertThatThrownBy(server::close).isInstanceOf(IllegalStateException.class);
            assertThat(server.isOpen()).isTrue();
            server.close();
            assertThat(kernel.openSockets()).isZero();
            assertThat(handler.ends).containsExactly(CloseReason.SERVER_STOPPED);
        });
    }

    /** A close() that cannot wait ends the server all the same. */
    @Test
    void aSleepThatThrowsKeepsNothingOpen() {
        kernel.run(() -> {
            IocpServer server = start();
            connect(server);
            fails = (call, arguments) -> once(call.equals("sleep"));
            left = 1;
            server.close();
            assertThat(thrown.get()).isEqualTo(1);
            assertThat(kernel.openSockets()).isZero();
        });
    }

    /** A stop that nobody but the server asks for is tried until it can be begun. */
    @Test
    void aStopByItselfThatCannotBeginIsTriedAgain() {
        kernel.run(() -> {
            IocpServer server = start(OnWorkerFailure.STOP);
            connect(server);
            fails = (call, arguments) -> Thread.currentThread().getName().equals("iocp-stop")
                    ? once(call.equals("attach")) : once(left == 2 && call.equals("wsaRecv"));
            left = 2;
            kernel.client(new Talker()).connect(server.localAddress());
            long start = System.nanoTime(); // the thread that tries again waits outside the simulation
            while (server.isOpen() && System.nanoTime() - start < ENOUGH.toNanos()) {
                kernel.sleep(Duration.ofMillis(1));
            }
            assertThat(kernel.until(() -> kernel.openSockets() == 0, ENOUGH)).isTrue();
            assertThat(thrown.get()).isEqualTo(2);
        });
    }
}
