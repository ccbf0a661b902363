package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ConnectFailedException;
import org.iocp4j.server.ConnectOptions;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.hooks.ConnectionHooks;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.ConnectFailure;
import org.iocp4j.socket.StreamSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers that are called on an executor: each promise of the option, under many schedules, and bad executors. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class HandlerExecutorTest {
    private static final int SEEDS = 6;
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration CALL = Duration.ofSeconds(3);
    private static final Duration SOON = Duration.ofMillis(400);

    /** A server with one worker, whose handler is called on a thread for each call, unless a test does otherwise. */
    private static class Life implements SessionHandler, Executor {
        final SimulatedKernel kernel;
        final ServerOptions.Builder options = ServerOptions.builder().workers(1).acceptsPosted(2).pool(1).maxSessions(4)
                .bufferBytes(64).sendQueueBytes(256).idleTime(Duration.ZERO).disconnectTime(Duration.ofMillis(200))
                .drainTime(Duration.ofMillis(300)).lingerTime(Duration.ZERO).handlerExecutor(this);
        final List<String> calls = new ArrayList<>();
        final List<CloseReason> reasons = new ArrayList<>();
        final List<SessionRef> refs = new ArrayList<>();
        Throwable failure;
        IocpServer server;

        Life(long seed) {
            kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).operationBytes(48).forbidMisuse();
        }

        ServerStatistics run(SimulatedKernel.Scenario scenario) {
            kernel.run(() -> {
                server = ServerFactory.start(this, options.build(), SessionIdentity.OVERLAPPED, kernel::attach);
                scenario.run();
                server.close();
                kernel.until(() -> kernel.leftovers().isEmpty(), LONG); // by a call that has outlived the server
                kernel.requireNothingLeft();
            });
            return server.statistics();
        }

        SimulatedClient connect() {
            SimulatedClient client = kernel.client(new SimulatedClient.Script() { });
            client.connect(server.localAddress());
            await(client::isConnected, "it connects");
            return client;
        }

        void await(BooleanSupplier condition, String what) {
            assertThat(kernel.until(condition, LONG)).as("%s; calls %s, reasons %s", what, calls, reasons).isTrue();
        }

        void awaitSoon(BooleanSupplier condition, String what) {
            assertThat(kernel.until(condition, SOON)).as("%s soon; calls %s, reasons %s", what, calls, reasons)
                    .isTrue();
        }

        @Override
        public void execute(Runnable task) {
            kernel.start("call", task::run);
        }

        @Override
        public void opened(Session session) throws Exception {
            refs.add(session.ref());
        }

        /** Takes long for an s, and echoes. */
        @Override
        public void received(Session session, ByteBuffer data) throws Exception {
            boolean isSlow = data.get(data.position()) == 's';
            session.send(data);
            if (isSlow) {
                calls.add("blocks");
                kernel.sleep(CALL);
                calls.add("returns");
            }
        }

        @Override
        public void closed(Session session, CloseReason reason, Throwable thrown) throws Exception {
            calls.add("closed");
            reasons.add(reason);
            failure = thrown;
        }
    }

    private static void forEachSeed(Consumer<Long> test) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            test.accept(seed);
        }
    }

    @Test
    void aCallThatBlocksHoldsUpItsOwnSessionOnly() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            ServerStatistics end = life.run(() -> {
                SimulatedClient slow = life.connect();
                SimulatedClient quick = life.connect();
                slow.send(new byte[] {'s'});
                life.await(() -> life.calls.contains("blocks"), "the call blocks");
                for (int i = 1; i <= 5; i++) {
                    int bytes = i;
                    quick.send(new byte[] {'q'});
                    life.awaitSoon(() -> quick.received().length == bytes, "an answer");
                }
                assertThat(slow.received()).as("sent in the call that still blocks").hasSize(1);
                slow.send(new byte[] {'q'});
                life.kernel.sleep(SOON);
                assertThat(slow.received()).as("answered in a call of its own, not beside the other").hasSize(1);
                life.await(() -> slow.received().length == 2, "the next call");
                slow.close();
                quick.close();
                life.await(() -> life.reasons.size() == 2, "both end");
                assertThat(life.reasons).containsOnly(CloseReason.PEER_CLOSED);
            });
            assertThat(end.incidents().callsRefused() + end.faults().callsLeft()).isZero();
        });
    }

    /** What the handler puts in the place of its ref, TLS say, stands before anybody has that. */
    @Test
    void aConnectIsDoneWhenItsHandlerKnowsOfIt() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.run(() -> {
                boolean[] known = {false};
                Future<SessionRef> connect = life.server.group().connect(life.server.localAddress(),
                        new SessionHandler() {
                            @Override
                            public void opened(Session session) throws Exception {
                                life.kernel.sleep(CALL);
                                known[0] = true;
                            }

                            @Override
                            public void received(Session session, ByteBuffer data) {
                                data.position(data.limit());
                            }
                        }, ConnectOptions.defaults());
                life.await(connect::isDone, "it connects");
                assertThat(known[0]).isTrue();
                connect.get().disconnect();
                life.await(() -> life.reasons.size() == 1, "the other side ends");
            });
        });
    }

    /** Its slot may be another connect's as soon as it is over, which has somebody to tell of its own. */
    @Test
    void everyConnectIsDoneThoughItsSessionIsSoonOver() {
        for (long seed = 1; seed <= 60; seed++) {
            Life life = new Life(seed);
            life.options.workers(4).maxSessions(6).acceptsPosted(4);
            life.run(() -> {
                List<Future<SessionRef>> connects = new ArrayList<>();
                SessionHandler soonOver = new SessionHandler() {
                    @Override
                    public void opened(Session session) {
                        session.abort();
                    }

                    @Override
                    public void received(Session session, ByteBuffer data) {
                        data.position(data.limit());
                    }
                };
                for (int i = 0; i < 30; i++) {
                    try {
                        connects.add(life.server.group().connect(life.server.localAddress(), soonOver,
                                ConnectOptions.defaults()));
                    } catch (ConnectFailedException e) {
                        life.kernel.sleep(Duration.ofNanos(100_000)); // no room now
                    }
                }
                life.await(() -> connects.stream().allMatch(Future::isDone), "all are done");
            });
        }
    }

    @Test
    void actionsWithoutEndDoNotHoldTheInput() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            boolean[] enough = {false};
            life.run(() -> {
                SimulatedClient client = life.connect();
                life.await(() -> !life.refs.isEmpty(), "it opens");
                SessionRef ref = life.refs.getFirst();
                SessionAction again = new SessionAction() {
                    @Override
                    public void run(Session session) {
                        if (!enough[0]) {
                            ref.execute(this);
                        }
                    }
                };
                ref.execute(again);
                ref.execute(again);
                for (int i = 1; i <= 3; i++) {
                    int bytes = i;
                    client.send(new byte[] {'q'});
                    life.await(() -> client.received().length == bytes, "an answer");
                }
                client.close();
                life.await(() -> life.reasons.size() == 1, "it ends");
                enough[0] = true;
            });
        });
    }

    /** All that a session can be told, from all sides, and never two calls at a time. */
    @Test
    void theCallsOfASessionNeverOverlapAndNothingIsLost() {
        forEachSeed(seed -> {
            int[] actions = {0};
            int[] inside = {0};
            Life life = new Life(seed) {
                private void call(Session session, int bytes) {
                    assertThat(inside[0]++).as("calls under way").isZero();
                    kernel.sleep(Duration.ofMillis(seed % 4));
                    for (int i = 0; i < bytes; i++) {
                        assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.TAKEN);
                    }
                    inside[0]--;
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    int bytes = Math.min(data.remaining(), 7);
                    data.position(data.position() + bytes);
                    call(session, bytes);
                    session.pauseInput();
                    session.schedule(Duration.ofMillis(1), self -> {
                        call(self, 0);
                        self.resumeInput();
                    });
                }
            };
            life.options.workers(3);
            life.run(() -> {
                SimulatedClient client = life.connect();
                life.await(() -> life.refs.size() == 1, "it opens");
                SessionRef ref = life.refs.getFirst();
                for (int i = 0; i < 20; i++) {
                    int number = i;
                    client.send(new byte[] {1, 2, 3});
                    assertThat(ref.execute(session -> {
                        assertThat(inside[0]).isZero();
                        assertThat(actions[0]++).isEqualTo(number);
                    })).isTrue();
                    life.kernel.sleep(Duration.ofMillis(1));
                }
                life.await(() -> client.received().length == 60 && actions[0] == 20, "all is answered");
                client.finish();
                life.await(() -> life.reasons.size() == 1, "it ends");
                assertThat(life.reasons).containsExactly(CloseReason.PEER_CLOSED);
                client.close();
            });
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theConnectionEndsAtOnceAndClosedComesWhenTheCallHasReturned(boolean abrupt) {
        forEachSeed(seed -> {
            List<InetSocketAddress> addresses = new ArrayList<>();
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) throws Exception {
                    super.received(session, data);
                    if (calls.contains("returns")) {
                        addresses.add(session.remoteAddress());
                        assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
                    }
                }
            };
            life.options.maxSessions(2);
            ServerStatistics end = life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'s'});
                life.await(() -> life.calls.contains("blocks") && client.received().length == 1, "the call blocks");
                SessionRef ref = life.refs.getFirst();
                if (abrupt) {
                    ref.abort();
                } else {
                    ref.disconnect();
                }
                life.awaitSoon(() -> client.isReset() || (client.hasEnded() && !abrupt), "the connection's end");
                client.close();
                assertThat(ref.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
                life.awaitSoon(() -> life.server.statistics().sockets().socketsRecycling() == 0, "its socket");
                SimulatedClient another = life.connect(); // perhaps on the same socket
                another.send(new byte[] {'q'});
                life.awaitSoon(() -> another.received().length == 1, "an answer");
                assertThat(life.calls).containsExactly("blocks");
                life.await(() -> life.reasons.size() == 1, "closed");
                assertThat(life.calls).containsExactly("blocks", "returns", "closed");
                assertThat(life.reasons).containsExactly(CloseReason.DISCONNECTED);
                assertThat(addresses).containsExactly(client.localAddress());
                life.awaitSoon(() -> life.server.statistics().connections().sessions() == 1, "its slot");
                another.close();
                life.await(() -> life.reasons.size() == 2, "the other ends");
            });
            assertThat(end.faults().handlerFailures()).isZero();
            assertThat(end.connections().sessions()).isZero();
        });
    }

    /** The connection ends in order while a call is under way; what that asks for comes too late. */
    @Test
    void whatIsToldOfTheEndIsWhatThePeerSaw() {
        forEachSeed(seed -> {
            List<Boolean> resets = new ArrayList<>();
            class Hooked extends Life implements ConnectionHooks {
                Hooked() {
                    super(seed);
                }

                @Override
                public void received(Session session, ByteBuffer data) throws Exception {
                    super.received(session, data);
                    session.abort();
                }

                @Override
                public void accepted(long session, StreamSocket socket) { }

                @Override
                public void disconnecting(long session, boolean reset) {
                    resets.add(reset);
                }
            }
            Life life = new Hooked();
            life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'s'});
                life.await(() -> life.calls.contains("blocks") && client.received().length == 1, "the call blocks");
                life.refs.getFirst().disconnect();
                life.awaitSoon(client::hasEnded, "the connection's end");
                client.close();
                life.await(() -> !resets.isEmpty(), "the session's end");
                assertThat(resets).containsExactly(false);
            });
        });
    }

    /** While a call goes on nothing is received, and so the client's FIN is not seen. */
    @Test
    void aClientThatEndsWhileACallGoesOnIsNotBlamed() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.lingerTime(CALL.dividedBy(4));
            ServerStatistics end = life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'s'});
                life.await(() -> client.received().length == 1, "the answer");
                life.refs.getFirst().disconnect();
                life.await(client::hasEnded, "our FIN");
                client.close();
                life.await(() -> life.reasons.size() == 1, "the end");
            });
            assertThat(life.reasons).containsExactly(CloseReason.DISCONNECTED);
            assertThat(end.incidents().lingerTimeouts()).isZero();
        });
    }

    @Test
    void aLastCallThatBlocksHoldsUpNoConnection() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void closed(Session session, CloseReason reason, Throwable thrown) throws Exception {
                    calls.add("blocks");
                    kernel.sleep(CALL);
                    assertThat(session.remoteAddress()).isNotNull();
                    super.closed(session, reason, thrown);
                }
            };
            ServerStatistics end = life.run(() -> {
                SimulatedClient client = life.connect();
                client.finish();
                life.await(() -> !life.calls.isEmpty(), "the last call");
                life.awaitSoon(client::hasEnded, "the connection's end");
                client.close();
                SimulatedClient another = life.connect(); // perhaps on the same socket
                another.send(new byte[] {'q'});
                life.awaitSoon(() -> another.received().length == 1, "an answer");
                assertThat(life.calls).containsExactly("blocks");
                another.close();
                life.await(() -> life.reasons.size() == 2, "both end");
                assertThat(life.reasons).containsOnly(CloseReason.PEER_CLOSED);
                life.await(() -> life.server.statistics().connections().sessions() == 0, "the sessions");
            });
            assertThat(end.faults().handlerFailures()).isZero();
        });
    }

    @Test
    void aSessionInACallIsNotIdle() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void idle(Session session) throws Exception {
                    calls.add("idle");
                    super.idle(session);
                }
            };
            life.options.idleTime(Duration.ofMillis(500));
            life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'s'});
                life.await(() -> !life.reasons.isEmpty(), "it ends");
                assertThat(life.calls).containsExactly("blocks", "returns", "idle", "closed");
                assertThat(life.reasons).containsExactly(CloseReason.IDLE);
                client.close();
            });
        });
    }

    @Test
    void aTimeThatACallSetsCounts() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.send(data);
                    session.idleTime(Duration.ofMillis(300));
                }
            };
            life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'q'});
                life.await(() -> !life.reasons.isEmpty(), "it ends");
                assertThat(life.reasons).containsExactly(CloseReason.IDLE);
                client.close();
            });
        });
    }

    /** One that is full, or has been shut down. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aRefusedCallEndsItsSession(int taken) {
        forEachSeed(seed -> {
            int[] left = {taken};
            RejectedExecutionException refusal = new RejectedExecutionException("full");
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    if (left[0]-- <= 0) {
                        throw refusal;
                    }
                    super.execute(task);
                }
            };
            ServerStatistics end = life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'q'});
                if (taken == 2) {
                    life.await(() -> client.received().length == 1, "an answer");
                    client.send(new byte[] {'q'});
                }
                life.await(() -> client.hasEnded() || client.isReset(), "it ends");
                life.await(() -> life.server.statistics().connections().sessions() == 0, "the session");
                client.close();
                if (taken == 0) { // it has not been told that there is one
                    assertThat(life.reasons).isEmpty();
                } else {
                    assertThat(life.reasons).containsExactly(CloseReason.HANDLER_FAILED);
                    assertThat(life.failure).isSameAs(refusal);
                }
            });
            assertThat(end.incidents().callsRefused()).isEqualTo(taken == 0 ? 1 : 2);
            assertThat(end.faults().handlerFailures()).isZero();
        });
    }

    /** An executor that runs its tasks in execute; the pipelined requests would nest. */
    @Test
    void callsInTheCallersThreadAreNotNested() {
        forEachSeed(seed -> {
            int[] deepest = {0};
            int[] received = {0};
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    task.run();
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    received[0]++;
                    session.send(data.slice(data.position(), 1));
                    data.get();
                    session.upgrade(this); // and shows what is unread at once
                    deepest[0] = Math.max(deepest[0], new Throwable().getStackTrace().length);
                }
            };
            life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[1000]);
                life.await(() -> client.received().length == 1000, "all comes back");
                assertThat(received[0]).isEqualTo(1000);
                assertThat(deepest[0]).isLessThan(80);
                client.close();
                life.await(() -> !life.reasons.isEmpty(), "it ends");
            });
        });
    }

    @Test
    void aTaskThatIsRunTwiceOrWhoseExecutorThrowsAllTheSameIsOneCall() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    if (seed % 2 == 0) {
                        super.execute(task);
                        super.execute(task);
                    } else {
                        task.run();
                        throw new IllegalStateException("provoked");
                    }
                }

                @Override
                public void received(Session session, ByteBuffer data) throws Exception {
                    calls.add("received");
                    super.received(session, data);
                }
            };
            life.run(() -> {
                SimulatedClient client = life.connect();
                for (int i = 1; i <= 3; i++) {
                    int bytes = i;
                    client.send(new byte[] {'q'});
                    life.await(() -> client.received().length == bytes, "an answer");
                }
                client.close();
                life.await(() -> !life.reasons.isEmpty(), "it ends");
                assertThat(life.calls).containsExactly("received", "received", "received", "closed");
            });
        });
    }

    /** The group's end does not wait for it for ever, and does not leave the handler without its last call. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aTaskThatIsNeverRunHoldsUpItsSessionUntilTheGroupEnds(int run) {
        forEachSeed(seed -> {
            int[] left = {run};
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    if (left[0]-- > 0) {
                        super.execute(task);
                    }
                }
            };
            ServerStatistics end = life.run(() -> {
                SimulatedClient client = life.connect();
                life.kernel.sleep(SOON);
                client.send(new byte[] {'q'});
                life.kernel.sleep(SOON);
                client.close();
                life.kernel.sleep(SOON);
                assertThat(life.calls).isEmpty();
            });
            assertThat(life.reasons).hasSize(run == 0 ? 0 : 1);
            assertThat(end.faults().callsLeft()).isZero();
            assertThat(end.connections().sessions()).isZero();
        });
    }

    @Test
    void theGroupsEndDoesNotWaitForACallThatBlocksForLong() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    calls.add("blocks");
                    kernel.sleep(Duration.ofMinutes(1));
                    byte first = data.get(); // what it was lent is there still
                    calls.add("returns " + (char) first);
                }
            };
            ServerStatistics end = life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'x'});
                life.await(() -> !life.calls.isEmpty(), "the call blocks");
                Duration before = life.kernel.elapsed();
                life.server.close();
                assertThat(life.kernel.elapsed().minus(before)).isLessThan(Duration.ofSeconds(10));
                assertThat(life.calls).containsExactly("blocks");
                assertThat(life.server.statistics().faults().callsLeft()).isOne();
                assertThat(life.kernel.openSockets()).isZero();
                life.await(() -> client.hasEnded() || client.isReset(), "its end");
                assertThat(client.isReset()).as("though nothing was dropped").isFalse();
                assertThat(life.kernel.until(() -> !life.reasons.isEmpty(), Duration.ofMinutes(2))).isTrue();
                assertThat(life.calls).containsExactly("blocks", "returns x", "closed");
                client.close();
            });
            assertThat(end.faults().callsLeft()).isOne();
            assertThat(end.connections().sessions()).isZero();
        });
    }

    @Test
    void aSessionIsForTheThreadOfItsCallAndNoLongerThanThat() {
        forEachSeed(seed -> {
            Session[] kept = new Session[1];
            List<Boolean> asserted = new ArrayList<>();
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    kernel.start("call", () -> {
                        task.run();
                        if (kept[0] != null) {
                            assertThatIllegalStateException().isThrownBy(kept[0]::queuedBytes);
                            asserted.add(true);
                        }
                    });
                }

                @Override
                public void received(Session session, ByteBuffer data) throws Exception {
                    kept[0] = session;
                    kernel.sleep(Duration.ofMillis(20));
                    assertThatIllegalStateException().isThrownBy(() -> session.group().close());
                    super.received(session, data);
                }
            };
            life.run(() -> {
                SimulatedClient client = life.connect();
                client.send(new byte[] {'q'});
                life.await(() -> kept[0] != null, "a call");
                assertThatIllegalStateException().isThrownBy(kept[0]::queuedBytes);
                life.await(() -> client.received().length == 1, "an answer");
                client.close();
                life.await(() -> !life.reasons.isEmpty() && !asserted.isEmpty(), "it ends");
                assertThat(life.reasons).containsExactly(CloseReason.PEER_CLOSED);
            });
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailedConnectIsToldThereToo(boolean refuses) {
        forEachSeed(seed -> {
            List<String> told = new ArrayList<>();
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    if (refuses) {
                        throw new RejectedExecutionException("full");
                    }
                    super.execute(task);
                }

                @Override
                public void connectFailed(ConnectFailedException why) {
                    kernel.sleep(SOON);
                    told.add(Thread.currentThread().getName());
                    throw new IllegalStateException("provoked");
                }
            };
            ServerStatistics end = life.run(() -> {
                Future<SessionRef> connect = life.server.group().connect(new InetSocketAddress("127.0.0.1", 81), life,
                        ConnectOptions.defaults());
                life.await(connect::isDone, "a result");
                try {
                    connect.get();
                } catch (ExecutionException e) {
                    assertThat(((ConnectFailedException) e.getCause()).failure()).isEqualTo(ConnectFailure.REFUSED);
                }
                assertThat(told).containsExactly(refuses ? "iocp-worker-1" : "call");
            });
            assertThat(end.incidents().callsRefused()).isEqualTo(refuses ? 1 : 0);
            assertThat(end.faults().handlerFailures()).isOne();
        });
    }

    /** Refused, or never run: then the group's end tells it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aConnectIsToldThoughTheExecutorDoesNotTakeTheCall(boolean refuses) {
        forEachSeed(seed -> {
            List<String> told = new ArrayList<>();
            boolean[] isFirst = {true};
            Life life = new Life(seed) {
                @Override
                public void execute(Runnable task) {
                    if (!isFirst[0]) {
                        super.execute(task);
                    } else if (refuses) {
                        isFirst[0] = false;
                        throw new RejectedExecutionException("full");
                    }
                }
            };
            SessionHandler handler = new SessionHandler() {
                @Override
                public void opened(Session session) {
                    told.add("opened");
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    told.add("received");
                }

                @Override
                public void closed(Session session, CloseReason reason, Throwable thrown) {
                    told.add("closed, " + reason);
                }

                @Override
                public void connectFailed(ConnectFailedException why) {
                    told.add("failed");
                }
            };
            List<Future<SessionRef>> connects = new ArrayList<>();
            ServerStatistics end = life.run(() -> {
                IocpServer peer = ServerFactory.start(new Life(seed), ServerOptions.builder().workers(1).build(),
                        SessionIdentity.OVERLAPPED, life.kernel::attach);
                Future<SessionRef> connect = life.server.group().connect(peer.localAddress(), handler,
                        ConnectOptions.defaults());
                connects.add(connect);
                if (refuses) {
                    life.await(connect::isDone, "a result");
                    assertThat(told).first().isEqualTo("opened");
                    life.await(() -> told.size() == 2, "the end");
                } else {
                    life.kernel.sleep(SOON);
                    assertThat(told).isEmpty();
                    assertThat(connect.isDone()).isFalse();
                    life.server.close();
                }
                peer.close();
            });
            assertThat(told).containsExactly("opened",
                    "closed, " + (refuses ? CloseReason.HANDLER_FAILED : CloseReason.SERVER_STOPPED));
            assertThat(connects.getFirst().state()).isEqualTo(Future.State.SUCCESS);
            assertThat(end.connects().connects()).isOne();
            assertThat(end.connects().connectsPending()).isZero();
            assertThat(end.connections().sessions()).isZero();
            assertThat(end.incidents().callsRefused()).isEqualTo(refuses ? 1 : 0);
            assertThat(end.faults().handlerFailures()).isZero();
        });
    }
}
