package org.iocp4j.junit;

import org.iocp4j.PublicApi;
import org.junit.jupiter.api.Test;

class ApiTest {
    @Test
    void isWhatTheGoldenListSays() throws Exception {
        PublicApi.isWhatTheGoldenListSays("iocp4j-junit");
    }
}
