package org.iocp4j.bench;

/**
 * What a second worker on a port of its own adds, as processor time: if the two share nothing, an echo costs each what
 * it costs one alone, as far as the processors themselves let that be.
 *
 * @param alone  nanoseconds of an echo while one port's worker echoes, round by round
 * @param both   the same while those of two ports do, each with sessions of its own
 * @param echoes how many times as many echoes two make as one: twice the one figure by the other
 * @param work   the same of work of theirs that has nothing to do with any other
 * @param ratio  {@code echoes} by {@code work} of the same round: 1 if the ports share nothing
 */
public record PortsResult(Spread alone, Spread both, Spread echoes, Spread work, Spread ratio) {
}
