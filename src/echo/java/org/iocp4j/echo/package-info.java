/**
 * An echo server on the library: RFC 862, and the message protocol of the C++ program "IOCP Echo Server 09 - Socket
 * Pool", which this project started from.
 */
@NullMarked
package org.iocp4j.echo;

import org.jspecify.annotations.NullMarked;
