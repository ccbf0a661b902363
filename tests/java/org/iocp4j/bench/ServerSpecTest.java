package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class ServerSpecTest {
    @Test
    void optionsFollowTheName() {
        assertThat(ServerSpec.parse(" iocp4j  --workers 1 "))
                .isEqualTo(new ServerSpec("iocp4j --workers 1", ServerKind.IOCP4J, List.of("--workers", "1")));
        assertThat(ServerSpec.parse("c-best")).isEqualTo(new ServerSpec("c-best", ServerKind.C_BEST, List.of()));
    }

    @Test
    void everyServerHasAName() {
        for (ServerKind kind : ServerKind.values()) {
            assertThat(ServerSpec.parse(kind.toString()).kind()).isEqualTo(kind);
        }
    }

    @Test
    void whatIsNotThereIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse("")).withMessage("no such server: ");
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse("C"));
        assertThatIllegalArgumentException().isThrownBy(() -> ServerSpec.parse("netty --fast"))
                .withMessage("netty takes no options");
    }
}
