/**
 * The load client: the measuring peer of the echo server. Ordinary {@code java.nio}, on any OS's JDK; it shares no
 * code with the server, so that a fault there cannot hide behind the same fault here.
 */
package org.iocp4j.load;
