/** What the project's own echo server needs of a server's connections beyond the public API. Exported to it alone. */
@NullMarked
package org.iocp4j.server.hooks;

import org.jspecify.annotations.NullMarked;
