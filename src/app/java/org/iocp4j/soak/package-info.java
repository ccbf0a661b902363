/** Clients of every bad habit at once, and whether a server that has them grows. */
package org.iocp4j.soak;
