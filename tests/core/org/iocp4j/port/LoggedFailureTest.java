package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class LoggedFailureTest {
    /** As a peer's text gets into the log: a handler could not parse it. */
    private static final String FORGED = "1\r\n12:00:00.000 ERROR all is lost\u001b[2J\u2028\u202e";

    private static String print(Throwable failure) {
        StringWriter text = new StringWriter();
        new LoggedFailure(failure).printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void noLineIsThePeers() {
        String text = print(new IllegalStateException("bad request " + FORGED, new NumberFormatException(FORGED)));
        assertThat(text).startsWith("java.lang.IllegalStateException: bad request 1\\u000d\\u000a12:00:00.000 ERROR")
                .contains("Caused by: java.lang.NumberFormatException: 1\\u000d\\u000a12:00:00.000 ERROR",
                        "\\u001b[2J\\u2028\\u202e")
                .doesNotContain("\u001b", "\u2028", "\u202e");
        assertThat(text.lines()).allMatch(line -> line.startsWith("\tat ") || line.startsWith("\t...")
                || line.startsWith("java.lang.") || line.startsWith("Caused by: "));
    }

    @Test
    void theStackIsTheFailures() {
        assertThat(print(new IllegalStateException("x"))).contains("LoggedFailureTest.theStackIsTheFailures")
                .doesNotContain("LoggedFailure.<init>");
    }

    /**
     * Each method of what was thrown may throw, or answer null: the line is there all the same, with the class's name.
     */
    @Test
    void itsMethodsMayDoAsTheyLike() {
        class Hostile extends RuntimeException {
            private static final long serialVersionUID = 1;
            private final boolean isNull;

            Hostile(boolean isNull) {
                this.isNull = isNull;
            }

            private <T> T answer() {
                if (isNull) {
                    return null;
                }
                throw new OutOfMemoryError("provoked");
            }

            @Override
            public String toString() {
                return answer();
            }

            @Override
            public String getMessage() {
                return answer();
            }

            @Override
            public synchronized Throwable getCause() {
                return answer();
            }

            @Override
            public StackTraceElement[] getStackTrace() {
                return answer();
            }
        }

        assertThat(print(new Hostile(true))).contains("Hostile", "toString() is null");
        assertThat(print(new Hostile(false))).contains("Hostile", "toString() throws java.lang.OutOfMemoryError");
        assertThat(print(new IllegalStateException("around it", new Hostile(false)))).contains("around it", "Hostile");
    }

    @Test
    void aLongMessageIsCut() {
        assertThat(print(new IllegalStateException("x".repeat(1_000_000)))).hasSizeLessThan(100_000)
                .contains("characters more");
    }

    @Test
    void aCircleOfCausesEnds() {
        Exception one = new Exception("one");
        Exception two = new Exception("two", one);
        one.initCause(two);
        assertThat(print(one)).contains("java.lang.Exception: one", "Caused by: java.lang.Exception: two");
    }
}
