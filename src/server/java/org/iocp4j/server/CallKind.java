package org.iocp4j.server;

/** What a handler is called for. */
enum CallKind {
    OPENED("opened"), RECEIVED("received"), WRITABLE("writable"), INPUT_ENDED("inputEnded"), IDLE("idle"),
    ACTION("an action"), CLOSED("closed");

    private final String text;

    CallKind(String text) {
        this.text = text;
    }

    /** As it is called in the log. */
    @Override
    public String toString() {
        return text;
    }
}
