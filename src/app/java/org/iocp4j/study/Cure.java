package org.iocp4j.study;

/** A way for a server to know whose a packet is although sockets are used again; and the bug, for comparison. */
enum Cure {
    /** Session = key of the first association. No cure. */
    NONE("(none)", "the key is the socket's first session", "-"),
    OVERLAPPED("overlapped", "the OVERLAPPED's extension has the session", "any"),
    SLOT_KEY("slot-key", "the key names the slot, the operation its generation", "any"),
    RE_KEY("re-key", "a new key for each session, by class 61", "8.1 [doc]"),
    FRESH_SOCKET("fresh-socket", "closesocket, a new socket for each session", "any");

    private final String text;
    private final String how;
    private final String since;

    Cure(String text, String how, String since) {
        this.text = text;
        this.how = how;
        this.since = since;
    }

    String how() {
        return how;
    }

    /** The Windows that has what it needs. */
    String since() {
        return since;
    }

    /** Whether a session gets the socket of one before it. */
    boolean reuses() {
        return this != FRESH_SOCKET;
    }

    /** As {@code --expect} has it. */
    @Override
    public String toString() {
        return text;
    }
}
