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
                "return add(-1) == 1 && COUNT.compareAndSet(this, 0, RELEASED);", "return add(-1) == 1;"),
        DOES_NOT_COUNT_A_RECEIVE("server/IocpSession.java",
                "        ioCount.acquire();\n        receiveCounted(io);", "        receiveCounted(io);"),
        GIVES_THE_INPUT_BACK_BEFORE_THE_RECEIVE_IS_HOME("server/IocpSession.java",
                "            closing(why, io);\n        }\n        if (RECEIVE_DUE",
                """
                            closing(why, io);
                            shard.buffers.grow(io.win32());
                            input.giveBack(io);
                            var old = shard.buffers.take();
                            input.take(io);
                            shard.buffers.give(old);
                        }
                        if (RECEIVE_DUE"""),
        RECEIVES_WITHOUT_A_COUNT_OF_ITS_OWN("server/IocpSession.java",
                "        if (!hasSpare) {\n            ioCount.acquire();\n        }\n", ""),
        USES_A_SPENT_REFERENCE_FOR_A_RECEIVE("server/IocpSession.java",
                "            return false;\n        }\n        if (sendEnded(outcome, io)) {",
                "            return true;\n        }\n        if (sendEnded(outcome, io)) {"),
        CALLS_A_SHORTAGE_THE_PEERS("server/FailureCause.java",
                "put(SHORTAGE, ERROR_NOT_ENOUGH_MEMORY(),", "put(PEER, ERROR_NOT_ENOUGH_MEMORY(),"),
        CALLS_A_RESET_OUR_FAULT("server/FailureCause.java", "put(PEER, ERROR_NETNAME_DELETED(),", "put(PEER,"),
        FORGETS_A_SEND_THAT_WAS_SHORT_OF_MEMORY("server/IocpSession.java",
                "if (!SEND_DUE.compareAndSet(this, false, true)) {", "if (SEND_DUE != null) {"),
        PUTS_A_SEND_OFF_WITHOUT_A_COUNT("server/IocpSession.java",
                "            sendLater(io);", "            sendLater(io);\n            ioCount.drop();"),
        SETS_NO_TIME_FOR_A_SEND_THAT_WAS_SHORT_OF_MEMORY("server/IocpSession.java",
                "        lookIn(TickAction.RETRY_NANOS, io);\n        if (phase == ABORTING && SEND_DUE",
                "        if (phase == ABORTING && SEND_DUE"),
        FORGETS_A_RECEIVE_THAT_WAS_SHORT_OF_MEMORY("server/IocpSession.java",
                "        receiveDue = true;\n        lookIn(", "        lookIn("),
        SETS_NO_TIME_FOR_A_RECEIVE_THAT_WAS_SHORT_OF_MEMORY("server/IocpSession.java",
                "        lookIn(TickAction.RETRY_NANOS, io);\n        if (phase == ABORTING && RECEIVE_DUE",
                "        if (phase == ABORTING && RECEIVE_DUE"),
        FORGETS_THAT_A_REFUSED_POST_IS_OVER("port/Operation.java",
                "        PENDING.setVolatile(this, false);\n        slab.pendingEnds(io);",
                "        PENDING.setVolatile(this, false);"),
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
                "return leftNanos <= 0 || silentNanos >= disconnectNanos ? ABORT : NONE;", "return NONE;"),
        SETS_NO_TIME_FOR_AN_END("server/IocpSession.java", "        lookIn(engine.disconnectNanos, io);\n", ""),
        ENDS_AN_IDLE_SESSION_EARLY("server/TickAction.java", "silentNanos >= idleNanos) {",
                "silentNanos >= idleNanos / 2) {"),
        LOOKS_AT_A_SESSION_ONCE("server/IocpSession.java",
                "lookIn(TickAction.nextWhileOpen(putOff, silentNanos, engine.idleNanos, quietNanos), io);", ""),
        WAKES_NOBODY("server/SendQueue.java",
                "        flushPosted = false;\n        if (sending", "        if (sending"),
        WAKES_NOBODY_FOR_A_SEND("server/Mailbox.java",
                "            put(session, session);\n            wake();", "            put(session, session);"),
        WAKES_BEFORE_IT_PUTS("server/Mailbox.java",
                "            put(session, session);\n            wake();",
                "            wake();\n            put(session, session);"),
        WAKES_NOBODY_FOR_A_BROADCAST("server/Mailbox.java",
                "            batch.size = 0;\n            wake();", "            batch.size = 0;"),
        FORGETS_THE_REST_OF_A_LIST("server/Mailbox.java", "first = next.nextAsked();", "first = null;"),
        TAKES_A_SESSION_FOR_LISTED_FOR_EVER("server/IocpSession.java",
                "ASKED.getAndBitwiseAnd(this, ~(FLUSH | LISTED));", "ASKED.getAndBitwiseAnd(this, ~FLUSH);"),
        FORGETS_WHAT_A_SEND_LEFT("server/SendQueue.java",
                "head.consume(bytes);",
                "queuedBytes -= head.filledBytes() - head.consumedBytes() - bytes;\n"
                + "            head.consume(head.filledBytes() - head.consumedBytes());"),
        FORGETS_TO_POST_AN_ACCEPT_AGAIN("socket/StreamListener.java",
                "        replenishSoon(io); // before the connection", "        // before the connection"),
        POOLS_A_SOCKET_WHOSE_DISCONNECT_FAILED("socket/SocketSlot.java",
                "ends(status >= 0 ?", "ends(status != 1 ?"),
        USES_A_SOCKET_AGAIN_WITHOUT_WAITING("socket/SocketSlot.java",
                "        if (error == 0 && (DISCONNECT.",
                "        if (error == 0 && ends(Disconnect.DONE)) {\n            connection.operationEnded(io);\n"
                + "            return true;\n        }\n        if (error == 0 && (DISCONNECT."),
        ASSOCIATES_EACH_TIME("socket/SocketSlot.java",
                "        if (associated) {", "        if (associated && generation < 2) {"),
        CATCHES_A_LIST_OF_TYPES("server/HandlerCall.java",
                "engine.handler.received(this, data);\n        } catch (Throwable e) {",
                "engine.handler.received(this, data);\n        } catch (RuntimeException | Error e) {"),
        SPEAKS_OF_A_FAILURE_BEFORE_IT_ACTS("server/HandlerCall.java",
                "        engine.counters.handlerFailures.incrementAndGet();",
                "        failure.toString();\n        engine.counters.handlerFailures.incrementAndGet();"),
        ENDS_IN_ORDER_WHAT_WAS_CUT("server/IocpSession.java",
                "if (dropped && !broken) {", "if (dropped && broken) {"),
        SETS_NO_TIME_FOR_A_CANCEL("server/IocpSession.java",
                "        lookIn(TickAction.RETRY_NANOS, io);\n        socket.cancelAll(io);",
                "        socket.cancelAll(io);", TickHunt.class),
        LOSES_A_BUFFER_BETWEEN_STOCK_AND_POOL("port/BufferStock.java",
                "pool.give(buffers, size);", "pool.give(buffers, size - 1);"),
        GIVES_NO_SOCKET_BACK("socket/SocketSlots.java",
                "        if (!giveBack.isArmed() && !domain", "        if (giveBack.isArmed() && !domain",
                PoolHunt.class),
        FORGETS_WHAT_A_BURST_NEEDED("socket/FreeSockets.java",
                "peaks[present] = Math.max(peaks[present], inUse.incrementAndGet());", "inUse.incrementAndGet();",
                PoolHunt.class),
        COUNTS_A_CLOSED_SOCKET_AS_IN_USE("socket/SocketSlot.java",
                "            endUse(io);\n            domain.slots()", "            domain.slots()", PoolHunt.class),
        BEGINS_A_CONNECTION_ON_ANOTHER_PORTS_THREAD("server/Shard.java",
                "domain.tell(on -> beginHere(session, onItsWay, on), io);", "beginHere(session, onItsWay, io);"),
        ASKS_ANOTHER_PORT_TO_SEND("server/SessionEngine.java",
                "session.shard().mailbox.ask(session, id, IocpSession.FLUSH);",
                "shards.getFirst().mailbox.ask(session, id, IocpSession.FLUSH);"),
        TAKES_A_SESSION_OF_ANOTHER_PORT("server/SessionEngine.java",
                "table.allocate(shard.index());", "table.allocate(0);"),
        FORGETS_WHERE_A_SOCKET_IS_AT_HOME("server/SessionEngine.java",
                "if (home == null) {", "if (home == null || !stopping) {"),
        GIVES_A_SLOTS_SERIALS_AGAIN("server/SessionTable.java",
                "                session.follow(before);\n", ""),
        FORGETS_THE_SOCKET_OF_A_CONNECTION_ON_ITS_WAY("server/Shard.java",
                "                giveUp(session, io);\n                reset(detached, io);",
                "                giveUp(session, io);"),
        SERVES_ON_WITHOUT_ONE_OF_ITS_PORTS("server/WorkerGroup.java",
                "        if (shard.isPortLost()) {", "        if (shard.isPortLost() && shard.index() == 0) {"),
        WAITS_FOR_EVER_ON_A_LOST_PORT("server/WorkerGroup.java",
                "while (!shard.isPortLost() && (", "while (("),
        CUTS_NOBODY_OFF_WHO_IS_ON_A_LOST_PORT("server/Shard.java",
                "            if (session.endWithoutPackets()) {",
                "            if (!isPortLost() && session.endWithoutPackets()) {"),
        LOOKS_WITH_TWO_THREADS("port/TimerWheel.java",
                "|| !driven.compareAndSet(false, true)", "|| driven.get() && false", TickHunt.class);

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
