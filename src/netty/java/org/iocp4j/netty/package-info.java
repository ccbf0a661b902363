/**
 * A Netty transport: {@link org.iocp4j.netty.IocpIoHandler} runs in Netty's own event loops and serves
 * {@link org.iocp4j.netty.IocpSocketChannel} and {@link org.iocp4j.netty.IocpServerSocketChannel}.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation says so.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [wt]
 * is asserted by Wine's own tests, which its authors run on Windows, [rep] was reported by practitioners, and [inf]
 * is inferred from these.
 */
@NullMarked
package org.iocp4j.netty;

import org.jspecify.annotations.NullMarked;
