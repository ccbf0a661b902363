package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.ScheduledAction;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.Waker;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.iocp4j.socket.DisconnectMethod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session promises its handler and those that hold its ref, one promise a test, each under many schedules. */
class SessionContractTest {
    private static final int SEEDS = 30;
    private static final int BLOCK = 64;
    private static final Duration LONG = Duration.ofSeconds(20);

    /** One session of a server, with a client that is there when the scenario begins; for other tests, too. */
    static class Life implements SessionHandler {
        final SimulatedKernel kernel;
        final ServerOptions.Builder options = ServerOptions.builder().workers(2).acceptsPosted(1).pool(1).maxSessions(4)
                .bufferBytes(BLOCK).sendQueueBytes(4 * BLOCK).idleTime(Duration.ZERO)
                .disconnectTime(Duration.ofSeconds(2));
        final SimulatedClient client;
        IocpServer server;
        SessionRef ref;
        final List<String> calls = new ArrayList<>();
        CloseReason reason;
        Throwable failure;
        boolean isInside;

        Life(long seed) {
            kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).operationBytes(48).forbidMisuse();
            client = kernel.client(new SimulatedClient.Script() { });
        }

        ServerStatistics run(SimulatedKernel.Scenario scenario) {
            kernel.run(() -> {
                server = ServerFactory.start(this, options.build(), SessionIdentity.OVERLAPPED, kernel::attach);
                client.connect(server.localAddress());
                await(() -> (client.isConnected() || client.isReset()) && ref != null, "it opens");
                scenario.run();
                server.close();
                kernel.requireNothingLeft();
            });
            return server.statistics();
        }

        void await(BooleanSupplier condition, String what) {
            assertThat(kernel.until(condition, LONG)).as("%s; calls %s, reason %s", what, calls, reason).isTrue();
        }

        void awaitEnd() {
            await(() -> reason != null, "the session ends");
        }

        void inside(Session session, String what) {
            assertThat(isInside).as("%s while another call is under way", what).isFalse();
            calls.add(what);
            isInside = true;
            kernel.sleep(Duration.ofMillis(1)); // whatever overlaps shows
            isInside = false;
        }

        @Override
        public void opened(Session session) throws Exception {
            ref = session.ref();
        }

        @Override
        public void received(Session session, ByteBuffer data) throws Exception {
            session.send(data);
        }

        @Override
        public void closed(Session session, CloseReason why, Throwable thrown) {
            assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
            reason = why;
            failure = thrown;
        }
    }

    static void forEachSeed(Consumer<Long> test) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            test.accept(seed);
        }
    }

    // ---- room ----

    /** It has sent all it can when it is opened, and nothing ever comes: it used to wait for ever. */
    @Test
    void aRefusedSendIsFollowedByACallOnceThereIsRoom() {
        forEachSeed(seed -> {
            int[] left = {20};
            Life life = new Life(seed) {
                private void send(Session session) {
                    while (left[0] > 0) {
                        SendResult result = session.send(ByteBuffer.allocate(BLOCK));
                        if (result != SendResult.TAKEN) {
                            assertThat(result).isEqualTo(SendResult.FULL);
                            assertThat(session.sendRoomBytes()).isLessThan(BLOCK);
                            return;
                        }
                        left[0]--;
                    }
                    session.disconnect();
                }

                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    assertThat(session.bufferBytes()).isEqualTo(BLOCK);
                    assertThat(session.sendQueueBytes()).isEqualTo(4 * BLOCK);
                    assertThat(session.queuedBytes()).isZero();
                    send(session);
                    assertThat(session.queuedBytes() + session.sendRoomBytes()).isEqualTo(4 * BLOCK);
                }

                @Override
                public void writable(Session session) {
                    assertThat(session.sendRoomBytes()).isGreaterThanOrEqualTo(2 * BLOCK);
                    send(session);
                }
            };
            life.options.socketSendBufferBytes(16);
            life.client.window(50);
            life.run(() -> {
                life.await(life.client::hasEnded, "all is sent");
                assertThat(life.client.received()).hasSize(20 * BLOCK);
                life.client.close();
            });
        });
    }

    @Test
    void aThreadThatWasRefusedIsToldThroughTheHandler() {
        forEachSeed(seed -> {
            int[] writable = {0};
            Life life = new Life(seed) {
                @Override
                public void writable(Session session) {
                    writable[0]++;
                }
            };
            life.options.socketSendBufferBytes(16);
            life.client.window(50);
            life.run(() -> {
                for (int sent = 0; sent < 30; sent++) {
                    int before = writable[0];
                    while (life.ref.send(ByteBuffer.allocate(BLOCK)) == SendResult.FULL) {
                        int seen = before;
                        life.await(() -> writable[0] > seen, "there is room");
                        before = writable[0];
                    }
                }
                life.await(() -> life.client.received().length == 30 * BLOCK, "all is sent");
                life.client.close();
                life.awaitEnd();
                assertThat(life.ref.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
            });
        });
    }

    /** Nothing is refused. */
    @Test
    void aHandlerThatWantsRoomIsCalledOnceThereIsSome() {
        forEachSeed(seed -> {
            int[] rooms = {0};
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    assertThatIllegalArgumentException().isThrownBy(() -> session.wantRoom(4 * BLOCK + 1));
                    session.send(ByteBuffer.allocate(4 * BLOCK));
                    session.wantRoom(3 * BLOCK);
                }

                @Override
                public void writable(Session session) {
                    assertThat(session.sendRoomBytes()).isGreaterThanOrEqualTo(3 * BLOCK);
                    if (++rooms[0] < 3) {
                        session.wantRoom(1); // there is room: the next call
                    }
                }
            };
            life.options.socketSendBufferBytes(16);
            life.client.window(50);
            life.run(() -> {
                life.await(() -> rooms[0] == 3, "each call");
                life.client.close();
                life.awaitEnd();
            });
        });
    }

    // ---- the input ----

    /** More than a buffer comes meanwhile: it was too long, or waited until the client sent again. */
    @ParameterizedTest
    @EnumSource
    void aPausedSessionReadsNothingAndLosesNothing(WhoResumes who) {
        forEachSeed(seed -> {
            int[] received = {0};
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) throws Exception {
                    if (received[0]++ == 0) {
                        session.pauseInput();
                        session.pauseInput();
                        if (who == WhoResumes.A_TIMER) {
                            session.schedule(Duration.ofMillis(500), Session::resumeInput);
                        }
                    } else {
                        super.received(session, data);
                    }
                }
            };
            life.run(() -> {
                life.client.send(new byte[10 * BLOCK]);
                life.client.finish();
                life.await(() -> received[0] > 0, "the first bytes come");
                life.kernel.sleep(Duration.ofMillis(400));
                assertThat(received[0]).as("calls while it is paused").isOne();
                assertThat(life.server.statistics().traffic().receivedBytes()).isLessThanOrEqualTo(BLOCK);
                assertThat(life.reason).isNull();
                switch (who) {
                    case ITS_REF -> life.ref.resumeInput();
                    case THE_SERVER -> life.server.resumeInput(life.ref.id());
                    case A_TIMER -> { }
                }
                life.await(life.client::hasEnded, "all comes back");
                assertThat(life.client.received()).hasSize(10 * BLOCK);
                life.client.close();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
            });
        });
    }

    enum WhoResumes {
        ITS_REF, THE_SERVER, A_TIMER
    }

    @Test
    void whatIsUnreadIsPassedAgainAfterResumeThoughNothingComes() {
        forEachSeed(seed -> {
            List<Integer> answered = new ArrayList<>();
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    calls.add("received");
                    if (data.remaining() < 10) {
                        return;
                    }
                    answered.add(data.remaining());
                    session.send(data.slice(data.position(), 10));
                    data.position(data.position() + 10); // one message; the next when this one is answered
                    session.pauseInput();
                }
            };
            life.run(() -> {
                life.client.send(new byte[50]);
                life.kernel.sleep(Duration.ofMillis(100));
                for (int i = 1; i <= 5; i++) {
                    int bytes = 10 * i;
                    life.await(() -> life.client.received().length == bytes, "message " + i);
                    life.ref.resumeInput();
                }
                life.client.close();
                life.awaitEnd();
                assertThat(answered).hasSize(5).endsWith(10);
            });
        });
    }

    /** The work is done elsewhere, and the client has sent its FIN by then: it used to end the session. */
    @Test
    void aSessionStaysForItsAnswerThoughItsInputHasEnded() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    data.position(data.position() + data.remaining() / 2); // what is left is not complete
                }

                @Override
                public void inputEnded(Session session) {
                    calls.add("inputEnded");
                }
            };
            life.run(() -> {
                life.client.send(new byte[20]);
                life.client.finish();
                life.await(() -> life.calls.contains("inputEnded"), "the end is told");
                life.kernel.sleep(Duration.ofMillis(300));
                assertThat(life.reason).isNull();
                assertThat(life.ref.execute(session -> {
                    assertThat(session.send(ByteBuffer.allocate(40))).isEqualTo(SendResult.TAKEN);
                    session.shutdownOutput();
                    assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
                })).isTrue();
                life.await(life.client::hasEnded, "the answer and a FIN");
                assertThat(life.client.received()).hasSize(40);
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
                assertThat(life.calls).containsExactly("inputEnded");
                life.client.close();
            });
        });
    }

    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class)
    void inputStillComesWhenTheOutputHasEnded(DisconnectMethod method) {
        forEachSeed(seed -> {
            int[] received = {0};
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    session.send(ByteBuffer.allocate(100));
                    session.shutdownOutput();
                    session.shutdownOutput();
                    assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    received[0] += data.remaining();
                    data.position(data.limit());
                }
            };
            life.options.disconnectMethod(method).socketSendBufferBytes(16);
            ServerStatistics end = life.run(() -> {
                life.await(life.client::hasEnded, "its FIN comes");
                assertThat(life.client.received()).hasSize(100);
                life.client.send(new byte[1000]);
                life.await(() -> received[0] == 1000, "the input comes");
                assertThat(life.reason).isNull();
                life.client.finish();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
            });
            assertThat(end.incidents().disconnectFailures()).isZero();
        });
    }

    // ---- time ----

    @Test
    void anIdleSessionIsToldAndMayStay() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    session.idleTime(Duration.ofMillis(300));
                    assertThatIllegalArgumentException().isThrownBy(() -> session.idleTime(Duration.ofDays(2)));
                }

                @Override
                public void idle(Session session) throws Exception {
                    inside(session, "idle " + kernel.elapsed().toMillis() / 100);
                    if (calls.size() == 3) {
                        super.idle(session);
                    }
                }
            };
            ServerStatistics end = life.run(() -> {
                Duration start = life.kernel.elapsed();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.IDLE);
                assertThat(life.calls).hasSize(3).doesNotHaveDuplicates();
                assertThat(life.kernel.elapsed().minus(start)).isGreaterThan(Duration.ofMillis(900));
            });
            assertThat(end.incidents().idleTimeouts()).isOne();
        });
    }

    /** Its application is at work for it. */
    @Test
    void aPausedSessionIsNotIdle() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    if (calls.isEmpty()) {
                        session.pauseInput();
                    }
                    calls.add("received");
                }
            };
            life.options.idleTime(Duration.ofMillis(300));
            life.run(() -> {
                life.client.send(new byte[1]);
                life.await(() -> !life.calls.isEmpty(), "it pauses");
                life.kernel.sleep(Duration.ofSeconds(3));
                assertThat(life.reason).isNull();
                life.ref.execute(session -> session.send(ByteBuffer.allocate(7)));
                life.await(() -> life.client.received().length == 7, "the answer");
                life.ref.resumeInput();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.IDLE);
            });
        });
    }

    @Test
    void aScheduledActionRunsAtItsTimeAndNotAfterItsCancelOrTheEnd() {
        forEachSeed(seed -> {
            ScheduledAction[] kept = new ScheduledAction[1];
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    Duration start = kernel.elapsed();
                    session.schedule(Duration.ofMillis(400), self -> {
                        inside(self, "first");
                        assertThat(kernel.elapsed().minus(start)).isGreaterThanOrEqualTo(Duration.ofMillis(400));
                        kept[0].cancel();
                        kept[0].cancel();
                        self.schedule(Duration.ZERO, again -> {
                            inside(again, "second");
                            again.schedule(Duration.ofMillis(300), never -> inside(never, "after the end"));
                            again.disconnect();
                        });
                    });
                    kept[0] = session.schedule(Duration.ofMillis(800), self -> inside(self, "cancelled"));
                }
            };
            life.run(() -> {
                assertThatIllegalStateException().isThrownBy(() -> kept[0].cancel());
                life.await(life.client::hasEnded, "it ends");
                life.client.close();
                life.awaitEnd();
                life.kernel.sleep(Duration.ofSeconds(2));
                assertThat(life.calls).containsExactly("first", "second");
                assertThat(life.reason).isEqualTo(CloseReason.DISCONNECTED);
            });
        });
    }

    /** One worker saw both times run out, and has gone into a handler that blocks; the other is there for the rest. */
    @Test
    void aHandlerThatBlocksHoldsUpNobodyElsesIdleTime() {
        forEachSeed(seed -> {
            List<Duration> told = new ArrayList<>();
            Life life = new Life(seed) {
                @Override
                public void idle(Session session) {
                    told.add(kernel.elapsed());
                    kernel.sleep(Duration.ofSeconds(3));
                }
            };
            life.options.idleTime(Duration.ofMillis(500)).acceptsPosted(2);
            life.run(() -> {
                SimulatedClient other = life.kernel.client(new SimulatedClient.Script() { });
                other.connect(life.server.localAddress());
                life.await(() -> told.size() == 2, "both are told");
                assertThat(told.getLast().minus(told.getFirst())).isLessThan(Duration.ofMillis(500));
                life.client.close();
                other.close();
                life.await(() -> life.server.statistics().connections().sessions() == 0, "both end");
            });
        });
    }

    // ---- from elsewhere ----

    /** The handler's own send was to go out behind the call, and the others were left to that. */
    @Test
    void whatAnotherThreadSendsGoesOutThoughACallThatHasSentBlocks() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.send(data);
                    calls.add("sent");
                    kernel.sleep(Duration.ofSeconds(3));
                    calls.add("returns");
                }
            };
            life.run(() -> {
                life.client.send(new byte[1]);
                life.await(() -> !life.calls.isEmpty(), "the call has sent");
                life.ref.send(ByteBuffer.allocate(4));
                life.await(() -> life.client.received().length == 5, "both come");
                assertThat(life.calls).containsExactly("sent");
                life.client.close();
                life.awaitEnd();
            });
        });
    }

    @Test
    void aRefSaysWhetherTheInputWillBeHeld() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.run(() -> {
                assertThat(life.ref.pauseInput()).isTrue();
                assertThat(life.server.resumeInput(life.ref.id())).isTrue();
                life.client.close();
                life.awaitEnd();
                assertThat(life.ref.resumeInput()).isFalse();
                assertThat(life.server.pauseInput(life.ref.id())).isFalse();
            });
        });
    }

    @Test
    void actionsOfOtherThreadsRunInOrderAndNeverBesideACall() throws Exception {
        forEachSeed(seed -> {
            int[] next = {0};
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) throws Exception {
                    inside(session, "received");
                    super.received(session, data);
                }
            };
            life.run(() -> {
                life.client.send(new byte[BLOCK]);
                for (int i = 0; i < 60; i++) {
                    int number = i;
                    assertThat(life.ref.execute(session -> {
                        life.inside(session, "action");
                        assertThat(next[0]++).isEqualTo(number);
                        assertThat(session.group()).isSameAs(life.server.group());
                    })).isTrue();
                    if (i % 7 == 0) {
                        life.kernel.sleep(Duration.ofMillis(2));
                        life.client.send(new byte[1]);
                    }
                }
                life.await(() -> next[0] == 60, "all have run");
                life.client.close();
                life.awaitEnd();
                assertThat(life.failure).isNull();
                assertThat(life.ref.execute(session -> next[0]++)).isFalse();
                life.kernel.sleep(Duration.ofMillis(300));
                assertThat(next[0]).isEqualTo(60);
            });
        });
    }

    /** By whichever way they come. */
    @Test
    void whatStandsForASessionIsAskedByAll() {
        forEachSeed(seed -> {
            List<String> asked = new ArrayList<>();
            SessionRef[] own = new SessionRef[1];
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) {
                    own[0] = session.ref();
                    session.wrapRef(direct -> new SessionRef() {
                        @Override
                        public long id() {
                            return direct.id();
                        }

                        @Override
                        public SendResult send(ByteBuffer data) {
                            asked.add("send");
                            return direct.send(data);
                        }

                        @Override
                        public SendResult sendFile(Path file, long position, long count) throws IOException {
                            asked.add("sendFile");
                            return direct.sendFile(file, position, count);
                        }

                        @Override
                        public SendResult sendFile(FileChannel file, long position, long count) throws IOException {
                            asked.add("sendFile");
                            return direct.sendFile(file, position, count);
                        }

                        @Override
                        public SendResult send(LentMemory memory, int offset, int count) {
                            asked.add("send lent");
                            return direct.send(memory, offset, count);
                        }

                        @Override
                        public void disconnect() {
                            asked.add("disconnect");
                            direct.execute(session -> {
                                session.send(ByteBuffer.allocate(5)); // its last word
                                session.disconnect();
                            });
                        }

                        @Override
                        public void abort() {
                            asked.add("abort");
                        }

                        @Override
                        public boolean execute(SessionAction action) {
                            asked.add("execute");
                            return direct.execute(action);
                        }
                    });
                    ref = session.ref();
                }
            };
            life.run(() -> {
                long id = own[0].id();
                for (SessionRef each : new SessionRef[] {own[0], life.ref}) {
                    assertThat(each.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.TAKEN);
                    assertThat(each.execute(session -> session.send(ByteBuffer.allocate(1)))).isTrue();
                    each.abort();
                }
                assertThat(life.server.send(id, ByteBuffer.allocate(1))).isEqualTo(SendResult.TAKEN);
                assertThat(life.server.broadcast(new long[] {id}, ByteBuffer.allocate(1)).taken()).isOne();
                assertThat(asked).containsExactly("send", "execute", "abort", "send", "execute", "abort", "send",
                        "send");
                try (LentMemory memory = life.server.group().lend(1)) {
                    assertThat(own[0].send(memory, 0, 1)).isEqualTo(SendResult.TAKEN);
                    assertThat(asked).endsWith("send lent");
                }
                assertThatThrownBy(() -> own[0].sendFile(Path.of("no such file"), 0, 1))
                        .isInstanceOf(IOException.class);
                assertThat(asked).endsWith("sendFile");
                life.client.after(3_000_000, life.client::finish);
                life.server.close();
                assertThat(asked).endsWith("disconnect");
                assertThat(life.client.received()).hasSize(7 + 5);
                assertThat(life.reason).isEqualTo(CloseReason.SERVER_STOPPED);
                assertThat(life.server.send(id, ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
            });
        });
    }

    /** While a call holds the session up, no more than so many wait; none that was taken is lost. */
    @Test
    void actionsThatWaitAreBounded() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.maxActions(3);
            ServerStatistics end = life.run(() -> {
                for (int refusals = 1; refusals <= 2; refusals++) {
                    int before = life.calls.size();
                    assertThat(life.ref.execute(session -> {
                        life.calls.add("begins");
                        life.kernel.sleep(Duration.ofMillis(50));
                    })).isTrue();
                    life.await(() -> life.calls.size() > before, "the call that holds it up");
                    for (int i = 0; i < 3; i++) {
                        assertThat(life.ref.execute(session -> life.inside(session, "action"))).isTrue();
                    }
                    assertThatThrownBy(() -> life.server.execute(life.ref.id(), session -> life.calls.add("refused")))
                            .isInstanceOf(RejectedExecutionException.class)
                            .hasMessage("maxActions: 3 actions wait in session "
                                    + Long.toUnsignedString(life.ref.id()));
                    assertThat(life.server.statistics().incidents().actionsRefused()).isEqualTo(refusals);
                    life.await(() -> life.calls.size() == before + 4, "those that were taken");
                }
            });
            assertThat(life.calls).doesNotContain("refused");
            assertThat(end.faults().handlerFailures()).isZero();
            assertThat(life.ref.execute(session -> { })).as("after the end").isFalse();
        });
    }

    /** However many actions wait; and several calls before it runs are one. */
    @Test
    void aWakerIsNeverRefused() {
        forEachSeed(seed -> {
            Waker[] waker = new Waker[1];
            String[] left = {""};
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    waker[0] = session.waker(same -> inside(same, "woken for " + left[0]));
                    super.opened(session);
                }
            };
            life.options.maxActions(1);
            ServerStatistics end = life.run(() -> {
                for (int round = 1; round <= 2; round++) {
                    life.calls.clear();
                    life.ref.execute(session -> {
                        life.calls.add("begins");
                        life.kernel.sleep(Duration.ofMillis(50));
                    });
                    life.await(() -> life.calls.size() == 1, "the call that holds it up");
                    life.ref.execute(session -> life.inside(session, "action"));
                    for (int i = 0; i < 5; i++) {
                        left[0] = "call " + round + "." + i;
                        assertThat(waker[0].wake()).isTrue();
                    }
                    assertThatThrownBy(() -> life.ref.execute(session -> life.calls.add("refused")))
                            .isInstanceOf(RejectedExecutionException.class);
                    life.await(() -> life.calls.size() == 3, "all of them");
                    assertThat(life.calls).containsExactly("begins", "action", "woken for call " + round + ".4");
                }
                life.calls.clear();
                life.ref.disconnect();
                life.client.close();
                life.awaitEnd();
                assertThat(waker[0].wake()).isFalse();
            });
            assertThat(life.calls).isEmpty();
            assertThat(end.incidents().actionsRefused()).isEqualTo(2);
        });
    }

    @Test
    void anotherHandlerTakesOverWithWhatIsUnread() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    calls.add("old");
                    data.get();
                    session.upgrade(new SessionHandler() {
                        @Override
                        public void upgraded(Session same) {
                            calls.add("upgraded");
                        }

                        @Override
                        public void received(Session same, ByteBuffer rest) {
                            calls.add("new");
                            same.send(rest);
                        }

                        @Override
                        public void closed(Session same, CloseReason why, Throwable thrown) {
                            reason = why;
                        }
                    });
                }
            };
            life.run(() -> {
                life.client.send(new byte[10]);
                life.await(() -> life.client.received().length == 9, "the rest comes back");
                life.client.close();
                life.awaitEnd();
                assertThat(life.calls).startsWith("old", "upgraded", "new").containsOnlyOnce("old");
            });
        });
    }

    /** The receive that is pending then is to write behind what is unread, and that was moved: 10 bytes came twice. */
    @Test
    void aHandlerThatTakesOverFromElsewhereGetsEachByteOnce() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    calls.add("declined");
                }
            };
            life.run(() -> {
                life.client.send(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
                life.await(() -> !life.calls.isEmpty(), "it is declined");
                life.kernel.sleep(Duration.ofMillis(seed % 3));
                life.ref.execute(session -> session.upgrade(new SessionHandler() {
                    @Override
                    public void received(Session same, ByteBuffer data) {
                        same.send(data);
                    }

                    @Override
                    public void closed(Session same, CloseReason why, Throwable thrown) {
                        life.reason = why;
                    }
                }));
                life.kernel.sleep(Duration.ofMillis(seed % 5));
                life.client.send(new byte[] {10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
                life.await(() -> life.client.received().length >= 20, "all comes back");
                life.client.close();
                life.awaitEnd();
                assertThat(life.client.received()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                        15, 16, 17, 18, 19);
            });
        });
    }

    /** Nothing was refused, so nothing else would tell it. */
    @Test
    void aHandlerThatAsksForRoomAndLeavesItsInputIsCalledWhenThereIsSome() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    while (data.hasRemaining() && session.sendRoomBytes() >= 2 * BLOCK) {
                        data.get();
                        session.send(ByteBuffer.allocate(BLOCK));
                    }
                }
            };
            life.options.socketSendBufferBytes(16);
            life.client.window(50);
            life.run(() -> {
                life.client.send(new byte[12]);
                life.await(() -> life.client.received().length == 12 * BLOCK, "all is answered");
                life.client.close();
                life.awaitEnd();
            });
        });
    }

    /** Two such sessions can hold each other for ever: a proxy's, whose client does not read. */
    @Test
    void aPausedSessionWhoseClientDoesNotReadIsIdle() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.pauseInput();
                    while (session.send(ByteBuffer.allocate(BLOCK)) == SendResult.TAKEN) {
                        calls.add("sent");
                    }
                }
            };
            life.options.socketSendBufferBytes(16).idleTime(Duration.ofMillis(300));
            life.client.window(50).stopReading();
            life.run(() -> {
                life.client.send(new byte[1]);
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.IDLE);
                life.client.close();
            });
        });
    }

    // ---- the end ----

    /** Whoever ends it first: what a call has thrown is not lost. */
    @Test
    void closedGetsWhatTheHandlerHasThrownThoughTheSessionWasEndingByThen() {
        forEachSeed(seed -> {
            RuntimeException thrown = new IllegalArgumentException("provoked");
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    calls.add("received");
                    kernel.sleep(Duration.ofMillis(50));
                    throw thrown;
                }
            };
            life.run(() -> {
                life.client.send(new byte[5]);
                life.await(() -> !life.calls.isEmpty(), "the call begins");
                life.ref.disconnect();
                life.awaitEnd();
                assertThat(life.failure).isSameAs(thrown);
            });
        });
    }

    @Test
    void nothingIsTakenOnceTheHandlerHasAskedForTheEnd() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    assertThat(session.send(data)).isEqualTo(SendResult.TAKEN);
                    session.disconnect();
                    assertThat(session.send(ByteBuffer.allocate(3))).isEqualTo(SendResult.CLOSED);
                    assertThat(session.ref().send(ByteBuffer.allocate(3))).isEqualTo(SendResult.CLOSED);
                    calls.add("disconnect");
                }
            };
            life.run(() -> {
                life.client.send(new byte[1]);
                life.await(life.client::hasEnded, "it ends");
                assertThat(life.calls).as("nothing in it failed").containsExactly("disconnect");
                assertThat(life.client.received()).hasSize(1);
                life.client.close();
            });
        });
    }

    @Test
    void closedGetsWhatTheHandlerHasThrown() {
        forEachSeed(seed -> {
            IOException checked = new IOException("provoked");
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) throws IOException {
                    throw checked;
                }
            };
            ServerStatistics end = life.run(() -> {
                life.client.send(new byte[5]);
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.HANDLER_FAILED);
                assertThat(life.failure).isSameAs(checked);
            });
            assertThat(end.faults().handlerFailures()).isOne();
        });
    }

    /** It writes on and on: a disconnect with bytes unread would reset the connection, and eat the answer. */
    @ParameterizedTest
    @EnumSource(value = DisconnectMethod.class, names = {"DISCONNECT_EX", "GRACEFUL"})
    void aClientThatStillSendsGetsTheAnswerAndAFin(DisconnectMethod method) {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.send(ByteBuffer.allocate(100));
                    session.disconnect();
                }
            };
            life.options.disconnectMethod(method);
            ServerStatistics end = life.run(() -> {
                for (int i = 1; i <= 20; i++) {
                    life.client.send(new byte[300]);
                    life.kernel.sleep(Duration.ofMillis(5));
                }
                life.await(life.client::hasEnded, "the answer and a FIN");
                assertThat(life.client.received()).hasSize(100);
                assertThat(life.reason).isNull();
                life.client.finish();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.DISCONNECTED);
                assertThat(life.client.isReset()).isFalse();
            });
            assertThat(end.incidents().lingerTimeouts() + end.incidents().closeTimeouts()).isZero();
            assertThat(end.traffic().receivedBytes()).isEqualTo(6000);
        });
    }

    @Test
    void aClientThatNeverEndsHoldsASessionForTheLingerTimeOnly() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.lingerTime(Duration.ofMillis(700));
            ServerStatistics end = life.run(() -> {
                Duration start = life.kernel.elapsed();
                life.ref.disconnect();
                life.awaitEnd();
                assertThat(life.kernel.elapsed().minus(start))
                        .isBetween(Duration.ofMillis(700), Duration.ofMillis(1_100));
                life.client.close();
            });
            assertThat(end.incidents().lingerTimeouts()).isOne();
        });
    }

    @Test
    void withoutALingerTimeItEndsAtOnce() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.lingerTime(Duration.ZERO);
            ServerStatistics end = life.run(() -> {
                Duration start = life.kernel.elapsed();
                life.ref.disconnect();
                life.awaitEnd();
                assertThat(life.kernel.elapsed().minus(start)).isLessThan(Duration.ofMillis(100));
                life.client.close();
            });
            assertThat(end.incidents().lingerTimeouts()).isZero();
        });
    }
}
