package org.iocp4j.bench;

/**
 * What one turn has brought, and cost.
 *
 * @param foreignPercent what other programs used meanwhile, of one processor; null where it is not told
 */
record Turn(BenchClient.Counted counted, Costs costs, Double foreignPercent) {
    boolean isDisturbed() {
        return foreignPercent != null && foreignPercent > ForeignLoad.DISTURBING_PERCENT;
    }
}
