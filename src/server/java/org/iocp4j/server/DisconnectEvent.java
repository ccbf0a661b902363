package org.iocp4j.server;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Of Java Flight Recorder: it begins when nothing of the session is pending any more. */
@Name("org.iocp4j.Disconnect")
@Label("Disconnect")
@Description("How long it took from a session's end until its socket was free again or closed")
@Category("iocp4j")
@StackTrace(false)
final class DisconnectEvent extends Event {
    @Label("Session")
    long session;
    @Label("Socket")
    @Description("The Windows handle")
    long socket;
    @Label("Generation")
    @Description("How many connections the socket has had, this one included")
    int generation;
    @Label("Reason")
    @Description("A CloseReason")
    String reason = "";
    @Label("Reset")
    @Description("Whether the server closed the connection by a reset, not in order")
    boolean reset;
}
