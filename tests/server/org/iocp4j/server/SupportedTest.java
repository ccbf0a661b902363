package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Whether a server can be started, asked before. */
class SupportedTest {
    @Test
    @NeedsCompletionPorts
    void onWindowsItCan() {
        assertThat(IocpServer.unsupportedReason()).isEmpty();
        assertThat(IocpServer.isSupported()).isTrue();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void elsewhereTheReasonIsTheOneThatAStartGives() {
        assertThat(IocpServer.isSupported()).isFalse();
        String reason = IocpServer.unsupportedReason().orElseThrow();
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> IocpServer.start((session, data) -> { }, ServerOptions.defaults()))
                .withMessage(reason);
    }
}
