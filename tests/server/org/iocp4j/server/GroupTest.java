package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.iocp4j.port.IoThread;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.ConnectFailure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Listeners and connects of one group, on a simulated kernel. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class GroupTest {
    private static final int SEEDS = 5;
    private static final Duration ENOUGH = Duration.ofSeconds(30);
    private static final InetSocketAddress ANYWHERE = new InetSocketAddress("127.0.0.1", 0);
    /** Which the simulated kernel does not answer. */
    private static final InetSocketAddress SILENT = new InetSocketAddress("203.0.113.1", 80);
    private static final InetSocketAddress NOBODY = new InetSocketAddress("127.0.0.1", 81);

    /** Answers each byte with one of its own, and notes what it is told. */
    private static class Noting implements SessionHandler {
        final byte answer;
        final List<Long> opened = new ArrayList<>();
        int sendQueueBytes;
        final List<CloseReason> closed = new ArrayList<>();
        final List<ConnectFailedException> failed = new ArrayList<>();
        final ByteArrayOutputStream received = new ByteArrayOutputStream();

        Noting(int answer) {
            this.answer = (byte) answer;
        }

        @Override
        public void opened(Session session) {
            opened.add(session.id());
            sendQueueBytes = session.sendQueueBytes();
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            while (data.hasRemaining()) {
                received.write(data.get());
                if (answer != 0) {
                    session.send(ByteBuffer.wrap(new byte[] {answer}));
                }
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable failure) {
            closed.add(reason);
        }

        @Override
        public void connectFailed(ConnectFailedException failure) {
            failed.add(failure);
        }
    }

    /** A client that sends a byte. */
    private static final class Talker implements SimulatedClient.Script {
        @Override
        public void connected(SimulatedClient self) {
            self.send(new byte[] {1});
        }
    }

    private interface Scene {
        void run(SimulatedKernel kernel, IocpGroup group) throws Exception;
    }

    private static GroupOptions.Builder options() {
        return GroupOptions.builder().workers(4).ports(2).pool(4).maxSessions(20).maxAcceptsPosted(12)
                .disconnectTime(Duration.ofMillis(200)).drainTime(Duration.ofMillis(300));
    }

    private static ListenOptions.Builder listening() {
        return ListenOptions.builder().acceptsPosted(2);
    }

    private static void withGroup(GroupOptions options, Scene test) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).requireOwnPorts().forbidMisuse();
            kernel.run(() -> {
                IocpGroup group = ServerFactory.startGroup(options, kernel::attach);
                test.run(kernel, group);
                group.close();
                kernel.requireNothingLeft();
                ServerStatistics end = group.statistics();
                assertThat(end.faults().workerFailures()).isZero();
                assertThat(end.connections().sessions()).isZero();
                assertThat(end.connections().acceptsPosted()).isZero();
                assertThat(end.connects().connectsPending()).isZero();
                assertThat(end.sockets().socketsCreated()).isEqualTo(end.sockets().socketsDiscarded());
            });
        }
    }

    private static void await(SimulatedKernel kernel, BooleanSupplier condition, String what) {
        assertThat(kernel.until(condition, ENOUGH)).as(what).isTrue();
    }

    private static void awaitAnswer(SimulatedKernel kernel, IocpListener listener, int answer) {
        SimulatedClient client = kernel.client(new Talker()).connect(listener.localAddress());
        await(kernel, () -> client.received().length > 0, "an answer");
        assertThat(client.received()).containsExactly(answer);
    }

    // ---- listeners ----

    @Test
    void eachListenerHasItsHandler() {
        withGroup(options().build(), (kernel, group) -> {
            IocpListener first = group.listen(ANYWHERE, new Noting(10), listening().build());
            IocpListener second = group.listen(ANYWHERE, new Noting(20), listening().build());
            assertThat(first.localAddress()).isNotEqualTo(second.localAddress());
            for (int i = 0; i < 3; i++) {
                awaitAnswer(kernel, first, 10);
                awaitAnswer(kernel, second, 20);
            }
            assertThat(first.accepts()).isEqualTo(3);
            assertThat(group.statistics().connections().accepts()).isEqualTo(6);
            assertThat(group.statistics().connections().acceptsPosted()).isEqualTo(4);
        });
    }

    @Test
    void theCloseOfOneListenerLeavesTheOthersAndItsSessions() {
        withGroup(options().build(), (kernel, group) -> {
            Noting handler = new Noting(10);
            IocpListener first = group.listen(ANYWHERE, handler, listening().build());
            IocpListener second = group.listen(ANYWHERE, new Noting(20), listening().build());
            SimulatedClient stays = kernel.client(new Talker()).connect(first.localAddress());
            await(kernel, () -> stays.received().length == 1, "an answer");
            first.close();
            first.close();
            assertThat(first.isOpen()).isFalse();
            assertThat(second.isOpen()).isTrue();
            SimulatedClient late = kernel.client(new Talker()).connect(first.localAddress());
            await(kernel, () -> late.isRefused() || late.isReset(), "the late one is refused");
            stays.send(new byte[] {1});
            await(kernel, () -> stays.received().length == 2, "the session goes on");
            awaitAnswer(kernel, second, 20);
            await(kernel, () -> group.statistics().connections().acceptsPosted() == 2, "its accepts are gone");
            assertThat(group.statistics().connections().accepts()).as("its figures are not").isEqualTo(2);
            IocpListener again = group.listen(first.localAddress(), new Noting(30), listening().build());
            awaitAnswer(kernel, again, 30);
            assertThat(handler.closed).isEmpty();
        });
    }

    @Test
    void whomTheFilterDoesNotWantIsResetAndCostsNoSession() {
        withGroup(options().maxSessions(1).build(), (kernel, group) -> {
            List<InetSocketAddress> asked = new ArrayList<>();
            boolean[] welcome = {false};
            Noting handler = new Noting(10);
            IocpListener listener = group.listen(ANYWHERE, handler, listening().filter((remote, local) -> {
                asked.add(remote);
                assertThat(local.getPort()).isPositive();
                return welcome[0];
            }).build());
            SimulatedClient unwelcome = kernel.client(new Talker()).connect(listener.localAddress());
            await(kernel, unwelcome::isReset, "reset");
            assertThat(asked).containsExactly(unwelcome.localAddress());
            assertThat(handler.opened).isEmpty();
            assertThat(group.statistics().incidents().sessionsRefusedFilter()).isEqualTo(1);
            welcome[0] = true;
            awaitAnswer(kernel, listener, 10);
            welcome[0] = false;
            SimulatedClient another = kernel.client(new Talker()).connect(listener.localAddress());
            await(kernel, another::isReset, "reset, though the only session is taken");
            assertThat(group.statistics().incidents().sessionsRefusedFull()).isZero();
            assertThat(group.statistics().sessionsRefused()).isEqualTo(2);
            assertThat(group.statistics().faults().handlerFailures()).isZero();
        });
    }

    @Test
    void aFilterThatThrowsRefuses() {
        withGroup(options().build(), (kernel, group) -> {
            IocpListener listener = group.listen(ANYWHERE, new Noting(10), listening().filter((remote, local) -> {
                throw new IllegalStateException("provoked");
            }).build());
            SimulatedClient client = kernel.client(new Talker()).connect(listener.localAddress());
            await(kernel, client::isReset, "reset");
            assertThat(group.statistics().incidents().sessionsRefusedFilter()).isEqualTo(1);
            assertThat(group.statistics().faults().handlerFailures()).isEqualTo(1);
        });
    }

    /** Of sessions in the same objects, one after the other. */
    @Test
    void eachListenerHasItsIdleTimeAndItsSendQueue() {
        withGroup(options().maxSessions(1).bufferBytes(64).sendQueueBytes(256).build(), (kernel, group) -> {
            Noting brief = new Noting(0);
            Noting lasting = new Noting(0);
            IocpListener first = group.listen(ANYWHERE, brief, listening().idleTime(Duration.ofSeconds(1)).build());
            IocpListener second = group.listen(ANYWHERE, lasting,
                    listening().idleTime(Duration.ZERO).sendQueueBytes(64).build());
            ByteBuffer large = ByteBuffer.allocate(100);
            for (int i = 1; i <= 3; i++) {
                int times = i;
                kernel.client(new Talker()).connect(first.localAddress());
                await(kernel, () -> brief.opened.size() == times, "a session");
                assertThat(group.send(brief.opened.getLast(), large.rewind())).isEqualTo(SendResult.TAKEN);
                await(kernel, () -> brief.closed.size() == times, "idle");
                assertThat(brief.closed).containsOnly(CloseReason.IDLE);
                await(kernel, () -> group.statistics().connections().sessions() == 0, "gone");
                SimulatedClient patient = kernel.client(new Talker()).connect(second.localAddress());
                await(kernel, () -> lasting.opened.size() == times, "a session");
                long id = lasting.opened.getLast();
                assertThat(List.of(brief.sendQueueBytes, lasting.sendQueueBytes)).containsExactly(256, 64);
                assertThatThrownBy(() -> group.send(id, large.rewind()))
                        .hasMessage("100 bytes in one send; a send queue holds 64");
                kernel.sleep(Duration.ofSeconds(20));
                assertThat(lasting.closed).as("those before").hasSize(times - 1);
                patient.close();
                await(kernel, () -> lasting.closed.size() == times
                        && group.statistics().connections().sessions() == 0, "gone");
            }
        });
    }

    @Test
    void optionsThatDoNotGoWithTheGroupsAreRefused() {
        withGroup(options().bufferBytes(128).sendQueueBytes(256).build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            assertThatThrownBy(() -> group.listen(ANYWHERE, handler, listening().sendQueueBytes(127).build()))
                    .hasMessage("sendQueueBytes: 127 is not from the group's bufferBytes, 128, to its sendQueueBytes,"
                            + " 256");
            assertThatThrownBy(() -> group.listen(ANYWHERE, handler, listening().sendQueueBytes(257).build()))
                    .hasMessage("sendQueueBytes: 257 is not from the group's bufferBytes, 128, to its sendQueueBytes,"
                            + " 256");
            assertThatThrownBy(() -> group.connect(NOBODY, handler,
                    ConnectOptions.builder().closeTime(Duration.ofMillis(100)).build()))
                    .hasMessage("closeTime: PT0.1S is below disconnectTime, PT0.2S");
            assertThatThrownBy(() -> group.listen(ANYWHERE, handler, listening().acceptsPosted(13).build()))
                    .hasMessage("acceptsPosted: 13 and the 0 of other listeners are more than maxAcceptsPosted, 12");
            IocpListener all = group.listen(ANYWHERE, handler, listening().acceptsPosted(12).build());
            assertThatThrownBy(() -> group.listen(ANYWHERE, handler, listening().acceptsPosted(1).build()))
                    .hasMessage("acceptsPosted: 1 and the 12 of other listeners are more than maxAcceptsPosted, 12");
            all.close();
            await(kernel, () -> group.statistics().connections().acceptsPosted() == 0, "gone");
            kernel.sleep(Duration.ofMillis(1));
            group.listen(ANYWHERE, handler, listening().acceptsPosted(12).build());
            assertThatThrownBy(() -> group.connect(ANYWHERE, handler, ConnectOptions.defaults()))
                    .hasMessage("remote: " + ANYWHERE.getAddress().getHostAddress()
                            + ":0 has no port to connect to");
            assertThatThrownBy(() -> group.connect(InetSocketAddress.createUnresolved("nowhere.invalid", 1), handler,
                    ConnectOptions.defaults()))
                    .hasMessage("remote: the host name nowhere.invalid was not resolved to an address");
            assertThatThrownBy(() -> group.connect(NOBODY, handler,
                    ConnectOptions.builder().localAddress(new InetSocketAddress("::1", 0)).build()))
                    .hasMessageContaining("of another family");
        });
    }

    /** A server's group had as many accepts as its own listener. */
    @Test
    void aServersGroupTakesFurtherListeners() {
        SimulatedKernel kernel = new SimulatedKernel(1, FaultPlan.CALM).forbidMisuse();
        kernel.run(() -> {
            Noting handler = new Noting(0);
            try (IocpServer server = ServerFactory.start(new Noting(0), ServerOptions.defaults(),
                    SessionIdentity.OVERLAPPED, kernel::attach)) {
                IocpListener further = server.group().listen(ANYWHERE, handler, ListenOptions.defaults());
                SimulatedClient client = kernel.client(new Talker()).connect(further.localAddress());
                await(kernel, () -> handler.opened.size() == 1, "a session");
                client.close();
            }
            kernel.requireNothingLeft();
        });
    }

    @Test
    void aClosedGroupTakesNothingMore() {
        withGroup(options().build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            IocpListener listener = group.listen(ANYWHERE, handler, listening().build());
            group.close();
            assertThat(group.isOpen()).isFalse();
            assertThat(listener.isOpen()).isFalse();
            listener.close();
            assertThatThrownBy(() -> group.listen(ANYWHERE, handler, listening().build()))
                    .isInstanceOf(IllegalStateException.class).hasMessage("the group is closed");
            assertThatExceptionOfType(ConnectFailedException.class)
                    .isThrownBy(() -> group.connect(NOBODY, handler, ConnectOptions.defaults()))
                    .satisfies(e -> assertThat(e.failure()).isEqualTo(ConnectFailure.CANCELLED));
            assertThat(handler.failed).isEmpty();
        });
    }

    // ---- connects ----

    private static ConnectFailedException failure(Future<SessionRef> connect) throws InterruptedException {
        assertThat(connect.isDone()).isTrue();
        try {
            throw new AssertionError("session " + connect.get());
        } catch (ExecutionException e) {
            return (ConnectFailedException) e.getCause();
        }
    }

    @Test
    void aConnectMakesASessionLikeAnyOther() {
        withGroup(options().build(), (kernel, group) -> {
            Noting server = new Noting(10);
            Noting client = new Noting(0);
            IocpListener listener = group.listen(ANYWHERE, server, listening().build());
            for (int i = 1; i <= 5; i++) {
                int times = i;
                Future<SessionRef> connect = group.connect(listener.localAddress(), client, ConnectOptions.defaults());
                await(kernel, connect::isDone, "connected");
                long id = connect.get().id();
                assertThat(client.opened).hasSize(times).last().isEqualTo(id);
                assertThat(group.send(id, ByteBuffer.wrap(new byte[] {1, 2}))).isEqualTo(SendResult.TAKEN);
                await(kernel, () -> client.received.size() == 2 * times, "answers");
                group.disconnect(id);
                await(kernel, () -> client.closed.size() == times && server.closed.size() == times, "over");
                assertThat(connect.cancel(true)).as("too late").isFalse();
                assertThat(connect.isCancelled()).isFalse();
            }
            assertThat(client.closed).containsOnly(CloseReason.DISCONNECTED);
            assertThat(server.closed).containsOnly(CloseReason.PEER_CLOSED);
            assertThat(client.received.toByteArray()).containsOnly(10);
            assertThat(client.failed).isEmpty();
            assertThat(group.statistics().connects())
                    .isEqualTo(new ServerStatistics.Connects(5, 0, 0, 0, 0, 0, 0, 0));
        });
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, REFUSED", "192.0.2.1, UNREACHABLE", "198.51.100.1, UNREACHABLE",
        "203.0.113.1, TIMED_OUT"})
    void eachFailureHasItsNameAndItsCounter(String host, ConnectFailure why) {
        InetSocketAddress remote = new InetSocketAddress(host, 81);
        withGroup(options().build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            ConnectOptions patient = ConnectOptions.builder().connectTime(Duration.ofMinutes(1)).build();
            Future<SessionRef> connect = group.connect(remote, handler, patient);
            await(kernel, connect::isDone, "a result");
            ConnectFailedException failure = failure(connect);
            assertThat(failure.failure()).isEqualTo(why);
            assertThat(failure.remoteAddress()).isEqualTo(remote);
            assertThat(failure).hasMessageMatching("ConnectEx: \\w+ \\(\\d+\\): " + host + ":81");
            assertThat(handler.failed).containsExactly(failure);
            assertThat(handler.opened).isEmpty();
            ServerStatistics.Connects figures = group.statistics().connects();
            assertThat(switch (why) {
                case REFUSED -> figures.connectsRefused();
                case UNREACHABLE -> figures.connectsUnreachable();
                default -> figures.connectsTimedOut();
            }).isEqualTo(1);
            assertThat(group.statistics().connections().sessions()).isZero();
        });
    }

    @Test
    void theTimeLimitIsKept() {
        withGroup(options().build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            Duration before = kernel.elapsed();
            Future<SessionRef> connect = group.connect(SILENT, handler,
                    ConnectOptions.builder().connectTime(Duration.ofMillis(700)).build());
            assertThat(group.statistics().connects().connectsPending()).isEqualTo(1);
            assertThat(group.statistics().connections().sessions()).isEqualTo(1);
            await(kernel, connect::isDone, "a result");
            assertThat(kernel.elapsed().minus(before)).isBetween(Duration.ofMillis(700), Duration.ofMillis(950));
            assertThat(failure(connect)).hasMessage("no answer within PT0.7S: 203.0.113.1:80");
            assertThat(handler.failed).extracting(ConnectFailedException::failure)
                    .containsExactly(ConnectFailure.TIMED_OUT);
            assertThat(group.statistics().connects().connectsTimedOut()).isEqualTo(1);
        });
    }

    @Test
    void aCancelledConnectIsToldOnce() {
        withGroup(options().build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            Future<SessionRef> connect = group.connect(SILENT, handler, ConnectOptions.defaults());
            if ((kernel.seed() & 1) == 0) {
                kernel.sleep(Duration.ofMillis(50));
            }
            assertThat(connect.cancel(false)).isTrue();
            assertThat(connect.cancel(true)).as("again").isTrue();
            assertThat(connect.isDone()).isTrue();
            assertThat(connect.isCancelled()).isTrue();
            await(kernel, () -> handler.failed.size() == 1, "told");
            assertThat(handler.failed.getFirst().failure()).isEqualTo(ConnectFailure.CANCELLED);
            kernel.sleep(Duration.ofSeconds(30));
            assertThat(handler.failed).hasSize(1);
            assertThat(group.statistics().connects().connectsCancelled()).isEqualTo(1);
            assertThat(kernel.openSockets()).isZero();
        });
    }

    @Test
    void aHandlerConnectsToo() {
        withGroup(options().workers(2).build(), (kernel, group) -> {
            Noting far = new Noting(10);
            IocpListener target = group.listen(ANYWHERE, far, listening().build());
            Noting near = new Noting(0);
            List<Future<SessionRef>> connects = new ArrayList<>();
            IocpListener front = group.listen(ANYWHERE, new Noting(0) {
                @Override
                public void opened(Session session) {
                    try {
                        connects.add(group.connect(target.localAddress(), near, ConnectOptions.defaults()));
                    } catch (ConnectFailedException e) {
                        throw new AssertionError(e);
                    }
                }
            }, listening().build());
            for (int i = 0; i < 3; i++) {
                kernel.client(new Talker()).connect(front.localAddress());
            }
            await(kernel, () -> connects.size() == 3 && near.opened.size() == 3, "connected");
        });
    }

    /** The only worker would wait for itself. */
    @Test
    void aHandlerThatWaitsForAConnectGetsAnExceptionAndTheConnectItsResult() {
        withGroup(options().build(), (kernel, group) -> {
            IocpListener target = group.listen(ANYWHERE, new Noting(10), listening().build());
            Noting near = new Noting(0);
            List<Throwable> thrown = new ArrayList<>();
            IocpListener front = group.listen(ANYWHERE, new Noting(0) {
                @Override
                public void opened(Session session) {
                    thrown.add(catchThrowable(() -> group
                            .connect(target.localAddress(), near, ConnectOptions.defaults()).get()));
                    thrown.add(catchThrowable(() -> group
                            .connect(target.localAddress(), near, ConnectOptions.defaults()).get(1, TimeUnit.DAYS)));
                }
            }, listening().build());
            kernel.client(new Talker()).connect(front.localAddress());
            await(kernel, () -> near.opened.size() == 2, "connected");
            assertThat(thrown).hasSize(2).allSatisfy(each -> assertThat(each)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("connect to " + target.localAddress()));
        });
    }

    /** Each failure is over at once, and the next one begins in its call: others are served all the same. */
    @Test
    void whoConnectsAgainAtOnceHoldsNobodyUp() {
        withGroup(options().workers(1).ports(1).build(), (kernel, group) -> {
            IocpListener listener = group.listen(ANYWHERE, new Noting(10), listening().build());
            int[] tries = {0};
            boolean[] over = {false};
            SessionHandler again = new Noting(0) {
                @Override
                public void connectFailed(ConnectFailedException failure) {
                    tries[0]++;
                    if (!over[0]) {
                        try {
                            group.connect(NOBODY, this, elsewhere());
                        } catch (ConnectFailedException e) {
                            throw new AssertionError(e);
                        }
                    }
                }

                /** Which is taken: bind refuses. */
                private ConnectOptions elsewhere() {
                    return ConnectOptions.builder().localAddress(listener.localAddress()).build();
                }
            };
            again.connectFailed(new ConnectFailedException("none yet", NOBODY, ConnectFailure.OTHER));
            awaitAnswer(kernel, listener, 10);
            over[0] = true;
            assertThat(tries[0]).isGreaterThan(1);
        });
    }

    /** Nor what its handlers refer to, however long its object waits for another connection. */
    @Test
    void anEndedSessionKeepsNoHandler() {
        withGroup(options().build(), (kernel, group) -> {
            IocpListener listener = group.listen(ANYWHERE, new Noting(10), listening().build());
            List<WeakReference<SessionHandler>> handlers = new ArrayList<>();
            connectAndEnd(group, listener.localAddress(), handlers);
            await(kernel, () -> handlers.size() == 2 && group.statistics().connections().sessions() == 0, "the end");
            long deadline = System.nanoTime() + ENOUGH.toNanos();
            while (handlers.stream().anyMatch(each -> each.get() != null) && System.nanoTime() - deadline < 0) {
                System.gc();
            }
            assertThat(handlers).allSatisfy(each -> assertThat(each.get()).isNull());
        });
    }

    /** Of the first handler and the second, nothing is left on the caller's stack. */
    private static void connectAndEnd(IocpGroup group, InetSocketAddress remote,
            List<WeakReference<SessionHandler>> handlers) throws ConnectFailedException {
        SessionHandler first = new Noting(0) {
            @Override
            public void opened(Session session) {
                SessionHandler second = new Noting(0);
                handlers.add(new WeakReference<>(second));
                session.upgrade(second);
                session.disconnect();
            }
        };
        handlers.add(new WeakReference<>(first));
        group.connect(remote, first, ConnectOptions.defaults());
    }

    @Test
    void oneMoreThanThereMayBeIsRefusedAtOnce() {
        withGroup(options().maxSessions(2).build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            group.connect(SILENT, handler, ConnectOptions.defaults());
            Future<SessionRef> second = group.connect(SILENT, handler, ConnectOptions.defaults());
            assertThatExceptionOfType(ConnectFailedException.class)
                    .isThrownBy(() -> group.connect(SILENT, handler, ConnectOptions.defaults()))
                    .withMessage("maxSessions, 2, are there: 203.0.113.1:80")
                    .satisfies(e -> assertThat(e.failure()).isEqualTo(ConnectFailure.NO_ROOM));
            assertThat(group.statistics().connects().connectsWithoutRoom()).isEqualTo(1);
            second.cancel(false);
            await(kernel, () -> group.statistics().connects().connectsPending() == 1, "one of them is over");
            group.connect(SILENT, handler, ConnectOptions.defaults());
        });
    }

    /** The only worker is in a handler meanwhile: the time began when that let it go. */
    @Test
    void theTimeForAConnectBeginsWithItsCall() {
        withGroup(options().workers(1).ports(1).build(), (kernel, group) -> {
            boolean[] blocks = {false};
            IocpListener listener = group.listen(ANYWHERE, (session, data) -> {
                blocks[0] = true;
                kernel.sleep(Duration.ofSeconds(2));
                session.disconnect();
            }, listening().build());
            kernel.client(new Talker()).connect(listener.localAddress());
            await(kernel, () -> blocks[0], "the worker is held up");
            Duration before = kernel.elapsed();
            Future<SessionRef> connect = group.connect(SILENT, new Noting(0),
                    ConnectOptions.builder().connectTime(Duration.ofSeconds(1)).build());
            await(kernel, connect::isDone, "a result");
            assertThat(failure(connect).failure()).isEqualTo(ConnectFailure.TIMED_OUT);
            assertThat(kernel.elapsed().minus(before)).isLessThan(Duration.ofMillis(2_500));
        });
    }

    /** It threw at the first session whose queue was too small, and those behind it got nothing. */
    @Test
    void aBroadcastThatIsTooLongForOneReachesTheOthers() {
        withGroup(options().sendQueueBytes(20_000).build(), (kernel, group) -> {
            Noting small = new Noting(0);
            Noting large = new Noting(0);
            IocpListener first = group.listen(ANYWHERE, small, listening().sendQueueBytes(8_192).build());
            IocpListener second = group.listen(ANYWHERE, large, listening().build());
            kernel.client(new Talker()).connect(first.localAddress());
            SimulatedClient client = kernel.client(new Talker()).connect(second.localAddress());
            await(kernel, () -> small.opened.size() == 1 && large.opened.size() == 1, "both are open");
            long[] ids = {small.opened.getFirst(), large.opened.getFirst()};
            assertThat(group.broadcast(ids, ByteBuffer.allocate(10_000)))
                    .isEqualTo(new BroadcastResult(1, List.of(), List.of(), List.of(ids[0])));
            await(kernel, () -> client.received().length == 10_000, "it comes");
            assertThat(group.statistics().incidents().sendsRefused()).isEqualTo(1);
            assertThatThrownBy(() -> group.broadcast(ids, ByteBuffer.allocate(20_001)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("20001 bytes in one send; a send queue holds 20000");
            assertThat(group.statistics().incidents().sendsRefused()).isEqualTo(1);
        });
    }

    @Test
    void theEndOfTheGroupEndsConnects() {
        withGroup(options().build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            List<Future<SessionRef>> connects = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                connects.add(group.connect(SILENT, handler, ConnectOptions.defaults()));
            }
            Duration before = kernel.elapsed();
            group.close();
            assertThat(kernel.elapsed().minus(before)).isLessThan(Duration.ofMillis(500));
            for (Future<SessionRef> connect : connects) {
                assertThat(failure(connect).failure()).isEqualTo(ConnectFailure.CANCELLED);
                assertThat(connect.isCancelled()).as("by its caller").isFalse();
            }
            assertThat(handler.failed).hasSize(5);
        });
    }

    @Test
    void eachAddressFamilyHasRoomForItsFreeSockets() {
        withGroup(options().workers(1).ports(1).pool(3000).maxSessions(100).maxAcceptsPosted(10).build(),
                (kernel, group) -> {
                    for (String address : List.of("127.0.0.1", "::1")) {
                        group.listen(new InetSocketAddress(address, 0), new Noting(0),
                                listening().acceptsPosted(5).build());
                    }
                    assertThat(group.statistics().sockets().socketsFree()).isBetween(6000 - 10, 6000);
                });
    }

    /** The call of a handler deep in recursion, say: nothing of it is left. */
    @ParameterizedTest
    @ValueSource(strings = {"before it is known", "after it is known", "before it is put"})
    void aConnectThatThrowsTakesNoSession(String when) {
        withGroup(options().workers(1).ports(1).maxSessions(2).build(), (kernel, group) -> {
            Noting handler = new Noting(0);
            String[] failing = {when};
            Shard shard = ((SessionEngine) field(group, "engine").get(group)).shards().getFirst();
            field(shard, "connects").set(shard, new CopyOnWriteArraySet<Connect>() {
                @Override
                public boolean add(Connect connect) {
                    failIf(failing, "before it is known");
                    boolean isAdded = super.add(connect);
                    failIf(failing, "after it is known");
                    return isAdded;
                }
            });
            field(shard.mailbox, "tasks").set(shard.mailbox, new ConcurrentLinkedQueue<Consumer<IoThread>>() {
                @Override
                public boolean add(Consumer<IoThread> task) {
                    failIf(failing, "before it is put");
                    return super.add(task);
                }
            });
            ConnectOptions soon = ConnectOptions.builder().connectTime(Duration.ofMillis(1)).build();
            assertThatThrownBy(() -> group.connect(SILENT, handler, soon)).isInstanceOf(StackOverflowError.class);
            assertThat(group.statistics().connections().sessions()).isZero();
            assertThat(group.statistics().connects().connectsPending()).isZero();
            kernel.sleep(Duration.ofSeconds(1)); // its time is over
            Future<SessionRef> one = group.connect(NOBODY, handler, ConnectOptions.defaults());
            Future<SessionRef> another = group.connect(NOBODY, handler, ConnectOptions.defaults());
            await(kernel, () -> one.isDone() && another.isDone(), "two have room");
            assertThat(handler.failed).hasSize(2);
            Duration before = kernel.elapsed();
            group.close();
            assertThat(kernel.elapsed().minus(before)).isLessThan(Duration.ofMillis(200));
        });
    }

    private static Field field(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    private static void failIf(String[] failing, String when) {
        if (when.equals(failing[0])) {
            failing[0] = "";
            throw new StackOverflowError("provoked " + when);
        }
    }

    @Test
    void aHandlerThatThrowsAtAFailureIsCounted() {
        withGroup(options().build(), (kernel, group) -> {
            Future<SessionRef> connect = group.connect(NOBODY, new Noting(0) {
                @Override
                public void connectFailed(ConnectFailedException failure) {
                    throw new IllegalStateException("provoked");
                }
            }, ConnectOptions.defaults());
            await(kernel, connect::isDone, "a result");
            assertThat(failure(connect).failure()).isEqualTo(ConnectFailure.REFUSED);
            assertThat(group.statistics().faults().handlerFailures()).isEqualTo(1);
        });
    }

    @Test
    void aLocalAddressIsTakenOrItsErrorTold() {
        withGroup(options().build(), (kernel, group) -> {
            Noting server = new Noting(10);
            IocpListener listener = group.listen(ANYWHERE, server, listening().build());
            InetSocketAddress[] seen = new InetSocketAddress[1];
            Future<SessionRef> connect = group.connect(listener.localAddress(), new Noting(0) {
                @Override
                public void opened(Session session) {
                    seen[0] = session.localAddress();
                }
            }, ConnectOptions.builder().localAddress(new InetSocketAddress("127.0.0.9", 4321)).build());
            await(kernel, connect::isDone, "connected");
            assertThat(seen[0]).isEqualTo(new InetSocketAddress("127.0.0.9", 4321));
            Future<SessionRef> taken = group.connect(listener.localAddress(), new Noting(0),
                    ConnectOptions.builder().localAddress(listener.localAddress()).build());
            await(kernel, taken::isDone, "a result");
            assertThat(failure(taken).failure()).isEqualTo(ConnectFailure.NO_ROOM);
            assertThat(failure(taken)).hasMessageStartingWith(
                    "bind to " + listener.localAddress() + ": WSAEADDRINUSE (10048): ");
        });
    }

    @Test
    void aLostPortEndsConnectsToo() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.CALM).requireOwnPorts().forbidMisuse();
            kernel.run(() -> {
                IocpGroup group = ServerFactory.startGroup(options().build(), kernel::attach);
                Noting handler = new Noting(0);
                List<Future<SessionRef>> connects = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    connects.add(group.connect(SILENT, handler, ConnectOptions.defaults()));
                }
                kernel.sleep(Duration.ofMillis(10));
                kernel.losePort(0);
                await(kernel, () -> connects.stream().allMatch(Future::isDone), "all over");
                assertThat(handler.failed).hasSize(4);
                await(kernel, () -> kernel.openSockets() == 0, "all sockets closed");
            });
        }
    }
}
