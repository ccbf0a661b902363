/**
 * Completion ports, and the operations that are posted on their handles: what every layer above builds on. Nothing here
 * knows of the lives of sockets, of sessions or of worker threads.
 *
 * <p>How to receive on a socket of one's own: one that is connected, made for overlapped I/O, and not associated with a
 * port yet. One thread suffices; other threads may dequeue from the port too, each with a
 * {@link org.iocp4j.win32.Win32} and an {@link org.iocp4j.port.IoThread} of its own.
 *
 * {@snippet lang=java :
 * var io = new IoThread(win32);                                    // win32 = WindowsWin32.attach()
 * var slab = new OperationSlab(win32, 1);
 * slab.commit(win32, 1);
 * var input = new Region(win32, "input", 4096);
 * input.commit(win32, 4096);
 * var port = new CompletionPort(win32, 0, slab, (key, bytes, on) -> { });
 * int refused = port.associate(win32, socket, 0);                  // 0, or the error
 * var receive = slab.add((operation, key, status, bytes, on) -> received(status, bytes, input.memory()));
 * io.buffer(0, input.address(), 4096);
 * int error = io.receive(receive, 1, socket);                      // 0, or the error: then nothing is pending
 * port.dequeue(io, -1);                                            // waits for the packet and calls received(...)
 * }
 *
 * <p>The kernel may write to {@code input} and to the operation until {@code received} is called. In the end: close the
 * socket, which completes a pending receive; dequeue until {@link org.iocp4j.port.OperationSlab#pendingCount} is 0;
 * then close the port, release the slab and the region, and close {@code win32}.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [wt]
 * is asserted by Wine's own tests, which its authors run on Windows, [rep] was reported by practitioners, and [inf]
 * is inferred from these.
 */
@NullMarked
package org.iocp4j.port;

import org.jspecify.annotations.NullMarked;
