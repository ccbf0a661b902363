package org.iocp4j.simulation;

/**
 * What went wrong in one seed's life.
 *
 * @param plan  the one that it ran under
 * @param what  was violated
 * @param trace the last that happened, a line each
 * @param cause what a thread threw, or null
 */
public record Violation(long seed, Plan plan, String what, String trace, Throwable cause) {
}
