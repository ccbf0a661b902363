package org.iocp4j.win32;

import java.io.IOException;

/** A call that Windows refused: {@code bind: WSAEADDRINUSE (10048), 127.0.0.1:6000}. */
public final class Win32Exception extends IOException {
    private static final long serialVersionUID = 1;

    private final int code;

    /**
     * @param call    the API's own name of the call
     * @param code    the Win32 or Winsock code it left behind
     * @param subject what it was called on, as a reader would name it
     */
    public Win32Exception(String call, int code, String subject) {
        this(call, code, subject, "");
    }

    /** @param explanation what the code means here, in words; may be empty */
    public Win32Exception(String call, int code, String subject, String explanation) {
        super(call + ": " + ErrorName.of(code) + ", " + subject + (explanation.isEmpty() ? "" : " - " + explanation));
        this.code = code;
    }

    /** The Win32 or Winsock code. */
    public int code() {
        return code;
    }
}
