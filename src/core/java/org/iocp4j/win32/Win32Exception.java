package org.iocp4j.win32;

import java.io.IOException;

/**
 * Windows refused a call, and what was asked for cannot be done without it. The message names the call, the code and
 * what it was called on: {@code bind: WSAEADDRINUSE (10048), 127.0.0.1:6000}, and ends with the system's text for the
 * code, where that is known.
 *
 * <p>{@link Win32} itself returns its errors. Those who call it throw this, where things are made: a server, a port, a
 * listener, sockets, memory. {@link WindowsWin32#attach} throws it as the cause of an
 * {@link java.io.UncheckedIOException}. Failures of a running server's operations are not thrown: they end their
 * sessions.
 */
public final class Win32Exception extends IOException {
    private static final long serialVersionUID = 1;

    private final int code;

    /**
     * Without an explanation. {@link Win32#failure} makes one with the system's text.
     *
     * @param call    the call, as Windows names it
     * @param code    the Win32 or Winsock code that it left behind
     * @param subject what it was called on, as a reader would name it
     */
    public Win32Exception(String call, int code, String subject) {
        this(call, code, subject, "");
    }

    /**
     * With an explanation.
     *
     * @param call        the call, as Windows names it
     * @param code        the Win32 or Winsock code that it left behind
     * @param subject     what it was called on, as a reader would name it
     * @param explanation what the code means here, in words; may be empty
     */
    public Win32Exception(String call, int code, String subject, String explanation) {
        super(call + ": " + ErrorName.of(code) + ", " + subject + (explanation.isEmpty() ? "" : " - " + explanation));
        this.code = code;
    }

    /** The Win32 or Winsock code; both share one number space. */
    public int code() {
        return code;
    }
}
