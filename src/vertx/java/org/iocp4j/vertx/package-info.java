/**
 * Switches Vert.x 5 to completion ports: {@link org.iocp4j.vertx.IocpVertxProvider} is found on the class path, or on
 * the module path, and needs no call.
 *
 * <p>No parameter may be null, and no method returns null, unless its documentation says so.
 */
@NullMarked
package org.iocp4j.vertx;

import org.jspecify.annotations.NullMarked;
