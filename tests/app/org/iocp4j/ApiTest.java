package org.iocp4j;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The public API of the modules below the application; those for Vert.x and Reactor Netty have tests of their own. */
class ApiTest {
    @ParameterizedTest
    @ValueSource(strings = {"iocp4j-core", "iocp4j", "iocp4j-simkernel", "iocp4j-echo", "iocp4j-channels",
        "iocp4j-netty"})
    void isWhatTheGoldenListSays(String artifact) throws Exception {
        PublicApi.isWhatTheGoldenListSays(artifact);
    }
}
