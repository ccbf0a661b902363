package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** All experiments on the simulated kernel, on any OS. */
@Timeout(120)
class SimulatedStudyTest {
    private static final int CONNECTIONS = 100;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 10);
    }

    /** Order and time differ from seed to seed; what is seen does not. */
    @ParameterizedTest
    @MethodSource("seeds")
    void everyVerdictIsAsExpected(long seed) {
        List<Study.Result> results = new ArrayList<>();
        for (Experiment experiment : Study.experiments()) {
            Experiment smaller = experiment instanceof WrongSession ? new WrongSession(CONNECTIONS) : experiment;
            results.add(Study.run(smaller, Site.simulated(seed), state -> { }));
            assertThat(results.getLast().failure()).as(experiment.name()).isEmpty();
        }
        StudyChecks.areAsExpected("expect-simulated.txt", results);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void allCuresWorkHereAndTheBugIsNone(long seed) {
        Finding finding = Study.run(new Cures(), Site.simulated(seed), state -> { }).finding();
        StudyChecks.onlyTheBugFails(finding, true);
        assertThat(finding.evidence().getFirst())
                .contains("with a WSARecv pending STATUS_INVALID_PARAMETER (0xC000000D)",
                "with nothing pending STATUS_SUCCESS (0)", "carries key 2");
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whoeverClosedFirstHasTimeWait(long seed) {
        Finding finding = Study.run(new TimeWait(), Site.simulated(seed), state -> { }).finding();
        StudyChecks.whoeverClosedFirstWaits(finding);
    }

    @Test
    void callsAreCountedWhereTimeSaysNothing() {
        Finding finding = Study.run(new Cost(), Site.simulated(1), state -> { }).finding();
        assertThat(finding.verdict()).isEqualTo(Verdict.NOT_POSSIBLE);
        StudyChecks.reuseSavesCalls(finding);
        assertThat(finding.tables()).hasSize(1);
    }

    @Test
    void theSameSeedGivesTheSameFindings() {
        for (Experiment experiment : Study.experiments()) {
            Experiment smaller = experiment instanceof WrongSession ? new WrongSession(CONNECTIONS) : experiment;
            assertThat(evidence(smaller)).isEqualTo(evidence(smaller));
        }
    }

    @Test
    void countsAddUp() {
        Finding finding = Study.run(new WrongSession(CONNECTIONS), Site.simulated(2), state -> { }).finding();
        StudyChecks.countsAddUp(finding, CONNECTIONS);
    }

    @Test
    void aPictureShowsRightAndWrongPackets() {
        Finding finding = Study.run(new KeyAndOverlapped(), Site.simulated(2), state -> { }).finding();
        assertThat(timelines(finding)).hasSize(1);
        assertThat(timelines(finding).getFirst().lanes()).hasSize(2).allSatisfy(lane -> {
            assertThat(lane.bars()).extracting(Timeline.Bar::generation).containsExactly(1, 2, 3);
            assertThat(lane.packets()).extracting(Timeline.Dot::right).containsExactly(
                    null, true, true, true, true, null, false, false, false, false, null, false, false, false, false);
        });
    }

    @Test
    void aPictureShowsEachAttemptToAssociate() {
        Finding finding = Study.run(new SecondAssociation(), Site.simulated(2), state -> { }).finding();
        List<Timeline.Lane> lanes = timelines(finding).getFirst().lanes();
        assertThat(lanes).hasSize(2);
        assertThat(lanes.getFirst().associations()).extracting(Timeline.Association::done).hasSize(11)
                .startsWith(true, false).containsOnlyOnce(true);
        assertThat(lanes.getLast().associations()).extracting(Timeline.Association::done).containsExactly(true);
        assertThat(lanes.getFirst().packets()).extracting(Timeline.Dot::right).containsExactly(true, true, true, false);
    }

    /** A lane for each cure, and the same events under each other: only the bug is red. */
    @Test
    void aPictureComparesTheCures() {
        Finding finding = Study.run(new Cures(), Site.simulated(2), state -> { }).finding();
        assertThat(timelines(finding)).hasSize(5).allSatisfy(timeline -> {
            assertThat(timeline.lanes()).extracting(Timeline.Lane::name)
                    .containsExactly("(none)", "overlapped", "slot-key", "re-key", "fresh-socket");
            assertThat(timeline.lanes()).extracting(lane -> lane.bars().getFirst().from()).containsOnly(0);
            assertThat(timeline.lanes().getFirst().packets()).extracting(Timeline.Dot::right).contains(false);
            assertThat(timeline.lanes()).filteredOn(lane -> !lane.name().equals("(none)")).allSatisfy(lane ->
                    assertThat(lane.packets()).extracting(Timeline.Dot::right).isNotEmpty().containsOnly(true));
        });
    }

    private static List<Timeline> timelines(Finding finding) {
        return finding.pictures().stream().map(Timeline.class::cast).toList();
    }

    private static String evidence(Experiment experiment) {
        Finding finding = Study.run(experiment, Site.simulated(3), state -> { }).finding();
        return finding.evidence() + " " + finding.tables().stream().map(Table::rows).toList();
    }
}
