package org.iocp4j.server;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Of Java Flight Recorder. */
@Name("org.iocp4j.Accept")
@Label("Accept")
@Description("A connection has become a session")
@Category("iocp4j")
@StackTrace(false)
final class AcceptEvent extends Event {
    @Label("Session")
    long session;
    @Label("Socket")
    @Description("The Windows handle")
    long socket;
    @Label("Generation")
    @Description("How many connections the socket has had, this one included")
    int generation;
    @Label("Client")
    String client = "";
}
