package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mistakes in the layer of sockets, a few changed lines each: its simulation finds each within 2,000 seeds. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class MutatedLayerTest {
    private static final int SEEDS = 2_000;

    enum Mistake {
        GIVES_A_BUFFER_BACK_AT_SHUTDOWN("StreamSocket.java",
                "                sendEnded = true;\n            }\n            return",
                "                sendEnded = true;\n                if (slot.send.isPending()) {\n"
                        + "                    domain.tell(on -> receiver().sent(this, 0, 0, on), io);\n"
                        + "                }\n            }\n            return"),
        LEAKS_A_SLOT("SocketSlot.java", "if (dropUse() == 0) {", "if (dropUse() == 0 && generation > 0) {"),
        IS_GONE_BEFORE_ITS_LAST_EVENT("IoHandle.java",
                "state == CLOSED && now >>> 32 == 0 && (now & CALLS) == 0", "state == CLOSED && (now & CALLS) == 0"),
        VACATES_A_SLOT_BEFORE_ITS_LATE_PACKET("SocketSlot.java", "if (dropUse() == 0) {", "if (dropUse() >= 0) {"),
        TELLS_TWICE("StreamSocket.java",
                "                receiver().received(this, status, bytes, io);\n",
                "                receiver().received(this, status, bytes, io);\n"
                        + "                receiver().received(this, status, bytes, io);\n"),
        TELLS_NOTHING_AFTER_THE_CLOSE("StreamSocket.java",
                "            if (waiting) {\n", "            if (!isOpen()) {\n                io.refreshNow();\n"
                        + "            } else if (waiting) {\n"),
        POSTS_TO_A_CLOSED_PORT("IoDomain.java",
                "isPortLost() || !posters.tryAcquire()", "isPortLost() || !posters.tryAcquire() && bytes < WAKE"),
        CLOSES_UNDER_ANOTHERS_CALL("IoHandle.java",
                "state == CLOSING && (now & CALLS) == 0", "state == CLOSING"),
        SENDS_ON_AFTER_A_CANCEL("StreamSocket.java",
                "            if (status < 0) {\n                sendEnded", "            if (status == 1) {\n"
                        + "                sendEnded"),
        FORGETS_TO_CANCEL("SocketSlot.java", "int error = io.win32().cancelIoEx(handle, overlapped);",
                "int error = overlapped == 1 ? 1 : 0;"),
        IS_GONE_INSIDE_A_CLOSE("IoHandle.java", "            domain.tell(gone, io);", "            gone(io);"),
        ENDS_A_DISCONNECT_TWICE("SocketSlot.java",
                "if (!DISCONNECT.compareAndSet(this, from, with(from, how))) {",
                "if (((int) DISCONNECT.getAndSet(this, with(from, how)) & STATE) == Disconnect.NONE.ordinal()) {"),
        LEAVES_A_DISCONNECT_TO_WHO_CLOSED("SocketSlot.java",
                "begin(Use.DISCONNECT, delivery, true);", "begin(Use.DISCONNECT, delivery, false);"),
        SENDS_AS_AN_ACCEPT_IS_DELIVERED("SocketSlot.java",
                "begin(Use.SEND, delivery, returnsDone", "begin(Use.SEND, Delivery.PACKET, returnsDone"),
        LENDS_A_BLOCK_WHILE_A_CONNECT_IS_PENDING("SocketSlot.java", "            if (!isPosted) {\n",
                "            if (!isPosted || input.local() != 0) {\n"),
        DISCONNECTS_WITHOUT_A_PORT("StreamSocket.java", " && slot.isAssociated()", ""),
        TELLS_ON_A_THREAD_THAT_DOES_NOT_DEQUEUE("IoDomain.java",
                "        if (port.isDequeuedBy(io)) {\n            io.defer(task);",
                "        if (port.isDequeuedBy(io) || task != null) {\n            io.defer(task);"),
        WAKES_ONLY_ONCE("IoDomain.java",
                "        wakeUps.getAndUpdate(now -> (now | WAKE_STATE) + 1); // first", "        // first"),
        WAKES_WITHOUT_END("IoDomain.java",
                "if (state == WOKEN) {", "if (state == WOKEN && ending) {"),
        MIXES_UP_A_WAIT_AND_A_RECEIVE("StreamSocket.java",
                "            waiting = waits;\n", "            waiting |= waits;\n"),
        SETS_AN_OPTION_WHILE_IT_CONNECTS("StreamSocket.java", "Closing.RST && hasAddresses", "Closing.RST");

        private final String file;
        private final String text;
        private final String replacement;

        Mistake(String file, String text, String replacement) {
            this.file = "socket/" + file;
            this.text = text;
            this.replacement = replacement;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isFound(Mistake mistake) throws IOException {
        MutatedServer.requireFound(mistake.file, mistake.text, mistake.replacement, FirstLayerViolation.class, SEEDS);
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() throws IOException {
        String same = "final class StreamSocket";
        assertThat(MutatedServer.of("socket/StreamSocket.java", same, same, FirstLayerViolation.class).apply(20))
                .isNull();
    }
}
