/**
 * The library's face: {@link org.iocp4j.server.IocpServer} serves sessions on a completion port, a
 * {@link org.iocp4j.server.SessionHandler} says what they do.
 */
package org.iocp4j.server;
