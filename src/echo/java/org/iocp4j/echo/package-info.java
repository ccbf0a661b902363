/** The echo server of the C++ study "IOCP Echo Server 09 - Socket Pool", and RFC 862's, on the library. */
package org.iocp4j.echo;
