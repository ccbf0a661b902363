package org.iocp4j.echo;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Of Java Flight Recorder; not enabled by default, since a busy server has many thousands a second. */
@Name("org.iocp4j.Messages")
@Label("Messages")
@Description("A receive has brought whole messages of the echo server's protocol")
@Category("iocp4j")
@Enabled(false)
@StackTrace(false)
final class MessagesEvent extends Event {
    @Label("Session")
    long session;
    @Label("Messages")
    long messages;
}
