/** An echo server that misbehaves on demand, for tests with JUnit Jupiter 6, or 5.13 and newer. */
@NullMarked
package org.iocp4j.junit;

import org.jspecify.annotations.NullMarked;
