/**
 * Sockets, listeners and files on a completion port, and their lives: made, connected, accepted, closed, used again.
 * Nothing here knows of sessions, protocols or worker threads: the owner of a socket is a number.
 *
 * <p>A client and a server in one thread. {@code serverEvents} and {@code clientEvents} are
 * {@link org.iocp4j.socket.SocketEvents}, which get the bytes; {@code memory} is the address of 4096 bytes, here for
 * one connection, that stay in place ({@link org.iocp4j.port.Region}, or an Arena that is not closed before the end).
 *
 * {@snippet lang=java :
 * var io = new IoThread(win32);                                    // win32 = WindowsWin32.attach()
 * var domain = new IoDomain(DomainOptions.loop(), io);
 * var listener = domain.listen(ListenerOptions.at(address), (socket, thread) -> {
 *     int refused = socket.attach(serverEvents, 0, thread);        // 0, or minus the error
 *     thread.buffer(0, memory, 4096);
 *     int outcome = socket.receive(1, thread);                     // PENDING, or minus the error
 * }, io);
 * listener.depth(8, io);                                           // keeps eight accepts pending
 * var client = domain.open(Sockaddr.family(address.getAddress()), clientEvents, 0, io);
 * int outcome = client.connect(listener.localAddress(), io);       // PENDING, or minus the error
 * while (isRunning) {
 *     domain.dequeue(io, -1);                                      // waits for packets and tells their events
 * }
 * int left = domain.end(io, Duration.ofSeconds(10));               // closes what is open; 0 = memory can be released
 * }
 *
 * <p>A post has one outcome, and its memory is Windows' until then: {@link org.iocp4j.socket.StreamSocket} says which.
 * Several threads share a domain that was made with {@link org.iocp4j.socket.DomainOptions#pool}.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [wt]
 * is asserted by Wine's own tests, which its authors run on Windows, [rep] was reported by practitioners, and [inf]
 * is inferred from these.
 */
@NullMarked
package org.iocp4j.socket;

import org.jspecify.annotations.NullMarked;
