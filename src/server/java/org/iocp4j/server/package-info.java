/**
 * A TCP server on a Windows I/O completion port. {@link org.iocp4j.server.IocpServer} runs it; a
 * {@link org.iocp4j.server.SessionHandler} says what its sessions do; {@link org.iocp4j.server.ServerOptions} sets its
 * limits. {@link org.iocp4j.server.IocpGroup} runs several listeners, and connects to others.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation says so.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [wt]
 * is asserted by Wine's own tests, which its authors run on Windows, [rep] was reported by practitioners, and [inf]
 * is inferred from these.
 */
@NullMarked
package org.iocp4j.server;

import org.jspecify.annotations.NullMarked;
