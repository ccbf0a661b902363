/** Abusive clients of every kind, and whether the figures of a server that serves them grow. */
package org.iocp4j.soak;
