package org.iocp4j.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLEngine;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** TLS around a handler that an executor calls, and that may block. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class TlsExecutorTest {
    private static final Duration LONG = Duration.ofSeconds(100);
    private static final int BYTES = 5_000;

    /** Echoes, but for the first session's first call, which waits until it is let go. */
    private static final class Handler implements SessionHandler {
        private final SimulatedKernel kernel;
        private final Set<Long> inside = new HashSet<>();
        private final List<CloseReason> reasons = new ArrayList<>();
        private long first;
        private boolean blocked;
        private boolean free;

        Handler(SimulatedKernel kernel) {
            this.kernel = kernel;
        }

        private void enter(Session session) {
            assertThat(inside.add(session.id())).as("one call at a time").isTrue();
        }

        @Override
        public void opened(Session session) {
            enter(session);
            if (first == 0) {
                first = session.id();
            }
            inside.remove(session.id());
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            enter(session);
            if (session.id() == first && !free) {
                blocked = true;
                assertThat(kernel.until(() -> free, LONG)).isTrue();
            }
            int most = Math.min(data.remaining(), session.sendRoomBytes());
            session.send(data.duplicate().limit(data.position() + most));
            data.position(data.position() + most);
            if (data.hasRemaining()) {
                session.wantRoom(256);
            }
            kernel.sleep(Duration.ofMillis(1)); // more comes meanwhile
            inside.remove(session.id());
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            enter(session);
            reasons.add(reason);
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, 1", "TLSv1.3, 1", "TLSv1.3, 2", "TLSv1.3, 3"})
    void aCallThatBlocksHoldsUpItsSessionOnlyAndItsBytesStayInOrder(String protocol, long seed) {
        SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).operationBytes(48).forbidMisuse();
        Handler handler = new Handler(kernel);
        kernel.run(() -> {
            TlsHandler tls = TlsHandler.server(TestKeys.context())
                    .taskExecutor(task -> kernel.start("task", task::run)).build(handler);
            ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(2).pool(1).maxSessions(4)
                    .bufferBytes(64).sendQueueBytes(512).idleTime(Duration.ZERO)
                    .disconnectTime(Duration.ofSeconds(2)).handlerExecutor(call -> kernel.start("call", call::run))
                    .build();
            IocpServer server = ServerFactory.start(tls, options, SessionIdentity.OVERLAPPED, kernel::attach);
            EngineClient slow = connect(kernel, server, protocol, seed);
            await(kernel, () -> handler.first != 0, "the first opens");
            byte[] bytes = new byte[BYTES];
            new Random(seed).nextBytes(bytes);
            slow.send(bytes);
            await(kernel, () -> handler.blocked, "its call blocks");
            for (int i = 0; i < 2; i++) {
                EngineClient other = connect(kernel, server, protocol, seed + 10 + i);
                other.send(bytes);
                await(kernel, () -> other.received.size() == BYTES, "another is served");
                assertThat(other.received.toByteArray()).isEqualTo(bytes);
                other.close();
                int ended = i + 1;
                await(kernel, () -> handler.reasons.size() == ended && other.sawCloseNotify(), "and ends");
            }
            assertThat(slow.received.size()).as("meanwhile").isZero();
            handler.free = true;
            await(kernel, () -> slow.received.size() == BYTES, "all of it");
            assertThat(slow.received.toByteArray()).as("in order").isEqualTo(bytes);
            slow.close();
            await(kernel, () -> handler.reasons.size() == 3, "it ends");
            server.close();
            kernel.requireNothingLeft();
            assertThat(handler.reasons).containsOnly(CloseReason.PEER_CLOSED);
            assertThat(server.statistics().faults().handlerFailures()).isZero();
        });
    }

    /** What was not taken is still the caller's, for another session, say. */
    @Test
    void aSendToAConnectionThatIsAbortedLeavesItsBytes() {
        for (long seed = 1; seed <= 5; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).operationBytes(48).forbidMisuse();
            Handler handler = new Handler(kernel);
            long own = seed;
            kernel.run(() -> {
                TlsHandler tls = TlsHandler.server(TestKeys.context())
                        .taskExecutor(task -> kernel.start("task", task::run)).build(handler);
                ServerOptions options = ServerOptions.builder().workers(1).acceptsPosted(2).pool(1).maxSessions(4)
                        .bufferBytes(64).sendQueueBytes(512).idleTime(Duration.ZERO)
                        .handlerExecutor(call -> kernel.start("call", call::run)).build();
                IocpServer server = ServerFactory.start(tls, options, SessionIdentity.OVERLAPPED, kernel::attach);
                EngineClient client = connect(kernel, server, "TLSv1.3", own);
                await(kernel, () -> handler.first != 0, "it opens");
                client.send(new byte[10]);
                await(kernel, () -> handler.blocked, "its call blocks");
                server.abort(handler.first);
                ByteBuffer data = ByteBuffer.allocate(5);
                await(kernel, () -> {
                    SendResult result = server.send(handler.first, data);
                    assertThat(data.position()).as("%s", result).isEqualTo(result == SendResult.TAKEN ? 5 : 0);
                    data.clear();
                    return result == SendResult.CLOSED;
                }, "no send is taken");
                handler.free = true;
                await(kernel, () -> handler.reasons.size() == 1, "it ends");
                server.close();
                kernel.requireNothingLeft();
            });
        }
    }

    private static EngineClient connect(SimulatedKernel kernel, IocpServer server, String protocol, long seed) {
        SSLEngine engine = TestKeys.withoutCertificate().createSSLEngine("localhost", 1);
        engine.setEnabledProtocols(new String[] {protocol});
        EngineClient peer = new EngineClient(engine, seed);
        SimulatedClient client = kernel.client(peer);
        client.connect(server.localAddress());
        return peer;
    }

    private static void await(SimulatedKernel kernel, BooleanSupplier condition, String what) {
        assertThat(kernel.until(condition, LONG)).as(what).isTrue();
    }
}
