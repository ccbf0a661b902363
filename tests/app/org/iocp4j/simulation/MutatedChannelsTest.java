package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Mistakes in the channels, a few changed lines each: their simulation finds each within 2,000 seeds. A loop that waits
 * with handlers to run, BoundsTest finds: here it is seldom that many of them run between two looks at the port.
 */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class MutatedChannelsTest {
    private static final int SEEDS = 2_000;

    enum Mistake {
        // What threads do to each other.
        TELLS_ON_ANY_THREAD("IocpChannelGroup.java",
                "if (current != null && current.mayRun(this)) {", "if (current == null || current.mayRun(this)) {"),
        HEARS_WITHOUT_THE_LOCK("ChannelReader.java",
                "        try (var _ = lock.hold()) {\n            PooledBuffer from",
                "        {\n            PooledBuffer from"),
        SENDS_ON_WITHOUT_THE_LOCK("ChannelWriter.java",
                "        try (var _ = lock.hold()) {\n            posted = false;",
                "        {\n            posted = false;"),
        NESTS_WITHOUT_END("HandlerThread.java", "return depth < MOST_DEEP;", "return depth < 100 * MOST_DEEP;"),
        LOSES_WHAT_A_DEAD_THREAD_HAD("IocpChannelGroup.java",
                "                if (!isOver) {\n                    goOnElsewhere();\n                }\n", ""),
        HANDS_ON_UNDER_THE_LOCK("ChannelWriter.java",
                "            proceeded(io);\n        }\n        if (isOver && operation != null) {\n"
                        + "            channel.group().deliver(operation);\n        }",
                "            proceeded(io);\n            if (isOver && operation != null) {\n"
                        + "                operation.run();\n            }\n        }"),
        WAKES_NO_SECOND_THREAD("IocpChannelGroup.java",
                "                wake(io); // the next one, which may wait\n", ""),
        FORGETS_A_TASK("IocpChannelGroup.java", " ? tasks.poll() : null;\n",
                " ? tasks.poll() : null;\n            tasks.poll();\n"),
        POSTS_NO_PACKET_FOR_A_TASK("IocpChannelGroup.java",
                "        IoThread io = transport.take();\n        try {\n"
                        + "            posted(domain.post(io.win32(), TASK, 0), io);",
                "        IoThread io = transport.take();\n        try {\n            posted(0, io);"),
        // Ends.
        ENDS_BEFORE_ITS_CHANNELS("IocpChannelGroup.java",
                "ends = channels.remove(channel) && channels.isEmpty() && shutdown;",
                "ends = channels.remove(channel) && channels.isEmpty() && !shutdown;"),
        TAKES_CHANNELS_AFTER_THE_SHUTDOWN("IocpChannelGroup.java",
                "return !shutdown && channels.add(channel);", "return channels.add(channel);"),
        FORGETS_A_CONNECT_AT_THE_CLOSE("IocpSocketChannel.java",
                "            connect.fail(new AsynchronousCloseException());\n            handOver(connect);\n", ""),
        FORGETS_A_WRITE_AT_THE_CLOSE("IocpSocketChannel.java",
                "        handOver(read);\n        handOver(write);", "        handOver(read);"),
        LEAKS_WHAT_NOBODY_ACCEPTED("IocpServerSocketChannel.java",
                "            unwanted = takeKept();\n            present = listener;",
                "            unwanted = List.of();\n            present = listener;"),
        FORGETS_AN_ACCEPT_AT_THE_CLOSE("IocpServerSocketChannel.java",
                "            if (accept.hasHandler()) {\n                group.hand(accept);\n            }\n", ""),
        // Only clean sockets serve another connection. What else they are, SettingsTest shows: this kernel forgives it.
        ACCEPTS_INTO_A_SOCKET_WITH_OPTIONS("../socket/StreamSocket.java", " && !changed && !slot.isPending()",
                " && !slot.isPending()"),
        // Time limits and cancels.
        FORGETS_A_TIMEOUT("ChannelTransfer.java",
                "            transport.counters.timeouts.increment();\n"
                        + "            channel.group().deliver(operation);\n",
                "            transport.counters.timeouts.increment();\n"),
        READS_ON_AFTER_A_TIMEOUT("ChannelTransfer.java",
                "        killed = true;\n        takeCurrent().fail(cause);", "        takeCurrent().fail(cause);"),
        ENDS_TWICE("ChannelReader.java",
                "            if (operation == null) {\n                return; // it ended untimely, and no read can",
                "            if (false) {\n                return; // it ended untimely, and no read can"),
        // Memory and bytes.
        GIVES_BACK_WHAT_THE_KERNEL_HAS("ChannelReader.java",
                "if (posted != Posted.DATA && held != null) {", "if (held != null) {"),
        LEAKS_THE_BUFFER_OF_A_DEAD_READ("ChannelReader.java",
                "if (operation == null || status < 0) {", "if (operation != null && status < 0) {"),
        LEAKS_WHAT_IS_HELD("ChannelReader.java",
                "        releaseHeld();\n        retire(quiet);", "        retire(quiet);"),
        DROPS_WHAT_DID_NOT_FIT("ChannelReader.java",
                "if (from.consumedBytes() < from.filledBytes()) {", "if (from.consumedBytes() > from.filledBytes()) {"),
        FAILS_WHEN_QUIET("ChannelReader.java", "                    replacing = true;\n", ""),
        FORGETS_A_BATCH("IocpChannelGroup.java", "                    batch.add(next);\n",
                "                    continue;\n"),
        FORGETS_DEFERRED_READS("IocpChannelGroup.java", "            thread.postDeferred(io);\n", ""),
        SENDS_A_PART_TWICE("ChannelWriter.java", "        user.advance(bytes);\n",
                "        user.advance(bytes - bytes / 7);\n"),
        SAYS_ALL_WHEN_A_PART_HAS_GONE("ChannelWriter.java", "        if (user.left() > 0) {\n            return false;",
                "        if (user.left() > 1_000) {\n            return false;"),
        SHUTS_DOWN_BEFORE_THE_REST("ChannelWriter.java", "if (posted || waits()) {", "if (false) {");

        private final String file;
        private final String text;
        private final String replacement;

        Mistake(String file, String text, String replacement) {
            this.file = Path.of("channels", file).normalize().toString();
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
        MutatedServer.requireFound(mistake.file, mistake.text, mistake.replacement, FirstChannelsViolation.class,
                SEEDS);
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() throws IOException {
        String same = "public final class IocpAsynchronousChannelProvider";
        assertThat(MutatedServer.of("channels/IocpAsynchronousChannelProvider.java", same, same,
                FirstChannelsViolation.class).apply(20)).isNull();
    }
}
