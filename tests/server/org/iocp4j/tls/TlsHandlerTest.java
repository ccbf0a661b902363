package org.iocp4j.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ConnectOptions;
import org.iocp4j.server.HandsOn;
import org.iocp4j.server.IocpServer;
import org.iocp4j.server.LentMemory;
import org.iocp4j.server.SendResult;
import org.iocp4j.server.ServerOptions;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionAction;
import org.iocp4j.server.SessionHandler;
import org.iocp4j.server.SessionRef;
import org.iocp4j.server.identity.SessionIdentity;
import org.iocp4j.server.internal.ServerFactory;
import org.iocp4j.simkernel.FaultPlan;
import org.iocp4j.simkernel.SimulatedClient;
import org.iocp4j.simkernel.SimulatedKernel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a session promises, inside of TLS, under many schedules. */
@Timeout(120)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class TlsHandlerTest {
    private static final int SEEDS = 3;
    private static final int BLOCK = 64;
    private static final Duration LONG = Duration.ofSeconds(100);
    private static final SSLContext CONTEXT = TestKeys.context();
    private static final SSLContext NO_CERTIFICATE = TestKeys.withoutCertificate();

    /** One session of a server, with a client that speaks TLS. */
    private static class Life implements SessionHandler {
        final SimulatedKernel kernel;
        final ServerOptions.Builder options = ServerOptions.builder().workers(2).acceptsPosted(1).pool(1).maxSessions(4)
                .bufferBytes(BLOCK).sendQueueBytes(8 * BLOCK).idleTime(Duration.ZERO)
                .disconnectTime(Duration.ofSeconds(2));
        final List<TlsException> failedHandshakes = new ArrayList<>();
        final TlsHandler.Builder tls = TlsHandler.server(CONTEXT).taskExecutor(Runnable::run)
                .handshakeFailed((peer, failure) -> {
                    assertThat(peer.getAddress().isLoopbackAddress()).isTrue();
                    failedHandshakes.add(failure);
                });
        final EngineClient peer;
        final SimulatedClient client;
        final List<String> calls = new ArrayList<>();
        IocpServer server;
        TlsHandler handler;
        SessionRef ref;
        CloseReason reason;
        Throwable failure;

        Life(long seed) {
            this(seed, "TLSv1.3");
        }

        Life(long seed, String protocol) {
            this(seed, engine(protocol));
        }

        Life(long seed, SSLEngine engine) {
            kernel = new SimulatedKernel(seed, FaultPlan.UNRULY).operationBytes(48).forbidMisuse();
            peer = new EngineClient(engine, seed);
            client = kernel.client(peer);
        }

        SessionHandler outer() {
            return handler;
        }

        ServerStatistics run(SimulatedKernel.Scenario scenario) {
            kernel.run(() -> {
                handler = tls.build(this);
                server = ServerFactory.start(outer(), options.build(), SessionIdentity.OVERLAPPED, kernel::attach);
                client.connect(server.localAddress());
                await(client::isConnected, "it connects");
                scenario.run();
                server.close();
                kernel.requireNothingLeft();
            });
            return server.statistics();
        }

        void await(BooleanSupplier condition, String what) {
            assertThat(kernel.until(condition, LONG)).as("%s; calls %s, reason %s, %s, %s", what, calls, reason,
                    peer.failure, failedHandshakes).isTrue();
        }

        void awaitEnd() {
            await(() -> reason != null, "the session ends");
        }

        void awaitReceived(int bytes) {
            await(() -> peer.received.size() >= bytes, bytes + " bytes");
        }

        @Override
        public void opened(Session session) throws Exception {
            ref = session.ref();
            assertThat(TlsSession.of(session).sslSession().getProtocol()).startsWith("TLSv1.");
        }

        @Override
        public void received(Session session, ByteBuffer data) throws Exception {
            int most = Math.min(data.remaining(), session.sendRoomBytes());
            session.send(data.duplicate().limit(data.position() + most));
            data.position(data.position() + most);
        }

        @Override
        public void closed(Session session, CloseReason why, Throwable thrown) {
            assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
            recordEnd(why, thrown);
        }

        void recordEnd(CloseReason why, Throwable thrown) {
            assertThat(reason).isNull();
            reason = why;
            failure = thrown;
        }

        TlsFailure tlsFailure() {
            assertThat(failure).isInstanceOf(TlsException.class);
            return ((TlsException) failure).failure();
        }
    }

    /** One that others ask for something before its handshake, which the client begins when it is told to. */
    private static final class EarlyLife extends Life {
        SessionRef early;

        EarlyLife(long seed) {
            super(seed);
            peer.atOnce = false;
        }

        @Override
        SessionHandler outer() {
            return new SessionHandler() {
                @Override
                public void opened(Session session) {
                    session.upgrade(handler);
                    early = session.ref();
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    throw new IllegalStateException("not upgraded");
                }
            };
        }
    }

    private static SSLEngine engine(String protocol) {
        SSLEngine engine = NO_CERTIFICATE.createSSLEngine("localhost", 1);
        engine.setEnabledProtocols(new String[] {protocol});
        return engine;
    }

    private static void forEachSeed(Consumer<Long> test) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            test.accept(seed);
        }
    }

    private static byte[] random(int bytes, long seed) {
        byte[] all = new byte[bytes];
        new Random(seed).nextBytes(all);
        return all;
    }

    // ---- bytes ----

    /** Through a queue, buffers and windows that are all smaller than a record. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void whatComesGoesBackAndTheEndIsTold(String protocol) {
        forEachSeed(seed -> {
            byte[] bytes = random(40_000, seed);
            Life life = new Life(seed, protocol);
            life.options.socketSendBufferBytes(100);
            life.client.window(300);
            ServerStatistics end = life.run(() -> {
                life.peer.send(bytes);
                life.awaitReceived(bytes.length);
                life.peer.close();
                life.awaitEnd();
                assertThat(life.peer.received.toByteArray()).isEqualTo(bytes);
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
                assertThat(life.failure).isNull();
                life.await(life.peer::sawCloseNotify, "the server's close_notify");
                assertThat(life.handler.statistics().handshakes()).isOne();
            });
            assertThat(end.faults().handlerFailures()).isZero();
        });
    }

    @Test
    void sendsAreTakenWholeOrNotAndRoomIsTold() {
        forEachSeed(seed -> {
            int[] left = {200};
            int[] refused = {0};
            Life life = new Life(seed) {
                private void send(Session session) {
                    while (left[0] > 0) {
                        SendResult result = session.send(ByteBuffer.wrap(random(100, left[0])));
                        if (result != SendResult.TAKEN) {
                            assertThat(result).isEqualTo(SendResult.FULL);
                            assertThat(session.sendRoomBytes()).isLessThan(100);
                            refused[0]++;
                            return;
                        }
                        left[0]--;
                    }
                    session.disconnect();
                    assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
                }

                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    assertThatIllegalArgumentException().isThrownBy(() -> session.send(ByteBuffer.allocate(513)));
                    send(session);
                }

                @Override
                public void writable(Session session) {
                    assertThat(session.sendRoomBytes()).isGreaterThanOrEqualTo(256);
                    send(session);
                }
            };
            life.options.socketSendBufferBytes(100);
            life.client.window(200);
            life.run(() -> {
                life.awaitReceived(20_000);
                life.await(life.client::hasEnded, "the FIN");
                assertThat(life.peer.sawCloseNotify()).isTrue();
                assertThat(life.handler.statistics().sendsRefused()).isEqualTo(refused[0]).isPositive();
                ByteBuffer expected = ByteBuffer.allocate(20_000);
                for (int i = 200; i > 0; i--) {
                    expected.put(random(100, i));
                }
                assertThat(life.peer.received.toByteArray()).isEqualTo(expected.array());
                life.client.close();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.DISCONNECTED);
            });
        });
    }

    /** Up to TLS 1.2 the peer's close_notify ends both directions, whatever the handler still says. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aLastRequestWithTheCloseNotifyBehindItEndsTheSession(String protocol) {
        forEachSeed(seed -> {
            Life life = new Life(seed, protocol) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    data.position(data.limit());
                    session.send(ByteBuffer.allocate(10));
                    session.disconnect();
                }
            };
            life.run(() -> {
                life.await(() -> life.ref != null, "it opens");
                life.peer.send(new byte[10]);
                life.peer.close();
                life.client.after(3_000_000, life.client::finish);
                life.awaitEnd();
                assertThat(life.handler.statistics().closeTimeouts()).isZero();
            });
        });
    }

    @Test
    void filesAndLentMemoryGoThroughTlsInOrder(@TempDir Path folder) throws IOException {
        byte[] bytes = random(50_000, 1);
        Path file = Files.write(folder.resolve("file"), bytes);
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    session.send(ByteBuffer.wrap(bytes, 0, 100));
                    assertThat(session.sendFile(file, 100, 39_900)).isEqualTo(SendResult.TAKEN);
                    try (LentMemory memory = session.group().lend(1_000)) {
                        memory.bytes().put(bytes, 40_000, 1_000);
                        assertThat(session.send(memory, 0, 200)).isEqualTo(SendResult.TAKEN);
                        assertThat(session.send(memory, 200, 800)).as("more than the queue holds")
                                .isEqualTo(SendResult.TAKEN);
                    }
                    assertThat(session.sendFile(file, 50_000, 0)).isEqualTo(SendResult.TAKEN);
                    assertThatThrownBy(() -> session.sendFile(file, 49_999, 2)).isInstanceOf(EOFException.class)
                            .hasMessageContaining("2 bytes from 49999 on of ").hasMessageEndingWith("which has 50000");
                    assertThatThrownBy(() -> session.sendFile(folder.resolve("none"), 0, 1))
                            .isInstanceOf(NoSuchFileException.class);
                }
            };
            life.client.window(3_000);
            life.run(() -> {
                life.awaitReceived(41_000);
                try {
                    assertThat(life.ref.sendFile(file, 41_000, 9_000)).isEqualTo(SendResult.TAKEN);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                life.ref.disconnect();
                life.awaitReceived(50_000);
                assertThat(life.peer.received.toByteArray()).isEqualTo(bytes);
                life.await(life.peer::sawCloseNotify, "the close_notify");
                life.client.finish();
                life.awaitEnd();
            });
        });
    }

    @Test
    void noMoreFilesWaitThanMayAndRoomIsTold(@TempDir Path folder) throws IOException {
        Path file = Files.write(folder.resolve("file"), random(5_000, 1));
        forEachSeed(seed -> {
            int[] taken = {0};
            int[] refused = {0};
            Life life = new Life(seed) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    writable(session);
                }

                @Override
                public void writable(Session session) throws IOException {
                    while (taken[0] < 40) {
                        if (session.sendFile(file, 0, 5_000) == SendResult.FULL) {
                            refused[0]++;
                            return;
                        }
                        taken[0]++;
                    }
                    session.disconnect();
                }
            };
            life.run(() -> {
                life.awaitReceived(40 * 5_000);
                assertThat(refused[0]).isBetween(1, 40);
                assertThat(life.handler.statistics().sendsRefused()).isEqualTo(refused[0]);
                life.client.finish();
                life.awaitEnd();
            });
        });
    }

    /** By its ref, by its id, and among many. */
    @Test
    void nobodyPassesTlsBy() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.run(() -> {
                life.await(() -> life.ref != null, "it opens");
                long id = life.ref.id();
                life.ref.send(ByteBuffer.wrap("a".getBytes(US_ASCII)));
                life.server.send(id, ByteBuffer.wrap("b".getBytes(US_ASCII)));
                assertThat(life.server.broadcast(new long[] {id}, ByteBuffer.wrap("c".getBytes(US_ASCII))).taken())
                        .isOne();
                life.ref.execute(session -> session.send(ByteBuffer.wrap("d".getBytes(US_ASCII))));
                life.server.execute(id, session -> {
                    assertThat(session.ref()).isEqualTo(life.ref);
                    assertThatIllegalArgumentException().isThrownBy(() -> session.wantRoom(0));
                    session.schedule(Duration.ofMillis(100), again -> {
                        again.send(ByteBuffer.wrap("f".getBytes(US_ASCII)));
                        again.ref().disconnect();
                    });
                    session.send(ByteBuffer.wrap("e".getBytes(US_ASCII)));
                });
                life.awaitReceived(6);
                assertThat(life.peer.received.toString(US_ASCII)).isEqualTo("abcdef");
                life.await(life.peer::sawCloseNotify, "the close_notify");
                life.client.close();
                life.awaitEnd();
                assertThat(life.ref.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
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
                life.await(() -> life.ref != null, "it opens");
                for (int sent = 0; sent < 30; sent++) {
                    int before = writable[0];
                    while (life.ref.send(ByteBuffer.allocate(200)) == SendResult.FULL) {
                        int seen = before;
                        life.await(() -> writable[0] > seen, "there is room");
                        before = writable[0];
                    }
                }
                life.ref.disconnect(); // behind what was taken
                life.awaitReceived(6000);
                life.await(life.peer::sawCloseNotify, "the close_notify");
                life.client.close();
                life.awaitEnd();
            });
        });
    }

    /** What is queued, and TLS's own end, go out first. */
    @Test
    void theEndOfTheServerIsTlssEnd() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.run(() -> {
                life.await(() -> life.ref != null, "it opens");
                life.ref.send(ByteBuffer.allocate(500));
                life.client.after(3_000_000, life.client::finish);
                life.server.close();
                assertThat(life.reason).isEqualTo(CloseReason.SERVER_STOPPED);
                assertThat(life.peer.received.size()).isEqualTo(500);
                assertThat(life.peer.sawCloseNotify()).isTrue();
            });
        });
    }

    /** Neither the end nor the bytes before it have to queue up behind the actions of other threads. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEndIsInOrderThoughNoMoreActionsMayWait(boolean byServer) {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.maxActions(1);
            ServerStatistics end = life.run(() -> {
                life.await(() -> life.ref != null && life.peer.isDone(), "it opens");
                life.ref.execute(session -> {
                    life.calls.add("begins");
                    life.kernel.sleep(Duration.ofMillis(50));
                });
                life.await(() -> life.calls.size() == 1, "the call that holds it up");
                life.ref.execute(session -> life.calls.add("waits"));
                assertThatThrownBy(() -> life.ref.execute(session -> life.calls.add("refused")))
                        .isInstanceOf(RejectedExecutionException.class);
                assertThat(life.ref.send(ByteBuffer.wrap("last".getBytes(US_ASCII)))).isEqualTo(SendResult.TAKEN);
                life.client.after(100_000_000, life.client::finish);
                if (byServer) {
                    life.server.close();
                } else {
                    life.ref.disconnect();
                }
                life.awaitEnd();
                life.await(life.client::hasEnded, "the FIN");
                assertThat(life.peer.received.toString(US_ASCII)).isEqualTo("last");
                assertThat(life.peer.sawCloseNotify()).isTrue();
                assertThat(life.calls).containsExactly("begins", "waits");
                assertThat(life.reason).isEqualTo(byServer ? CloseReason.SERVER_STOPPED : CloseReason.DISCONNECTED);
            });
            assertThat(end.incidents().actionsRefused()).as("not those of the send and the end").isOne();
        });
    }

    /** Stands for a session, and takes no action for it. */
    private record TakesNoActions(SessionRef direct) implements HandsOn {
        @Override
        public boolean execute(SessionAction action) {
            throw new RejectedExecutionException("never");
        }
    }

    /** What was taken is sent: that must not hang on an action, which may be refused. */
    @Test
    void whatWasTakenIsSentThoughNoActionIsTaken() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                SessionHandler outer() {
                    return new SessionHandler() {
                        @Override
                        public void opened(Session session) {
                            session.wrapRef(TakesNoActions::new);
                            session.upgrade(handler);
                        }

                        @Override
                        public void received(Session session, ByteBuffer data) {
                            throw new IllegalStateException("not upgraded");
                        }
                    };
                }
            };
            life.tls.taskExecutor(task -> life.kernel.start("task", task::run)); // the handshake neither
            life.run(() -> {
                life.await(() -> life.ref != null, "it opens");
                assertThatThrownBy(() -> life.ref.execute(session -> { }))
                        .isInstanceOf(RejectedExecutionException.class).hasMessage("never");
                assertThat(life.ref.send(ByteBuffer.wrap("taken".getBytes(US_ASCII)))).isEqualTo(SendResult.TAKEN);
                life.awaitReceived(5);
                life.ref.disconnect();
                life.await(life.peer::sawCloseNotify, "the close_notify");
                life.client.close();
                life.awaitEnd();
            });
        });
    }

    /** One too many is refused where it was asked, and ends nothing. */
    @Test
    void actionsThatWaitForTheHandshakeAreBounded() {
        forEachSeed(seed -> {
            EarlyLife life = new EarlyLife(seed);
            life.run(() -> {
                life.await(() -> life.early != null, "the connection");
                for (int i = 0; i < TlsHandler.MOST_EARLY_ACTIONS; i++) {
                    assertThat(life.early.execute(session -> life.calls.add("early"))).isTrue();
                    if (i % 500 == 499) {
                        life.kernel.sleep(Duration.ofMillis(50)); // maxActions is another bound
                    }
                }
                assertThatThrownBy(() -> life.early.execute(session -> life.calls.add("refused")))
                        .isInstanceOf(RejectedExecutionException.class)
                        .hasMessage("1000 actions wait for the handshake of session "
                                + Long.toUnsignedString(life.early.id()));
                assertThat(life.handler.statistics().actionsRefused()).isOne();
                life.client.after(1, life.peer::begin);
                life.await(() -> life.calls.size() == TlsHandler.MOST_EARLY_ACTIONS, "the handshake, and all of them");
                assertThat(life.early.execute(session -> life.calls.add("late"))).isTrue();
                life.await(() -> life.calls.contains("late"), "as ever");
                assertThat(life.calls).doesNotContain("refused");
                life.peer.close();
                life.awaitEnd();
            });
        });
    }

    /** Nothing has failed: what was sent has come, and the handshake is done. */
    @Test
    void anEndThatWaitedForTheHandshakeIsNoFailure() {
        forEachSeed(seed -> {
            EarlyLife life = new EarlyLife(seed);
            life.run(() -> {
                life.await(() -> life.early != null, "the connection");
                assertThat(life.early.send(ByteBuffer.wrap("taken".getBytes(US_ASCII)))).isEqualTo(SendResult.TAKEN);
                life.early.disconnect();
                life.client.after(1, life.peer::begin);
                life.awaitReceived(5);
                life.await(life.peer::sawCloseNotify, "the close_notify");
                life.client.close();
                life.await(() -> life.server.statistics().connections().sessions() == 0, "the end");
                assertThat(life.handler.statistics().handshakes()).isOne();
                assertThat(life.handler.statistics().closedInHandshake()).isZero();
                assertThat(life.failedHandshakes).isEmpty();
            });
        });
    }

    // ---- the input ----

    @Test
    void whatIsUnreadComesAgainAndAPausedSessionGetsNothing() {
        forEachSeed(seed -> {
            byte[] bytes = random(3000, seed);
            List<Integer> seen = new ArrayList<>();
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    assertThat(data.isReadOnly()).isTrue();
                    seen.add(data.remaining());
                    if (data.remaining() < 100) {
                        return;
                    }
                    session.send(data.slice(data.position(), 100));
                    data.position(data.position() + 100);
                    session.pauseInput();
                }
            };
            life.run(() -> {
                life.peer.send(bytes);
                for (int i = 1; i <= 30; i++) {
                    life.awaitReceived(100 * i);
                    int calls = seen.size();
                    life.kernel.sleep(Duration.ofMillis(20));
                    assertThat(seen.size()).as("calls while it is paused").isEqualTo(calls);
                    life.ref.resumeInput();
                }
                assertThat(life.peer.received.toByteArray()).isEqualTo(bytes);
                life.peer.close();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
            });
        });
    }

    @Test
    void aMessageThatIsTooLongEndsTheSessionByName() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    assertThat(session.bufferBytes()).isEqualTo(1000);
                    calls.add("" + data.remaining());
                }
            };
            life.tls.messageBytes(1000);
            life.run(() -> {
                life.peer.send(new byte[999]);
                life.await(() -> life.calls.contains("999"), "what may still become one");
                life.kernel.sleep(Duration.ofMillis(100));
                assertThat(life.reason).isNull();
                life.peer.send(new byte[1]);
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.FRAME_TOO_LONG);
                assertThat(life.handler.statistics().messagesTooLong()).isOne();
            });
        });
    }

    /** One message a call: they come one after another, however many have come. */
    @Test
    void aHandlerThatReadsALittleIsCalledAgain() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    data.position(data.position() + Math.min(100, data.remaining()));
                    calls.add("read");
                }
            };
            life.tls.messageBytes(64);
            life.run(() -> {
                life.peer.send(new byte[20_000]);
                life.await(() -> life.calls.size() >= 190, "all is read");
                assertThat(life.reason).isNull();
                life.peer.close();
                life.awaitEnd();
            });
        });
    }

    @Test
    void inTls13AnAnswerMayFollowTheClientsEnd() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void inputEnded(Session session) {
                    calls.add("inputEnded");
                }
            };
            life.run(() -> {
                life.peer.send(new byte[20]);
                life.peer.close();
                life.await(() -> life.calls.contains("inputEnded"), "the end is told");
                life.kernel.sleep(Duration.ofMillis(100));
                assertThat(life.reason).isNull();
                life.ref.execute(session -> {
                    assertThat(session.send(ByteBuffer.allocate(400))).isEqualTo(SendResult.TAKEN);
                    session.shutdownOutput();
                    assertThat(session.send(ByteBuffer.allocate(1))).isEqualTo(SendResult.CLOSED);
                });
                life.awaitReceived(420);
                life.await(life.peer::sawCloseNotify, "the close_notify");
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
            });
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void inputStillComesWhenTheOutputHasEnded(String protocol) {
        forEachSeed(seed -> {
            int[] bytes = {0};
            Life life = new Life(seed, protocol) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    session.send(ByteBuffer.allocate(10));
                    session.shutdownOutput();
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    bytes[0] += data.remaining();
                    data.position(data.limit());
                }
            };
            life.run(() -> {
                life.await(life.client::hasEnded, "the FIN behind the close_notify");
                assertThat(life.peer.received.size()).isEqualTo(10);
                if (protocol.equals("TLSv1.3")) { // before, the client's engine answers with its own end
                    life.peer.send(new byte[300]);
                    life.await(() -> bytes[0] == 300, "what it sends");
                    life.peer.close();
                }
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.PEER_CLOSED);
            });
        });
    }

    // ---- what fails ----

    @Test
    void aFinWithoutACloseNotifyIsTruncation() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.run(() -> {
                life.peer.send(new byte[50]);
                life.awaitReceived(50);
                life.client.finish();
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.TLS_FAILED);
                assertThat(life.tlsFailure()).isEqualTo(TlsFailure.TRUNCATED);
                assertThat(life.handler.statistics().truncations()).isOne();
            });
        });
    }

    @Test
    void plainHttpGetsAnAlertAndTheEnd() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.peer.atOnce = false;
            ServerStatistics end = life.run(() -> {
                life.client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
                life.await(life.client::hasEnded, "the FIN");
                assertThat(life.peer.before.toByteArray()).as("a fatal alert").startsWith(21, 3).hasSize(7);
                life.client.close();
                life.await(() -> !life.failedHandshakes.isEmpty(), "it is told");
                assertThat(life.failedHandshakes).extracting(TlsException::failure)
                        .containsExactly(TlsFailure.HANDSHAKE_FAILED);
                assertThat(life.calls).isEmpty();
                assertThat(life.reason).isNull();
                assertThat(life.handler.statistics().handshakesFailed()).isOne();
            });
            assertThat(end.faults().handlerFailures()).isZero();
        });
    }

    @Test
    void aHandshakeHasItsTime() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.peer.atOnce = false;
            life.tls.handshakeTime(Duration.ofMillis(500));
            life.run(() -> {
                life.client.send(new byte[] {22, 3, 1});
                life.await(life.client::hasEnded, "the FIN");
                life.client.close();
                assertThat(life.failedHandshakes).extracting(TlsException::failure)
                        .containsExactly(TlsFailure.HANDSHAKE_TIMED_OUT);
                assertThat(life.handler.statistics().handshakeTimeouts()).isOne();
            });
        });
    }

    /** It fails in a task, whose failure the engine keeps until it is asked. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void whereTheTwoSidesDoNotAgreeTheClientGetsAnAlert(String protocol) {
        forEachSeed(seed -> {
            Life life = new Life(seed, protocol);
            life.tls.engine(engine -> engine.setNeedClientAuth(true));
            life.run(() -> {
                life.await(() -> life.peer.failure != null, "the alert");
                assertThat(life.peer.failure).hasMessageContaining("alert");
                life.client.close();
                life.await(() -> !life.failedHandshakes.isEmpty(), "it is told");
                assertThat(life.failedHandshakes).extracting(TlsException::failure)
                        .containsExactly(TlsFailure.HANDSHAKE_FAILED);
            });
        });
    }

    @Test
    void aByteThatWasChangedEndsTheSession() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.run(() -> {
                life.peer.send(new byte[10]);
                life.awaitReceived(10);
                byte[] record = new byte[60];
                record[0] = 23;
                record[1] = 3;
                record[2] = 3;
                record[4] = 55;
                life.client.send(record);
                life.awaitEnd();
                assertThat(life.tlsFailure()).isEqualTo(TlsFailure.BROKEN);
                life.await(() -> life.peer.failure != null, "the alert");
                life.client.close();
            });
        });
    }

    @Test
    void aSecondHandshakeIsRefused() {
        forEachSeed(seed -> {
            Life life = new Life(seed, "TLSv1.2");
            life.run(() -> {
                life.peer.send(new byte[10]);
                life.awaitReceived(10);
                life.peer.engine.beginHandshake();
                life.peer.move();
                life.awaitEnd();
                assertThat(life.tlsFailure()).isEqualTo(TlsFailure.RENEGOTIATION);
                life.client.close();
            });
        });
    }

    @Test
    void whatTheHandlerThrowsEndsItAsEver() {
        forEachSeed(seed -> {
            RuntimeException thrown = new IllegalStateException("provoked");
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    throw thrown;
                }
            };
            ServerStatistics end = life.run(() -> {
                life.peer.send(new byte[10]);
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.HANDLER_FAILED);
                assertThat(life.failure).isSameAs(thrown);
                life.client.close();
            });
            assertThat(end.faults().handlerFailures()).isOne();
        });
    }

    /** Even what no signature names. */
    @Test
    void whatAnUpgradeThrowsEndsItAsEver() {
        forEachSeed(seed -> {
            Throwable thrown = new Throwable("provoked");
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    session.upgrade(new SessionHandler() {
                        @Override
                        public void upgraded(Session same) {
                            TlsHandlerTest.<RuntimeException>sneak(thrown);
                        }

                        @Override
                        public void received(Session same, ByteBuffer more) {
                            throw new AssertionError("it has ended");
                        }

                        @Override
                        public void closed(Session same, CloseReason why, Throwable failure) {
                            recordEnd(why, failure);
                        }
                    });
                }
            };
            life.run(() -> {
                life.peer.send(new byte[10]);
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(CloseReason.HANDLER_FAILED);
                assertThat(life.failure).isSameAs(thrown);
                life.client.close();
            });
        });
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    /** A client that reads nothing holds what is still to be encrypted for a time only. */
    @Test
    void anEndThatTheClientDoesNotReadIsBounded() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.socketSendBufferBytes(16);
            life.client.window(50);
            life.run(() -> {
                life.await(() -> life.ref != null && life.peer.isDone(), "it opens");
                life.client.stopReading();
                for (int i = 0; i < 3; i++) {
                    life.ref.execute(session -> {
                        while (session.send(ByteBuffer.allocate(100)) == SendResult.TAKEN) { }
                    });
                    life.kernel.sleep(Duration.ofMillis(50));
                }
                Duration start = life.kernel.elapsed();
                life.ref.disconnect();
                life.awaitEnd();
                assertThat(life.kernel.elapsed().minus(start)).isBetween(Duration.ofSeconds(4), Duration.ofSeconds(8));
                assertThat(life.handler.statistics().closeTimeouts()).isOne();
                assertThat(life.reason).isEqualTo(CloseReason.DISCONNECTED);
                life.client.close();
            });
        });
    }

    /** Also when the connection's own queue is empty, and what is dropped is not even encrypted. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anAbortIsAResetWhateverIsQueued(boolean fromElsewhere) {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    data.position(data.limit());
                    session.send(ByteBuffer.allocate(100));
                    if (!fromElsewhere) {
                        session.abort();
                    }
                }
            };
            life.options.socketSendBufferBytes(100);
            life.client.window(10);
            life.run(() -> {
                life.await(() -> life.ref != null, "it opens");
                if (fromElsewhere) {
                    life.client.stopReading();
                }
                life.peer.send(new byte[10]);
                if (fromElsewhere) {
                    life.kernel.sleep(Duration.ofMillis(50));
                    life.ref.abort();
                }
                life.await(life.client::isReset, "the reset");
                assertThat(life.peer.received.size()).isZero();
                assertThat(life.peer.sawCloseNotify()).isFalse();
                life.awaitEnd();
            });
        });
    }

    /** The connection's own queue knows nothing of it. */
    @ParameterizedTest
    @ValueSource(strings = {"throws", "blocks", "refused"})
    void anEndThatDropsWhatIsNotEncryptedIsAReset(String why) {
        forEachSeed(seed -> {
            boolean[] refuses = {false};
            Life life = new Life(seed) {
                @Override
                public void received(Session session, ByteBuffer data) {
                    data.position(data.limit());
                    assertThat(session.send(ByteBuffer.allocate(100))).isEqualTo(SendResult.TAKEN);
                    if (why.equals("throws")) {
                        throw new IllegalStateException("provoked");
                    }
                    kernel.sleep(Duration.ofMinutes(1));
                }
            };
            if (!why.equals("throws")) {
                life.options.handlerExecutor(call -> {
                    if (refuses[0]) {
                        throw new RejectedExecutionException("provoked");
                    }
                    life.kernel.start("call", call::run);
                });
            }
            life.run(() -> {
                life.await(() -> life.ref != null && life.peer.isDone(), "it opens");
                life.kernel.sleep(Duration.ofMillis(50)); // what the handshake sends is gone
                if (why.equals("refused")) {
                    refuses[0] = true;
                    assertThat(life.ref.send(ByteBuffer.allocate(100))).isEqualTo(SendResult.TAKEN);
                } else {
                    life.peer.send(new byte[10]);
                }
                if (why.equals("blocks")) {
                    life.kernel.sleep(Duration.ofMillis(50));
                    life.server.close();
                }
                life.await(() -> life.client.isReset() || life.client.hasEnded(), "the end");
                assertThat(life.client.isReset()).isTrue();
                assertThat(life.peer.received.size()).isZero();
                assertThat(life.peer.sawCloseNotify()).isFalse();
                life.awaitEnd();
                assertThat(life.reason)
                        .isEqualTo(why.equals("blocks") ? CloseReason.SERVER_STOPPED : CloseReason.HANDLER_FAILED);
                life.server.close();
                life.await(() -> life.kernel.leftovers().isEmpty(), "the call is over");
            });
        });
    }

    // ---- the session ----

    /** As without TLS; the connection itself knows of no close_notify. */
    @ParameterizedTest
    @ValueSource(strings = {"idle", "inputEnded", "received", "idleBehindTheEnd"})
    void anAbortHasTheReasonOfItsPlaceAndIsAReset(String place) {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                private void abortIn(String call, Session session) {
                    if (call.equals(place)) {
                        session.abort();
                    }
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    data.position(data.limit());
                    abortIn("received", session);
                }

                @Override
                public void idle(Session session) {
                    abortIn("idle", session);
                    abortIn("idleBehindTheEnd", session);
                }

                @Override
                public void inputEnded(Session session) {
                    abortIn("inputEnded", session);
                }
            };
            life.peer.finishes = false;
            life.options.idleTime(place.startsWith("idle") ? Duration.ofMillis(300) : Duration.ZERO);
            life.run(() -> {
                life.await(life.peer::isDone, "the handshake");
                switch (place) {
                    case "received" -> life.peer.send(new byte[1]);
                    case "inputEnded", "idleBehindTheEnd" -> life.peer.close();
                    default -> { }
                }
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(switch (place) {
                    case "idle", "idleBehindTheEnd" -> CloseReason.IDLE;
                    case "inputEnded" -> CloseReason.PEER_CLOSED;
                    default -> CloseReason.DISCONNECTED;
                });
                assertThat(life.failure).isNull();
                life.await(life.client::isReset, "the reset");
                assertThat(life.peer.sawCloseNotify()).isFalse();
            });
        });
    }

    @Test
    void itsIdleTimeIsItsHandlers() {
        forEachSeed(seed -> {
            Life life = new Life(seed) {
                @Override
                public void idle(Session session) throws Exception {
                    calls.add("idle");
                    if (calls.size() == 3) {
                        super.idle(session);
                    }
                }
            };
            life.options.idleTime(Duration.ofMillis(300));
            ServerStatistics end = life.run(() -> {
                life.awaitEnd();
                assertThat(life.calls).hasSize(3);
                assertThat(life.reason).isEqualTo(CloseReason.IDLE);
                assertThat(life.peer.sawCloseNotify()).isTrue();
                life.client.close();
            });
            assertThat(end.incidents().idleTimeouts()).isOne();
        });
    }

    @Test
    void whatWasAgreedOnCanBeRead() {
        forEachSeed(seed -> {
            SSLEngine engine = CONTEXT.createSSLEngine("localhost", 1);
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
            engine.setSSLParameters(parameters);
            Life life = new Life(seed, engine) {
                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    TlsSession tls = TlsSession.of(session);
                    calls.add(tls.applicationProtocol());
                    calls.add(tls.sslSession().getPeerPrincipal().getName());
                    session.disconnect();
                }
            };
            life.tls.engine(its -> {
                SSLParameters own = its.getSSLParameters();
                own.setApplicationProtocols(new String[] {"http/1.1"});
                own.setNeedClientAuth(true);
                its.setSSLParameters(own);
            });
            life.run(() -> {
                life.await(life.client::hasEnded, "it ends");
                life.client.close();
                life.awaitEnd();
                assertThat(life.calls).containsExactly("http/1.1", "CN=localhost");
            });
        });
    }

    /** As STARTTLS does. A ref from before goes through TLS from then on. */
    @Test
    void aSessionBeginsWithTlsLater() {
        forEachSeed(seed -> {
            SessionRef[] old = new SessionRef[1];
            Life life = new Life(seed) {
                @Override
                SessionHandler outer() {
                    return new SessionHandler() {
                        @Override
                        public void opened(Session session) {
                            old[0] = session.ref();
                            session.attach("kept");
                        }

                        @Override
                        public void received(Session session, ByteBuffer data) {
                            data.position(data.limit());
                            session.send(ByteBuffer.wrap("go".getBytes(US_ASCII)));
                            session.upgrade(handler);
                        }
                    };
                }

                @Override
                public void opened(Session session) throws Exception {
                    super.opened(session);
                    calls.add(session.attachment(String.class));
                }

                @Override
                public void received(Session session, ByteBuffer data) {
                    session.upgrade((same, rest) -> same.send(rest)); // and inside of TLS
                }
            };
            life.peer.atOnce = false;
            life.run(() -> {
                life.client.send(new byte[] {1});
                life.await(() -> life.peer.before.size() == 2, "the plain answer");
                life.client.after(1, life.peer::begin);
                life.await(() -> life.ref != null, "it opens");
                life.peer.send(new byte[7]);
                life.awaitReceived(7);
                old[0].send(ByteBuffer.allocate(3));
                life.awaitReceived(10);
                assertThat(life.calls).containsExactly("kept");
                life.peer.close();
                life.await(life.peer::sawCloseNotify, "the close_notify");
            });
        });
    }

    @Test
    void outsideItsCallsItIsOfNoUse() {
        Session[] kept = new Session[1];
        Life life = new Life(1) {
            @Override
            public void opened(Session session) throws Exception {
                super.opened(session);
                kept[0] = session;
            }
        };
        life.run(() -> {
            life.await(() -> kept[0] != null, "it opens");
            assertThatIllegalStateException().isThrownBy(() -> kept[0].send(ByteBuffer.allocate(1)));
            assertThatIllegalStateException().isThrownBy(() -> kept[0].attachment(Object.class));
            assertThat(kept[0].id()).isEqualTo(life.ref.id());
            life.peer.close();
            life.awaitEnd();
            assertThatIllegalStateException().isThrownBy(() -> kept[0].pauseInput());
        });
    }

    /** Both sides are ours: a client of the group, whose future's ref waits for the handshake. */
    @Test
    void aConnectSpeaksTlsToo() {
        forEachSeed(seed -> {
            Life life = new Life(seed);
            life.options.acceptsPosted(2).pool(2);
            StringBuilder answer = new StringBuilder();
            List<String> ends = new ArrayList<>();
            SessionHandler visitor = new SessionHandler() {
                @Override
                public void received(Session session, ByteBuffer data) {
                    answer.append(US_ASCII.decode(data));
                    if (answer.length() == 5) {
                        session.disconnect();
                    }
                }

                @Override
                public void closed(Session session, CloseReason why, Throwable thrown) {
                    ends.add(why + " " + thrown);
                }
            };
            life.run(() -> {
                life.peer.close();
                InetSocketAddress address = life.server.localAddress();
                TlsHandler client = TlsHandler.client(NO_CERTIFICATE, "localhost", address.getPort())
                        .taskExecutor(Runnable::run).build(visitor);
                var future = life.server.group().connect(address, client,
                        ConnectOptions.defaults());
                life.await(future::isDone, "it connects");
                future.get().send(ByteBuffer.wrap("hello".getBytes(US_ASCII)));
                life.await(() -> !ends.isEmpty(), "it ends");
                assertThat(ends).containsExactly("DISCONNECTED null");
                assertThat(answer).hasToString("hello");
                assertThat(life.handler.statistics().handshakes()).isEqualTo(2);
                assertThat(client.statistics().handshakes()).isOne();
            });
        });
    }

    /** A stranger's certificate, or another host's: the client does not go on. */
    @Test
    void aClientAsksWhoTheServerIs() {
        Life life = new Life(1);
        List<TlsException> failures = new ArrayList<>();
        life.options.acceptsPosted(2).pool(2);
        life.run(() -> {
            life.peer.close();
            InetSocketAddress address = life.server.localAddress();
            TlsHandler client = TlsHandler.client(NO_CERTIFICATE, "example.org", address.getPort())
                    .taskExecutor(Runnable::run).handshakeFailed((_, failure) -> failures.add(failure))
                    .build((session, data) -> session.abort());
            life.server.group().connect(address, client, ConnectOptions.defaults());
            life.await(() -> failures.size() == 1, "it fails");
            assertThat(failures.getFirst().failure()).isEqualTo(TlsFailure.HANDSHAKE_FAILED);
        });
    }
}
