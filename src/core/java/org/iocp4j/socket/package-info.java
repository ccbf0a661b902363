/**
 * Sockets and their lives: made, listening, accepted, disconnected, used again. Nothing here knows of sessions,
 * protocols or worker threads: whoever owns a socket is a number.
 */
package org.iocp4j.socket;
