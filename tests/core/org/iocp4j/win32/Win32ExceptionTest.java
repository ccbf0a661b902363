package org.iocp4j.win32;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class Win32ExceptionTest {
    @Test
    void messageNamesCallErrorAndSubject() {
        Win32Exception e = new Win32Exception("bind", 10048, "127.0.0.1:6000");
        assertThat(e).isInstanceOf(IOException.class).hasMessage("bind: WSAEADDRINUSE (10048), 127.0.0.1:6000");
        assertThat(e.code()).isEqualTo(10048);
    }

    @Test
    void explanationFollowsInWords() {
        assertThat(new Win32Exception("bind", 10048, "127.0.0.1:6000", "another socket listens there"))
                .hasMessage("bind: WSAEADDRINUSE (10048), 127.0.0.1:6000 - another socket listens there");
    }

    @Test
    void errorWithoutNameIsANumber() {
        assertThat(new Win32Exception("VirtualAlloc", 4711, "65536 bytes for buffers"))
                .hasMessage("VirtualAlloc: error 4711, 65536 bytes for buffers");
    }
}
