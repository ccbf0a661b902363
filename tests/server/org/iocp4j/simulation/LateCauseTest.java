package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.WAIT_TIMEOUT;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;

/** A worker finds a cause to end a session that another one has ended meanwhile: it is not counted. */
class LateCauseTest {
    private static final Path FILE = Path.of("C:\\site\\file");
    private static final int BYTES = 1000;
    private static final byte[] MESSAGE = new byte[64];

    private final SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
    /** The one call of the system that returns late. */
    private Predicate<String> isLate = call -> false;
    private boolean isHeldUp;
    private SessionRef ref;
    private CloseReason reason;

    private abstract class Handler implements SessionHandler {
        @Override
        public void opened(Session session) throws IOException {
            ref = session.ref();
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            data.position(data.limit());
        }

        @Override
        public void closed(Session session, CloseReason why, Throwable thrown) {
            reason = why;
        }
    }

    private Win32 attach() {
        Win32 system = kernel.attach();
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    try {
                        Object result = method.invoke(system, arguments);
                        if (isLate.test(method.getName()) && !result.equals(WAIT_TIMEOUT())) {
                            isLate = call -> false;
                            isHeldUp = true;
                            kernel.sleep(Duration.ofMillis(50));
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** Has a session aborted while a worker is held up. */
    private ServerStatistics abortWhileHeldUp(SessionHandler handler) {
        return endWhileHeldUp(handler, SessionRef::abort);
    }

    private ServerStatistics endWhileHeldUp(SessionHandler handler, Consumer<SessionRef> ends) {
        ServerStatistics[] end = new ServerStatistics[1];
        kernel.putFile(FILE.toString(), new byte[BYTES]);
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(2).bufferBytes(MESSAGE.length)
                    .idleTime(Duration.ofMillis(300)).build();
            IocpServer server = ServerFactory.start(handler, options, SessionIdentity.OVERLAPPED, this::attach);
            SimulatedClient client = kernel.client(new SimulatedClient.Script() { }).connect(server.localAddress());
            assertThat(kernel.until(client::isConnected, Duration.ofSeconds(5))).isTrue();
            client.send(MESSAGE);
            assertThat(kernel.until(() -> isHeldUp, Duration.ofSeconds(5))).isTrue();
            ends.accept(ref);
            assertThat(kernel.until(() -> reason != null, Duration.ofSeconds(5))).isTrue();
            assertThat(reason).isEqualTo(CloseReason.DISCONNECTED);
            client.close();
            server.close();
            end[0] = server.statistics();
        });
        return end[0];
    }

    @Test
    void aFileThatHasBecomeShorter() {
        ServerStatistics end = abortWhileHeldUp(new Handler() {
            @Override
            public void opened(Session session) throws IOException {
                super.opened(session);
                session.sendFile(FILE, 0, BYTES);
                SendFileTest.truncate(FILE, kernel);
                isLate = call -> call.equals("getQueuedCompletionStatusEx"); // with the end of the transmit
            }
        });
        assertThat(end.faults().fileFailures()).isZero();
    }

    @Test
    void aSilence() {
        ServerStatistics end = abortWhileHeldUp(new Handler() {
            @Override
            public void idle(Session session) {
                session.disconnect();
                Thread worker = Thread.currentThread();
                isLate = call -> call.equals("nanoTime") && Thread.currentThread() == worker; // behind this call
            }
        });
        assertThat(end.incidents().idleTimeouts()).isZero();
    }

    @Test
    void aMessageThatIsTooLong() {
        ServerStatistics end = endWhileHeldUp(new Handler() {
            @Override
            public void received(Session session, ByteBuffer data) {
                if (data.remaining() == MESSAGE.length) {
                    session.shutdownOutput();
                    isLate = call -> call.equals("shutdown"); // between the look at the phase and that at the buffer
                }
            }
        }, SessionRef::disconnect);
        assertThat(end.incidents().framesTooLong()).isZero();
    }
}
