package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.ERROR_NO_SYSTEM_RESOURCES;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;

/**
 * CancelIoEx fails: what is pending is cancelled again, when a session is aborted, whoever has asked for that, and when
 * it is to be shown what is unread.
 */
class CancelAgainTest {
    private final AtomicBoolean fails = new AtomicBoolean();
    private final List<CloseReason> ends = new ArrayList<>();
    private final AtomicReference<Session> open = new AtomicReference<>();
    private final AtomicInteger shown = new AtomicInteger();
    private final AtomicInteger cancels = new AtomicInteger();

    private class Remembers implements SessionHandler {
        @Override
        public void opened(Session session) {
            open.set(session);
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            data.position(data.limit());
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            ends.add(reason);
        }
    }

    /** It reads nothing. */
    private final class ReadsNothing extends Remembers {
        @Override
        public void received(Session session, ByteBuffer data) {
            shown.incrementAndGet();
        }
    }

    /** A client that is silent until it is told. */
    private static final class Silent implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            // it sends nothing
        }
    }

    @Test
    void anAbortByAnotherThreadEnds() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(2).build();
            IocpServer server = ServerFactory.start(new Remembers(), options, SessionIdentity.OVERLAPPED,
                    () -> failing(kernel.attach()));
            SimulatedClient client = kernel.client(new Silent()).connect(server.localAddress());
            assertThat(kernel.until(() -> open.get() != null, Duration.ofSeconds(5))).isTrue();
            kernel.sleep(Duration.ofMillis(50)); // its receive is pending
            fails.set(true);
            server.abort(open.get().id());
            assertThat(kernel.until(client::isReset, Duration.ofSeconds(1))).isTrue();
            assertThat(fails).as("was asked to cancel").isFalse();
            assertThat(ends).containsExactly(CloseReason.DISCONNECTED);
            server.close();
        });
    }

    /** A receive is pending behind what is unread, and the client sends no more. */
    @Test
    void whatIsUnreadIsShown() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            IocpServer server = ServerFactory.start(new ReadsNothing(), ServerOptions.builder().workers(2).build(),
                    SessionIdentity.OVERLAPPED, () -> failing(kernel.attach()));
            SimulatedClient client = kernel.client(new Silent()).connect(server.localAddress());
            assertThat(kernel.until(() -> open.get() != null, Duration.ofSeconds(5))).isTrue();
            client.send(new byte[3]);
            assertThat(kernel.until(() -> shown.get() == 1, Duration.ofSeconds(1))).isTrue();
            kernel.sleep(Duration.ofMillis(50)); // the next receive is pending
            fails.set(true);
            assertThat(server.execute(open.get().id(), Session::pauseInput)).isTrue();
            assertThat(server.execute(open.get().id(), Session::resumeInput)).isTrue();
            assertThat(kernel.until(() -> shown.get() == 2, Duration.ofSeconds(1))).as("it is shown again").isTrue();
            assertThat(fails).as("was asked to cancel").isFalse();
            client.close();
            server.close();
        });
    }

    /** The look that comes next asks a quiet connection's receive for its buffer again. */
    @Test
    void aQuietConnectionGivesItsBufferBack() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM);
        kernel.run(() -> {
            ServerOptions options = ServerOptions.builder().workers(2).idleTime(Duration.ZERO).build();
            IocpServer server = ServerFactory.start(new Remembers(), options, SessionIdentity.OVERLAPPED,
                    () -> failing(kernel.attach()));
            SimulatedClient client = kernel.client(new Silent()).connect(server.localAddress());
            assertThat(kernel.until(() -> open.get() != null, Duration.ofSeconds(5))).isTrue();
            fails.set(true);
            assertThat(kernel.until(() -> cancels.get() == 2, Duration.ofSeconds(20))).as("again").isTrue();
            kernel.sleep(Duration.ofSeconds(20));
            assertThat(cancels).hasValue(2);
            client.close();
            server.close();
        });
    }

    /** Fails once when it is told to. */
    private Win32 failing(Win32 win32) {
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("cancelIoEx")) {
                        cancels.incrementAndGet();
                        if (fails.compareAndSet(true, false)) {
                            return ERROR_NO_SYSTEM_RESOURCES();
                        }
                    }
                    try {
                        return method.invoke(win32, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
