package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.CloseReason.DISCONNECTED;
import static org.iocp4j.server.CloseReason.IDLE;
import static org.iocp4j.server.CloseReason.PEER_CLOSED;
import static org.iocp4j.server.CloseReason.SERVER_STOPPED;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.stream.Stream;
import org.iocp4j.server.CloseReason;
import org.iocp4j.server.ServerStatistics;
import org.iocp4j.server.Session;
import org.iocp4j.server.SessionHandler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every place from which a session can be ended, and both ways: which reason closed() gets, and what the peer sees. The
 * way decides nothing about the reason, and the place nothing about what the peer sees.
 */
class EndReasonTest {
    private static final Duration IDLE_TIME = Duration.ofMillis(300);

    private enum Place {
        OPENED(DISCONNECTED), UPGRADED(DISCONNECTED), RECEIVED(DISCONNECTED), WRITABLE(DISCONNECTED),
        INPUT_ENDED(PEER_CLOSED), ACTION_AFTER_INPUT_ENDED(PEER_CLOSED), IDLE_CALL(IDLE), IDLE_AFTER_INPUT_ENDED(IDLE),
        ACTION(DISCONNECTED),
        SCHEDULED(DISCONNECTED), OWN_REF_IN_A_CALL(DISCONNECTED), OWN_REF_IN_IDLE(DISCONNECTED), REF(DISCONNECTED),
        SERVER_BY_ID(DISCONNECTED), GROUP_BY_ID(DISCONNECTED), REF_AFTER_INPUT_ENDED(DISCONNECTED),
        REF_THAT_STANDS_WHEN_THE_SERVER_CLOSES(SERVER_STOPPED);

        final CloseReason reason;

        Place(CloseReason reason) {
            this.reason = reason;
        }
    }

    private enum Way {
        DISCONNECT, ABORT
    }

    private static Stream<Arguments> all() {
        return Stream.of(Place.values())
                .flatMap(place -> Stream.of(Way.values()).map(way -> Arguments.of(place, way)));
    }

    /** Ends its session in one place, in one way. */
    private static final class Ender extends SessionContractTest.Life {
        private final Place place;
        private final Way way;
        private boolean endTold;

        Ender(long seed, Place place, Way way) {
            super(seed);
            this.place = place;
            this.way = way;
            boolean isIdle = place == Place.IDLE_CALL || place == Place.IDLE_AFTER_INPUT_ENDED
                    || place == Place.OWN_REF_IN_IDLE;
            options.idleTime(isIdle ? IDLE_TIME : Duration.ZERO);
        }

        void end(Session session) {
            if (way == Way.ABORT) {
                session.abort();
            } else {
                session.disconnect();
            }
        }

        void endByRef() {
            if (way == Way.ABORT) {
                ref.abort();
            } else {
                ref.disconnect();
            }
        }

        private void endIn(Place here, Session session) {
            if (place == here) {
                end(session);
            }
        }

        @Override
        public void opened(Session session) throws Exception {
            super.opened(session);
            endIn(Place.OPENED, session);
            switch (place) {
                case UPGRADED -> session.upgrade(new Later());
                case WRITABLE -> session.wantRoom(1);
                case SCHEDULED -> session.schedule(Duration.ofMillis(5), this::end);
                case REF_THAT_STANDS_WHEN_THE_SERVER_CLOSES ->
                        session.wrapRef(direct -> new EndsItsOwnWay(direct, way == Way.ABORT));
                default -> { }
            }
        }

        @Override
        public void received(Session session, ByteBuffer data) {
            data.position(data.limit());
            endIn(Place.RECEIVED, session);
            if (place == Place.OWN_REF_IN_A_CALL) {
                endByRef();
            }
        }

        @Override
        public void writable(Session session) {
            endIn(Place.WRITABLE, session);
        }

        @Override
        public void inputEnded(Session session) {
            endTold = true;
            endIn(Place.INPUT_ENDED, session);
        }

        @Override
        public void idle(Session session) {
            endIn(Place.IDLE_CALL, session);
            endIn(Place.IDLE_AFTER_INPUT_ENDED, session);
            if (place == Place.OWN_REF_IN_IDLE) {
                endByRef();
            }
        }

        private final class Later implements SessionHandler {
            @Override
            public void upgraded(Session session) {
                end(session);
            }

            @Override
            public void received(Session session, ByteBuffer data) {
                throw new IllegalStateException("after the end");
            }

            @Override
            public void closed(Session session, CloseReason why, Throwable thrown) {
                Ender.this.closed(session, why, thrown);
            }
        }

        /** What the test's own thread does. */
        void fromOutside() {
            switch (place) {
                case RECEIVED, OWN_REF_IN_A_CALL -> client.send(new byte[1]);
                case INPUT_ENDED, IDLE_AFTER_INPUT_ENDED -> client.finish();
                case ACTION -> assertThat(ref.execute(this::end)).isTrue();
                case ACTION_AFTER_INPUT_ENDED, REF_AFTER_INPUT_ENDED -> {
                    client.finish();
                    await(() -> endTold, "the end is told");
                    if (place == Place.REF_AFTER_INPUT_ENDED) {
                        endByRef();
                    } else {
                        assertThat(ref.execute(this::end)).isTrue();
                    }
                }
                case REF -> endByRef();
                case SERVER_BY_ID -> {
                    if (way == Way.ABORT) {
                        server.abort(ref.id());
                    } else {
                        server.disconnect(ref.id());
                    }
                }
                case GROUP_BY_ID -> {
                    if (way == Way.ABORT) {
                        server.group().abort(ref.id());
                    } else {
                        server.group().disconnect(ref.id());
                    }
                }
                case REF_THAT_STANDS_WHEN_THE_SERVER_CLOSES -> {
                    client.after(3_000_000, client::finish); // the server waits for it
                    server.close();
                }
                default -> { }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void theReasonSaysWhyAndThePeerSeesHow(Place place, Way way) {
        SessionContractTest.forEachSeed(seed -> {
            Ender life = new Ender(seed, place, way);
            ServerStatistics end = life.run(() -> {
                life.fromOutside();
                if (way == Way.ABORT) {
                    life.await(life.client::isReset, "the reset");
                    assertThat(life.client.hasEnded()).as("an end in order").isFalse();
                } else {
                    life.await(life.client::hasEnded, "the end in order");
                    life.client.close();
                }
                life.awaitEnd();
                assertThat(life.reason).isEqualTo(place.reason);
            });
            assertThat(end.incidents().idleTimeouts()).isEqualTo(place.reason == IDLE ? 1 : 0);
            assertThat(end.incidents().sessionsCut()).isZero();
        });
    }
}
