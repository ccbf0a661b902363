package org.iocp4j.server;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;

/** Of Java Flight Recorder: {@link ServerStatistics} explains the figures. */
@Name("org.iocp4j.Pool")
@Label("Pool")
@Description("A server's sockets, buffers and sessions, now")
@Category("iocp4j")
@Period("1 s")
@StackTrace(false)
final class PoolEvent extends Event {
    @Label("Server")
    @Description("Its address; of a group with listeners of its own: a group")
    String server = "";
    @Label("Sessions")
    int sessions;
    @Label("Accepts Posted")
    int acceptsPosted;
    @Label("Sockets Created")
    long socketsCreated;
    @Label("Sockets Reused")
    long socketsReused;
    @Label("Sockets Discarded")
    long socketsDiscarded;
    @Label("Sockets Free")
    int socketsFree;
    @Label("Sockets High Water")
    int socketsHighWater;
    @Label("Sockets Recycling")
    int socketsRecycling;
    @Label("Operations Pending")
    int operationsPending;
    @Label("Buffers Lent")
    int buffersLent;
    @Label("Buffer Memory")
    @DataAmount
    long bufferBytes;
}
