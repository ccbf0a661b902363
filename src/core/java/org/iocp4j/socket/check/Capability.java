package org.iocp4j.socket.check;

/** What some platforms with completion ports can do, and others cannot. */
public enum Capability {
    /** DisconnectEx(TF_REUSE_SOCKET), and the socket serves another connection. */
    REUSE_AFTER_DISCONNECT_EX("reuse after DisconnectEx"),
    /** TransmitFile(TF_DISCONNECT | TF_REUSE_SOCKET), and the socket serves another connection. */
    REUSE_AFTER_TRANSMIT_FILE("reuse after TransmitFile"),
    /** A peer sees the server's TransmitFile(TF_DISCONNECT | TF_REUSE_SOCKET) when it is made. */
    TRANSMIT_FILE_SEEN_BY_PEER("TransmitFile's disconnect seen"),
    /**
     * FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: a receive or send that completes synchronously sends no packet; others do.
     */
    SKIP_ON_SUCCESS("skip-on-success"),
    /** The same flag, and a DisconnectEx that pends still sends its packet. */
    SKIP_ON_SUCCESS_WITH_DISCONNECT_EX("skip-on-success with DisconnectEx"),
    /** NtSetInformationFile(FileReplaceCompletionInformation) gives an associated socket another key. */
    RE_KEY("re-key"),
    /** A second CreateIoCompletionPort on one socket fails, and the first key stays. */
    SECOND_ASSOCIATION_REFUSED("second association refused");

    private final String text;

    Capability(String text) {
        this.text = text;
    }

    /** As a reader would name it. */
    @Override
    public String toString() {
        return text;
    }
}
