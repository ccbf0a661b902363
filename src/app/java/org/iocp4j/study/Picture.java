package org.iocp4j.study;

/** What a finding shows as a drawing; the page draws it, the JSON has its numbers. */
public sealed interface Picture permits Timeline, StateChart, Spread {
    String title();
}
