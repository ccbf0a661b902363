package org.iocp4j.bench;

/**
 * The results and costs of one turn.
 *
 * @param foreignPercent what other programs used meanwhile, in percent of one processor; null where the platform does
 *                       not tell
 */
record Turn(BenchClient.Counted counted, Costs costs, Double foreignPercent) {
    boolean isDisturbed() {
        return foreignPercent != null && foreignPercent > ForeignLoad.DISTURBING_PERCENT;
    }
}
