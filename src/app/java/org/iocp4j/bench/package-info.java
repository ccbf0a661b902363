/**
 * Servers measured against each other: {@link org.iocp4j.bench.Bench} starts each as a process of its own, drives all
 * with the same client in turns, and compares what they did in the same round.
 */
package org.iocp4j.bench;
