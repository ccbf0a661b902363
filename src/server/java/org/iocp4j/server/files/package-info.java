/** Files to be sent, for the server and for TLS. Not exported. */
@NullMarked
package org.iocp4j.server.files;

import org.jspecify.annotations.NullMarked;
