/** Makes providers for the project's own simulation. Not exported. */
@NullMarked
package org.iocp4j.channels.internal;

import org.jspecify.annotations.NullMarked;
