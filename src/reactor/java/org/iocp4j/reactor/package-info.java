/**
 * Reactor Netty on completion ports: {@link org.iocp4j.reactor.IocpLoopResources} takes the place of its loops.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation says so.
 */
@NullMarked
package org.iocp4j.reactor;

import org.jspecify.annotations.NullMarked;
