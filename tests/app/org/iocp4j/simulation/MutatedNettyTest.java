package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mistakes in the transport for Netty, a few changed lines each: its simulation finds each within 5,000 seeds. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class MutatedNettyTest {
    private static final int SEEDS = 5_000;

    enum Mistake {
        GATHERS_PAST_A_REGION("IocpOutbound.java", "            return false;\n", "            return true;\n"),
        FORGETS_A_REGIONS_PROGRESS("IocpSender.java", "            ours.sent(bytes);\n", ""),
        LOSES_THE_REST_OF_A_COPY("IocpSender.java",
                "present.skipBytes(bytes).isReadable()", "present.skipBytes(present.readableBytes()).isReadable()"),
        WAITS_FOR_THE_CLOSE_THAT_WAITS("IocpSender.java",
                "            thrown = e;\n", "            channel.writeFailed(e);\n            return;\n"),
        CANCELS_NO_SEND("IocpSender.java", "            socket.cancelSend(channel.loop().io());\n",
                "            channel.loop().io().refreshNow();\n"),
        FLUSHES_WHAT_IS_BEING_REMOVED("IocpSender.java",
                "return sending == null && !trimming && finisher == null;",
                "return sending == null && finisher == null;"),
        SENDS_TWO_AT_A_TIME("IocpSender.java", "            sending = outbound;\n            return;",
                "            sending = null;\n            return;"),
        SENDS_WHAT_HAS_GONE("IocpSender.java", "                removeBytes(messages, bytes);\n",
                "                removeBytes(messages, bytes - bytes / 7);\n"),
        STOPS_AT_EMPTY_BUFFERS("IocpSender.java",
                "            while (sending == null && messages.current() != null) {\n",
                "            if (sending == null && messages.current() != null) {\n"),
        READS_ON_UNASKED("IocpReceiver.java",
                "                    readPending = false;\n                    ByteBuf message",
                "                    ByteBuf message"),
        READS_ON_WHEN_AUTO_READ_IS_OFF("IocpReceiver.java",
                "        readPending = false;\n        attend();", "        attend();"),
        DROPS_WHAT_IS_HELD("IocpReceiver.java",
                "            held = buf.writerIndex(buf.writerIndex() + bytes);", "            release(buf);"),
        RECEIVES_BEFORE_WHAT_IS_HELD("IocpReceiver.java",
                "if (held != null || dataWaits || shutDown) {", "if (dataWaits || shutDown) {"),
        LEAKS_WHAT_IS_HELD("IocpReceiver.java",
                "        release(held);\n        held = null;\n        forgetQuiet();", "        forgetQuiet();"),
        LEAKS_A_RECEIVE_BUFFER("IocpReceiver.java",
                "            release(buf);\n            channel.closeLater();", "            channel.closeLater();"),
        TAKES_DATA_FOR_THE_END("IocpReceiver.java",
                "            if (outcome == 0) {\n                readLoop(null, -1);",
                "            if (outcome >= 0) {\n                readLoop(null, -1);"),
        WATCHES_NOT("IocpReceiver.java", "        } else if (!shutDown) {\n            post(Pending.WATCH);",
                "        } else if (!shutDown) {\n            dataWaits = true;"),
        FAILS_WHEN_QUIET("IocpReceiver.java", "                replacing = true;\n", ""),
        READS_WHEN_DEREGISTERED("IocpReceiver.java",
                "return readPending && channel.isRegistered();", "return readPending;"),
        CLOSES_AND_FORGETS_THE_SEND("IocpSender.java",
                "        if (finisher != null) {\n            goOnToTheEnd(messages, thrown == null);\n"
                        + "        } else if",
                "        if"),
        FORGETS_A_CONNECTS_END("IocpSocketChannel.java",
                "            connecting.tryFailure(new ClosedChannelException());\n",
                "            connecting.isDone();\n"),
        KEEPS_ITS_REGISTRATION("AbstractIocpChannel.java",
                "        isGone = true;\n        cancelRegistration();", "        isGone = true;"),
        LEAKS_AN_UNREGISTERED_CHILD("IocpSocketChannel.java",
                "            listener.loop().call(io -> present.close(io.win32()));\n",
                "            listener.loop();\n"),
        LEAKS_HELD_CHILDREN("IocpServerSocketChannel.java",
                "            child.unsafe().closeForcibly();\n", "            child.unsafe();\n"),
        ACCEPTS_UNASKED("IocpServerSocketChannel.java",
                "if (readPending && held.isEmpty() && isRegistered()) {", "if (held.isEmpty() && isRegistered()) {"),
        ACCEPTS_WHEN_DEREGISTERED("IocpServerSocketChannel.java",
                "if (readPending && held.isEmpty() && isRegistered()) {", "if (readPending && held.isEmpty()) {"),
        WAKES_NOBODY("IocpIoHandler.java",
                "int error = wake(mine.win32());", "int error = 0;"),
        SLEEPS_TOO_LONG("IocpIoHandler.java", "Math.ceilDiv(nanos, MILLI))", "Math.ceilDiv(nanos, MILLI) * 100)");

        private final String file;
        private final String text;
        private final String replacement;

        Mistake(String file, String text, String replacement) {
            this.file = "netty/" + file;
            this.text = text;
            this.replacement = replacement;
        }
    }

    /** A third of them, by their names, in each check. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = "[A-F].*")
    void isFound(Mistake mistake) throws IOException {
        hunt(mistake);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = "[G-Z].*")
    @Tag("nightly")
    void isFoundAtNight(Mistake mistake) throws IOException {
        hunt(mistake);
    }

    private static void hunt(Mistake mistake) throws IOException {
        MutatedServer.requireFound(mistake.file, mistake.text, mistake.replacement, FirstNettyViolation.class, SEEDS);
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() throws IOException {
        String same = "public final class IocpSocketChannel";
        assertThat(MutatedServer.of("netty/IocpSocketChannel.java", same, same, FirstNettyViolation.class).apply(20))
                .isNull();
    }
}
