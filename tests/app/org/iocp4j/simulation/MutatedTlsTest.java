package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mistakes in TLS, a changed line each: its simulation finds each within 500 seeds. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class MutatedTlsTest {
    private static final int SEEDS = 500;

    enum Mistake {
        DROPS_WHAT_IS_QUEUED_AT_THE_END("TlsConnection.java",
                "        endOutput();\n        phase = Phase.CLOSING;",
                "        endOutput();\n        writer.dropPlaintext();\n        phase = Phase.CLOSING;"),
        FORGETS_WHAT_THE_CONNECTION_HAD_NO_ROOM_FOR("RecordWriter.java",
                "            if (result != SendResult.TAKEN) {\n",
                "            if (result != SendResult.TAKEN) {\n                staged.position(end);\n"),
        TELLS_THE_END_BEFORE_THE_REST("InnerSession.java",
                "if (unseen && tls.reader().unreadBytes() > 0) {",
                "if (unseen && tls.reader().unreadBytes() > 0 && !tls.isInputClosed()) {"),
        SENDS_A_FILE_TWICE("PlainQueue.java", "            filled.removeFirst();\n            files--;",
                "            files--;"),
        TAKES_MORE_AFTER_THE_END("PlainQueue.java", "    synchronized void close() {\n        closed = true;",
                "    synchronized void close() {\n        closed = bytes == 0;");

        private final String file;
        private final String text;
        private final String replacement;

        Mistake(String file, String text, String replacement) {
            this.file = "tls/" + file;
            this.text = text;
            this.replacement = replacement;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isFound(Mistake mistake) throws IOException {
        MutatedServer.requireFound(mistake.file, mistake.text, mistake.replacement, FirstTlsViolation.class, SEEDS);
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() throws IOException {
        String same = "final class TlsConnection";
        assertThat(MutatedServer.of("tls/TlsConnection.java", same, same, FirstTlsViolation.class).apply(20)).isNull();
    }
}
