package org.iocp4j.server;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Of Java Flight Recorder; not enabled by default, since a busy server has many thousands a second. */
@Name("org.iocp4j.Batch")
@Label("Batch")
@Description("What a worker has handled between two waits")
@Category("iocp4j")
@Enabled(false)
@StackTrace(false)
final class BatchEvent extends Event {
    @Label("Port")
    @Description("The completion port, from 1")
    int port;
    @Label("Completions")
    @Description("Packets and synchronous completions")
    int completions;
}
