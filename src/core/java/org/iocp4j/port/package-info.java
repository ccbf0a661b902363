/**
 * Completion ports, and the operations that travel through them: what every layer above posts and gets back. Nothing
 * here knows of sockets' lives, sessions or worker threads.
 */
package org.iocp4j.port;
