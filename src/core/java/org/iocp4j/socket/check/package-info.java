/** What a platform can do is tried out on its loopback address: {@link org.iocp4j.socket.check.Capabilities}. */
@NullMarked
package org.iocp4j.socket.check;

import org.jspecify.annotations.NullMarked;
