/**
 * The load client: the measuring peer of the echo server. Protocol and checks share no code with the server, so that a
 * fault there cannot hide behind the same fault here; with {@link org.iocp4j.load.Engine#NIO}, the default, nor do the
 * sockets.
 */
package org.iocp4j.load;
