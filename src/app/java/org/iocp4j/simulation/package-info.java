/**
 * Whole servers on the simulated kernel, a life each: options, clients, schedule and faults by a seed, and what must
 * hold whatever happens checked on the way and at the end.
 */
package org.iocp4j.simulation;
