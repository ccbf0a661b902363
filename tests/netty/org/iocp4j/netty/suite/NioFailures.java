package org.iocp4j.netty.suite;

import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips the tests that fail for Netty's NIO transport itself, where it has a part in them. This is the whole list. */
final class NioFailures implements ExecutionCondition {
    private static final String READS = "a client of NIO takes 9 to 20 s and more for its 131,000 reads of a byte under"
            + " Wine, and the limit is 20 s";
    private static final List<Row> ROWS = List.of(
            new Row("SocketRst", "testSoLingerZeroCausesOnlyRstOnClose", Transport.CLIENT == Transport.NIO,
                    "under Wine a recv after the RST returns 0, so a client of NIO sees an orderly end"),
            new Row("SocketHalfClosed", "testAllDataReadClosure", Transport.CLIENT == Transport.NIO, READS),
            new Row("SocketHalfClosed", "testAllDataReadAfterHalfClosure", Transport.CLIENT == Transport.NIO, READS),
            new Row("SocketSslSessionReuse", "testSslSessionTrustManagerResumption, #2", true,
                    "the second invocation needs OpenSSL's native library, whatever the transport"));

    private record Row(String testClass, String test, boolean fails, String reason) {
        boolean is(ExtensionContext context) {
            String id = context.getUniqueId();
            String invocation = id.endsWith("]") && id.contains("test-template-invocation:")
                    ? ", " + id.substring(id.lastIndexOf('#'), id.length() - 1) : "";
            return context.getRequiredTestClass().getSimpleName().equals(testClass)
                    && context.getTestMethod().map(m -> (m.getName() + invocation).equals(test)).orElse(false);
        }
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        for (Row row : ROWS) {
            if (row.fails && row.is(context)) {
                return ConditionEvaluationResult.disabled(row.reason);
            }
        }
        return ConditionEvaluationResult.enabled("NIO passes it");
    }
}
