package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Mistakes in the server's own code, a few changed lines each: the simulation finds each within 2,000 seeds. Two are
 * hunted at a time: a hunt has one thread that runs, classes and a thread group of its own, and a seed that decides
 * all.
 */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class MutatedServerTest {
    private static final int SEEDS = 2_000;

    enum Mistake {
        RELEASES_WITHOUT_THE_FLAG("server/IoCount.java",
                "return add(-1) == 1 && COUNT.compareAndSet(this, 0, RELEASED);", "return add(-1) == 1;"),
        FORGETS_THAT_A_RECEIVE_IS_PENDING("server/SessionTurn.java",
                "            if (!session.input().isReceiving() && holdsReference) {",
                "            if (holdsReference) {"),
        GIVES_THE_INPUT_BACK_BEFORE_THE_RECEIVE_IS_HOME("server/IocpSession.java",
                "            closing(why, thrown, io);\n        }\n        output.dropDue",
                """
                            closing(why, thrown, io);
                            shard.buffers.grow(io.win32());
                            input.giveBack(io);
                            var old = shard.buffers.take();
                            input.take(io);
                            shard.buffers.give(old);
                        }
                        output.dropDue"""),
        LENDS_A_REFERENCE_TO_A_SEND_FOR_EVER("server/SessionOutput.java",
                "            session.ioCount().acquire();\n            sendPosted(outcome, io);",
                "            sendPosted(outcome, io);"),
        GIVES_A_REFERENCE_TO_NOBODY("server/SessionTurn.java",
                "        if (all != 0) {", "        if (all != 0 && (events & DROP) == 0) {"),
        LEAVES_THE_TURN_WITH_AN_EVENT("server/Turn.java",
                "        if (WORD.compareAndSet(this, TAKEN, left)) {\n            return 0;\n        }\n",
                "        if ((int) WORD.getAndSet(this, left) != 0) {\n            return 0;\n        }\n"),
        GIVES_THE_TURN_TO_TWO("server/Turn.java",
                "            isFree = (before & TAKEN) == 0;",
                "            isFree = (before & TAKEN) == 0 || before > 8;"),
        FORGETS_WHO_WAS_REFUSED("server/SendQueue.java",
                "            refusedBytes = Math.max(refusedBytes, bytes);", "            refusedBytes = 0;"),
        SHOWS_NOTHING_AGAIN("server/SessionInput.java",
                "            inputPaused = false;\n            unseen = true;", "            inputPaused = false;"),
        READS_WHILE_IT_IS_PAUSED("server/SessionInput.java",
                "        if (inputPaused) {\n            return true;\n        }\n", ""),
        FORGETS_AN_ACTION("server/SessionRequests.java",
                "            task.next = before;", "            task.next = before == null ? null : before.next;"),
        WAKES_NOBODY_FOR_AN_ACTION("server/SessionCommands.java",
                "        session.shard().mailbox.ask(session, id, SessionRequests.EXECUTE);\n", ""),
        CALLS_A_SHORTAGE_THE_PEERS("socket/FailureCause.java",
                "put(SHORTAGE, ERROR_NOT_ENOUGH_MEMORY(),", "put(PEER, ERROR_NOT_ENOUGH_MEMORY(),"),
        CALLS_A_RESET_OUR_FAULT("socket/FailureCause.java", "put(PEER, ERROR_NETNAME_DELETED(),", "put(PEER,"),
        FORGETS_A_SEND_THAT_WAS_SHORT_OF_MEMORY("server/SessionOutput.java",
                "if (!SEND_DUE.compareAndSet(this, false, true)) {", "if (SEND_DUE != null) {"),
        PUTS_A_SEND_OFF_WITHOUT_A_COUNT("server/SessionOutput.java",
                "            sendLater(io);", "            sendLater(io);\n            session.ioCount().drop();"),
        SETS_NO_TIME_FOR_A_SEND_THAT_WAS_SHORT_OF_MEMORY("server/SessionOutput.java",
                "        session.timeouts().lookIn(TickAction.RETRY_NANOS, io);\n        if (session.isAb",
                "        if (session.isAb"),
        FORGETS_A_RECEIVE_THAT_WAS_SHORT_OF_MEMORY("server/SessionInput.java",
                "        starved = true;\n", ""),
        SETS_NO_TIME_FOR_A_RECEIVE_THAT_WAS_SHORT_OF_MEMORY("server/SessionInput.java",
                "        starved = true;\n        session.timeouts().lookIn(TickAction.RETRY_NANOS, io);\n",
                "        starved = true;\n"),
        FORGETS_THAT_A_REFUSED_POST_IS_OVER("port/Operation.java",
                "        PENDING.setVolatile(this, false);\n        slab.pendingEnds(io);",
                "        PENDING.setVolatile(this, false);"),
        KEEPS_THE_COUNT_OF_A_MISS("server/IocpSession.java",
                "        drop(io); // may be the last reference to the session that is here now: then we release that"
                + " one\n",
                ""),
        PAUSES_FOR_EVER("server/SessionOutput.java",
                "queue.hasRoomForRefused() || (session.input().waitsForRoom() && queue.takesInput())",
                "queue.hasRoomForRefused()"),
        CLOSES_THE_QUEUE_TOO_LATE("server/IocpSession.java",
                "        queue.close(); // before the phase says so: what was taken is sent\n", ""),
        ENDS_AN_OVERDUE_SESSION_NEVER("server/TickAction.java",
                "return leftNanos <= 0 || silentNanos >= disconnectNanos ? ABORT : NONE;", "return NONE;"),
        SETS_NO_TIME_FOR_AN_END("server/IocpSession.java",
                "        timeouts.lookIn(engine.disconnectNanos, io);\n", ""),
        TAKES_A_HANDLERS_WORK_FOR_IDLE_TIME("server/SessionTurn.java",
                "        session.active(io);\n        call.exit();", "        call.exit();"),
        LOOKS_AT_A_SESSION_ONCE("server/SessionTimeouts.java",
                "lookIn(TickAction.nextWhileOpen(putOff, silentNanos, itsIdleNanos, quietNanos), io);", ""),
        WAKES_NOBODY("server/SendQueue.java",
                "        flushPosted = false;\n        if (sending", "        if (sending"),
        WAKES_NOBODY_FOR_A_SEND("server/Mailbox.java",
                "            put(requests, requests);\n            wake();", "            put(requests, requests);"),
        WAKES_BEFORE_IT_PUTS("server/Mailbox.java",
                "            put(requests, requests);\n            wake();",
                "            wake();\n            put(requests, requests);"),
        WAKES_NOBODY_FOR_A_BROADCAST("server/Mailbox.java",
                "            batch.size = 0;\n            wake();", "            batch.size = 0;"),
        FORGETS_THE_REST_OF_A_LIST("server/Mailbox.java", "first = next.next;", "first = null;"),
        TAKES_A_SESSION_FOR_LISTED_FOR_EVER("server/SessionRequests.java",
                "ASKED.getAndBitwiseAnd(this, ~(FLUSH | EXECUTE | TIME | CALLED | LOOK_LATER | LISTED));",
                "ASKED.getAndBitwiseAnd(this, ~(FLUSH | EXECUTE | TIME | CALLED | LOOK_LATER));"),
        FORGETS_WHAT_A_SEND_LEFT("server/SendQueue.java",
                "head.consume(bytes);",
                "queuedBytes -= head.filledBytes() - head.consumedBytes() - bytes;\n"
                + "            head.consume(head.filledBytes() - head.consumedBytes());"),
        SENDS_A_FILE_BEFORE_ITS_HEAD("server/SendQueue.java",
                "source.bytesBefore = queuedBytes - bytesBeforeSources;", "source.bytesBefore = 0;"),
        KEEPS_A_FILE_THAT_IS_SENT("server/SendQueue.java",
                "        if (over != null) {\n            over.release(io);",
                "        if (over != null) {\n            assert more || io != null;"),
        FORGETS_WHOSE_FILE_WAS_REFUSED("server/SendQueue.java",
                "            refusedBytes = Math.max(refusedBytes, 1);\n", ""),
        DROPS_NO_FILES("server/IocpSession.java",
                "sourcesDropped = queue.dropSources(io);", "sourcesDropped = !queue.isIdle();"),
        FORGETS_TO_POST_AN_ACCEPT_AGAIN("socket/StreamListener.java",
                "        replenishSoon(io); // before the connection", "        // before the connection"),
        POOLS_A_SOCKET_WHOSE_DISCONNECT_FAILED("socket/SocketSlot.java",
                "= status < 0 ? fail(disconnect) : Disconnect.NONE;\n"
                        + "        if (failed == Disconnect.NONE && (status < 0 || !succeed(disconnect))) {",
                "= Disconnect.NONE;\n        if (!succeed(disconnect)) {"),
        USES_A_SOCKET_AGAIN_WITHOUT_WAITING("socket/SocketSlot.java",
                "        if (error == 0 && (DISCONNECT.",
                "        if (error == 0 && succeed(posting)) {\n            connection.operationEnded(io);\n"
                + "            return true;\n        }\n        if (error == 0 && (DISCONNECT."),
        ASSOCIATES_EACH_TIME("socket/SocketSlot.java",
                "        if (associated) {", "        if (associated && generation < 2) {"),
        CATCHES_A_LIST_OF_TYPES("server/HandlerCall.java",
                "handler.received(this, data);\n        } catch (Throwable e) {",
                "handler.received(this, data);\n        } catch (Exception | Error e) {"),
        SPEAKS_OF_A_FAILURE_BEFORE_IT_ACTS("server/HandlerCall.java",
                "        session.engine().counters.handlerFailures.incrementAndGet();",
                "        thrown.toString();\n        session.engine().counters.handlerFailures.incrementAndGet();"),
        ENDS_IN_ORDER_WHAT_WAS_CUT("server/IocpSession.java",
                "boolean isCut = dropped && !broken;", "boolean isCut = dropped && broken;"),
        ABORTS_IN_ORDER("server/IocpSession.java",
                "boolean mustReset = isCut || (asksForReset() && !broken);", "boolean mustReset = isCut;"),
        SETS_NO_TIME_FOR_A_CANCEL("server/IocpSession.java",
                "        timeouts.lookIn(TickAction.RETRY_NANOS, io);\n        socket.cancelAll(io);",
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
                "domain.tell(on -> beginHere(session, settings, onItsWay, on), io);",
                "beginHere(session, settings, onItsWay, io);"),
        ASKS_ANOTHER_PORT_TO_SEND("server/SessionCommands.java",
                "session.shard().mailbox.ask(session, id, SessionRequests.FLUSH);",
                "engine.shards().getFirst().mailbox.ask(session, id, SessionRequests.FLUSH);"),
        TAKES_A_SESSION_OF_ANOTHER_PORT("server/SessionEngine.java",
                "                session = table.allocate(shard.index());",
                "                session = table.allocate(0);"),
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
                "            if (session.endWithoutPackets(io)) {",
                "            if (!isPortLost() && session.endWithoutPackets(io)) {"),
        KEEPS_THE_SESSION_OF_A_FAILED_CONNECT("server/Connect.java", "        engine.release(session);\n", ""),
        LEAVES_A_CANCELLED_CONNECT_ALONE("server/Connect.java",
                "        shard.mailbox.run(this::close);\n", ""),
        SETS_NO_TIME_FOR_A_CONNECT("server/Connect.java",
                "        arm(engine.wholeTick(nowNanos + options.connectTime().toNanos()));\n", ""),
        WAKES_NOBODY_BEHIND_A_CALL("server/SessionTurn.java",
                "        session.shard().mailbox.ask(session, session.id(), SessionRequests.CALLED);\n", ""),
        ENDS_A_SESSION_IN_A_CALL_WITH_ITS_SOCKET("server/IocpSession.java",
                "        return socketEnds == 0 || isLastEnd();", "        return true;"),
        DRIVES_THE_WHEEL_WITH_TWO_THREADS("port/TimerWheel.java",
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
    @Execution(ExecutionMode.CONCURRENT)
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"WAITS_FOR_EVER_ON_A_LOST_PORT",
        "SERVES_ON_WITHOUT_ONE_OF_ITS_PORTS", "FORGETS_A_SEND_THAT_WAS_SHORT_OF_MEMORY", "KEEPS_THE_COUNT_OF_A_MISS",
        "SHOWS_NOTHING_AGAIN", "WAKES_BEFORE_IT_PUTS"})
    void isFound(Mistake mistake) throws IOException {
        hunt(mistake);
    }

    /** Those that show themselves so seldom that they take more than half of the time. */
    @ParameterizedTest
    @Execution(ExecutionMode.CONCURRENT)
    @EnumSource(names = {"WAITS_FOR_EVER_ON_A_LOST_PORT", "SERVES_ON_WITHOUT_ONE_OF_ITS_PORTS",
        "FORGETS_A_SEND_THAT_WAS_SHORT_OF_MEMORY", "KEEPS_THE_COUNT_OF_A_MISS", "SHOWS_NOTHING_AGAIN",
        "WAKES_BEFORE_IT_PUTS"})
    @Tag("nightly")
    void isFoundInTheEnd(Mistake mistake) throws IOException {
        hunt(mistake);
    }

    private static void hunt(Mistake mistake) throws IOException {
        MutatedServer.requireFound(mistake.file, mistake.text, mistake.replacement, mistake.hunt, SEEDS);
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() throws IOException {
        String same = "final class IoCount";
        assertThat(MutatedServer.of("server/IoCount.java", same, same, FirstViolation.class).apply(20)).isNull();
    }
}
