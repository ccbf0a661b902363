/**
 * {@link org.iocp4j.channels.IocpAsynchronousChannelProvider}: java.nio's asynchronous channels on completion ports.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation, or that of the method of java.nio
 * which it implements, says so.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [rep]
 * was reported by practitioners, and [inf] is inferred from these.
 */
@NullMarked
package org.iocp4j.channels;

import org.jspecify.annotations.NullMarked;
