/**
 * A TCP server on a Windows I/O completion port. {@link org.iocp4j.server.IocpServer} runs it; a
 * {@link org.iocp4j.server.SessionHandler} says what its sessions do; {@link org.iocp4j.server.ServerOptions} sets its
 * limits.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation says so.
 */
@NullMarked
package org.iocp4j.server;

import org.jspecify.annotations.NullMarked;
