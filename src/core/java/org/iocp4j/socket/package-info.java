/**
 * Sockets and their lives: made, accepted, disconnected, used again. Nothing here knows of sessions, protocols or
 * worker threads: the owner of a socket is a number.
 *
 * <p>How to accept connections and receive on them, with one thread. {@code events} is a
 * {@link org.iocp4j.socket.SocketEvents} whose {@code accepted} calls
 * {@link org.iocp4j.socket.Listener#completed listener.completed(socket, status, io)}; its {@code received} gets the
 * bytes. {@code memory} is the address of 4096 bytes, here for one connection, that stay in place
 * ({@link org.iocp4j.port.Region}).
 *
 * {@snippet lang=java :
 * var io = new IoThread(win32);                                    // win32 = WindowsWin32.attach()
 * var slab = new OperationSlab(win32, 64 * SocketPool.OPERATIONS_PER_SOCKET);
 * var port = new CompletionPort(win32, 0, slab, (key, bytes, on) -> { });
 * var pool = new SocketPool(io, address.getAddress(), 16, 64, FreeList.Order.FIFO, slab, events);
 * var options = new ListenerOptions(address, 8, false, false, OptionalInt.empty());
 * listener = new Listener(io, options, port, pool, (socket, on) -> {
 *     int refused = socket.associateOnce(port, 0, Delivery.PACKET, on);    // 0, or the error
 *     on.buffer(0, memory, 4096);
 *     int error = on.receive(socket.receive(), 1, socket.handle());        // 0, or the error
 * });
 * listener.replenish(io);
 * port.dequeue(io, 100);                                           // again and again; now and then listener.tick(io)
 * }
 *
 * <p>A socket that its owner has done with goes to a {@link org.iocp4j.socket.Disconnector}, or to
 * {@link org.iocp4j.socket.SocketPool#discard}. In the end: close the listener and dequeue until it is closed
 * ({@link org.iocp4j.socket.Listener#isClosed}), since its accepts own their sockets until then; close all sockets
 * ({@link org.iocp4j.socket.SocketPool#closeAll}) and dequeue until
 * {@link org.iocp4j.port.OperationSlab#pendingCount} is 0; then close the port, and release the pool and the slab.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [wt]
 * is asserted by Wine's own tests, which its authors run on Windows, [rep] was reported by practitioners, and [inf]
 * is inferred from these.
 */
@NullMarked
package org.iocp4j.socket;

import org.jspecify.annotations.NullMarked;
