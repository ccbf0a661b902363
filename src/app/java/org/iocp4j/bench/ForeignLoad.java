package org.iocp4j.bench;

/**
 * What other programs used of the machine while a server had its turns.
 *
 * @param percent        of one processor, on average of all its turns; null where the platform does not tell
 * @param disturbedPairs rounds in which they used more than {@link #DISTURBING_PERCENT} in its turn or the
 *                       baseline's; null as well
 * @param countedPairs   rounds that the result is of: those not disturbed, if they are half or more, and else all
 */
public record ForeignLoad(Double percent, Integer disturbedPairs, int countedPairs) {
    /** More than this disturbs a turn. A turn of a second is measured to some 3 %, one of half a second to 6. */
    public static final int DISTURBING_PERCENT = 10;

    /** Whether disturbed rounds had to be counted, since there are too few others. */
    public boolean countsDisturbed(int pairs) {
        return disturbedPairs != null && disturbedPairs > 0 && countedPairs == pairs;
    }
}
