package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mistakes in the server's own code, a few changed lines each: the simulation finds each within 2,000 seeds. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class MutatedServerTest {
    private static final int SEEDS = 2_000;

    enum Mistake {
        RELEASES_WITHOUT_THE_FLAG("server/IoCount.java",
                "return count.decrementAndGet() == 0 && count.compareAndSet(0, RELEASED);",
                "return count.decrementAndGet() == 0;"),
        COUNTS_A_RECEIVE_AFTER_ITS_POST("server/IocpSession.java",
                """
                        ioCount.acquire();
                        int error = io.receive(socket.receive(), id, socket.handle());
                """,
                """
                        int error = io.receive(socket.receive(), id, socket.handle());
                        ioCount.acquire();
                """),
        GIVES_THE_INPUT_BACK_BEFORE_THE_RECEIVE_IS_HOME("server/IocpSession.java",
                "            closing(why, io);\n        }\n        if (RECEIVE_DUE",
                """
                            closing(why, io);
                            engine.buffers.grow(io.win32());
                            input.giveBack();
                            var old = engine.buffers.take();
                            input.take(io);
                            engine.buffers.give(old);
                        }
                        if (RECEIVE_DUE"""),
        PUTS_A_RECEIVE_OFF_WITHOUT_A_COUNT("server/IocpSession.java",
                "        ioCount.acquire();\n        receiveDueNanos", "        receiveDueNanos"),
        KEEPS_THE_COUNT_OF_A_MISS("server/IocpSession.java",
                "        drop(io); // may be the last reference to the session that is here now: then we release that"
                + " one\n",
                ""),
        PAUSES_FOR_EVER("server/IocpSession.java",
                "} else if (PAUSED.compareAndSet(this, true, false)) {",
                "} else if (PAUSED.compareAndSet(this, true, false) && phase != OPEN) {"),
        CLOSES_THE_QUEUE_TOO_LATE("server/IocpSession.java",
                "        queue.close(); // before the phase says so: what was taken is sent\n", ""),
        ENDS_AN_OVERDUE_SESSION_NEVER("server/TickAction.java",
                "return pastDeadlineNanos > 0 || silentNanos > disconnectNanos ? ABORT : NONE;", "return NONE;"),
        WAKES_NOBODY("server/SendQueue.java",
                "        flushPosted = false;\n        if (sending", "        if (sending"),
        FORGETS_WHAT_A_SEND_LEFT("server/SendQueue.java",
                "head.consume(bytes);",
                "queuedBytes -= head.filledBytes() - head.consumedBytes() - bytes;\n"
                + "            head.consume(head.filledBytes() - head.consumedBytes());"),
        FORGETS_TO_POST_AN_ACCEPT_AGAIN("socket/Listener.java",
                "        replenish(io); // before the connection", "        // before the connection"),
        POOLS_A_SOCKET_WHOSE_DISCONNECT_FAILED("socket/Disconnector.java",
                "        if (status >= 0) {", "        if (status != 1) {"),
        USES_A_SOCKET_AGAIN_WITHOUT_WAITING("socket/Disconnector.java",
                "        if (error != 0 && socket.moves",
                """
                        if (error == 0 && socket.moves(State.DISCONNECTING, State.FREE)) {
                            disconnecting.decrementAndGet();
                            whenDone.disconnected(owner, io);
                            pool.keep(socket, io);
                        }
                        if (error != 0 && socket.moves"""),
        CLOSES_TWICE_WHAT_TOOK_TOO_LONG("socket/Disconnector.java",
                "                    && socket.moves(State.DISCONNECTING, State.CLOSING)) {\n                timeouts",
                "                    ) {\n                timeouts"),
        ASSOCIATES_EACH_TIME("socket/PooledSocket.java",
                "        if (associated) {", "        if (associated && generation < 2) {"),
        CATCHES_A_LIST_OF_TYPES("server/HandlerCall.java",
                "engine.handler.received(this, data);\n        } catch (Throwable e) {",
                "engine.handler.received(this, data);\n        } catch (RuntimeException | Error e) {"),
        SPEAKS_OF_A_FAILURE_BEFORE_IT_ACTS("server/HandlerCall.java",
                "        engine.counters.handlerFailures.incrementAndGet();",
                "        failure.toString();\n        engine.counters.handlerFailures.incrementAndGet();"),
        ENDS_IN_ORDER_WHAT_WAS_CUT("server/IocpSession.java",
                "if (dropped && !broken) {", "if (dropped && broken) {"),
        LETS_ONE_SESSION_STARVE_THE_OTHERS("server/SessionEngine.java",
                "action.accept(session);\n                } catch (Throwable e) {",
                "action.accept(session);\n                } catch (IllegalStateException e) {", TickHunt.class),
        TICKS_TWICE_AT_A_TIME("server/SessionEngine.java",
                "|| !ticking.compareAndSet(false, true)", "|| ticking.get() && false", TickHunt.class);

        private final String file;
        private final String text;
        private final String replacement;
        private final Class<? extends LongFunction<String>> hunt;

        Mistake(String file, String text, String replacement) {
            this(file, text, replacement, FirstViolation.class);
        }

        Mistake(String file, String text, String replacement, Class<? extends LongFunction<String>> hunt) {
            this.file = file;
            this.text = text;
            this.replacement = replacement;
            this.hunt = hunt;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isFound(Mistake mistake) throws IOException {
        String violation = MutatedServer.of(mistake.file, mistake.text, mistake.replacement, mistake.hunt)
                .apply(SEEDS);
        assertThat(violation).as("a violation in %d seeds", SEEDS).isNotNull();
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() throws IOException {
        String same = "final class IoCount";
        assertThat(MutatedServer.of("server/IoCount.java", same, same, FirstViolation.class).apply(20)).isNull();
    }
}
