package org.iocp4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which rounds count. A turn's operations are those of one second. */
class TallyTest {
    private static final ServerSpec SERVER = ServerSpec.parse("iocp4j");
    private static final ServerSpec BASELINE = ServerSpec.parse("c");
    private static final double QUIET = ForeignLoad.DISTURBING_PERCENT;
    private static final double DISTURBED = ForeignLoad.DISTURBING_PERCENT + 1;

    private final Tally tally = new Tally();

    @Test
    void aRoundDoesNotCountIfEitherTurnWasDisturbed() {
        tally.count(turn(90, DISTURBED), turn(10, QUIET));
        tally.count(turn(80, QUIET), turn(10, DISTURBED));
        tally.count(turn(20, QUIET), turn(10, QUIET));
        tally.count(turn(40, QUIET), turn(10, QUIET));
        BenchResult result = result();
        assertThat(result.ratio()).isEqualTo(new Spread(3, 2, 4));
        assertThat(result.perSecond()).isEqualTo(new Spread(30, 20, 40));
        assertThat(result.operations()).isEqualTo(60);
        assertThat(result.costs()).isEqualTo(new Costs(2L, 2L, 2L, 2L, 2L, 2L));
        assertThat(result.micros().getTotalCount()).isEqualTo(2);
        assertThat(result.foreign()).isEqualTo(new ForeignLoad(QUIET + 0.25, 2, 2));
        assertThat(result.foreign().countsDisturbed(4)).isFalse();
    }

    @Test
    void allCountIfFewerThanHalfAreLeft() {
        tally.count(turn(90, DISTURBED), turn(10, QUIET));
        tally.count(turn(80, QUIET), turn(10, DISTURBED));
        tally.count(turn(20, QUIET), turn(10, QUIET));
        BenchResult result = result();
        assertThat(result.ratio()).isEqualTo(new Spread(8, 2, 9));
        assertThat(result.operations()).isEqualTo(190);
        assertThat(result.foreign().disturbedPairs()).isEqualTo(2);
        assertThat(result.foreign().countedPairs()).isEqualTo(3);
        assertThat(result.foreign().countsDisturbed(3)).isTrue();
    }

    /** A figure that is rounded may be: it is no load. */
    @Test
    void lessThanNothingIsNothing() {
        tally.count(turn(20, -3.0), turn(10, -1.0));
        assertThat(result().foreign()).isEqualTo(new ForeignLoad(0.0, 0, 1));
    }

    @Test
    void whatIsNotToldDisturbsNothingAndIsNotToldEither() {
        tally.count(turn(20, null), turn(10, null));
        assertThat(result().foreign()).isEqualTo(new ForeignLoad(null, null, 1));
        assertThat(result().ratio().median()).isEqualTo(2);
    }

    private BenchResult result() {
        return tally.result(Load.of("ping-pong-1"), SERVER, BASELINE, null);
    }

    private static Turn turn(long operations, Double foreignPercent) {
        var micros = BenchClient.newHistogram();
        micros.recordValue(1);
        return new Turn(new BenchClient.Counted(operations, 1_000_000_000, operations, micros),
                new Costs(1L, 1L, 1L, 1L, 1L, 1L), foreignPercent);
    }
}
