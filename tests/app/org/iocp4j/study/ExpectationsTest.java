package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExpectationsTest {
    private static final Experiment FIRST = Study.experiments().get(0);
    private static final Experiment SECOND = Study.experiments().get(1);

    @Test
    void nothingDiffers() {
        assertThat(new Expectations(List.of("# of Wine", "", FIRST.name() + " seen",
                SECOND.name() + "   not possible here "))
                .differences(List.of(result(FIRST, Verdict.SEEN), result(SECOND, Verdict.NOT_POSSIBLE)))).isEmpty();
    }

    @Test
    void whatDidNotRunIsNotCompared() {
        assertThat(new Expectations(List.of(FIRST.name() + " seen", SECOND.name() + " seen"))
                .differences(List.of(result(SECOND, Verdict.SEEN)))).isEmpty();
    }

    @Test
    void eachDifferenceIsNamed() {
        Study.Result failed = new Study.Result(SECOND, Platform.WINE, null, "AcceptEx: 4711");
        assertThat(new Expectations(List.of(FIRST.name() + " seen", SECOND.name() + " seen"))
                .differences(List.of(result(FIRST, Verdict.NOT_SEEN), failed)))
                .containsExactly(FIRST.name() + ": expected 'seen', was 'not seen'",
                        SECOND.name() + ": expected 'seen', was no verdict (AcceptEx: 4711)");
    }

    @Test
    void whatNobodyExpectsDiffers() {
        assertThat(new Expectations(List.of()).differences(List.of(result(FIRST, Verdict.SEEN))))
                .containsExactly(FIRST.name() + ": {" + FIRST.name() + "=seen}, but nothing is expected of it");
    }

    @Test
    void curesHaveVerdictsOfTheirOwn() {
        Finding cures = Finding.builder().cures(Map.of("slot-key", Verdict.WORKS, "re-key", Verdict.FAILS));
        List<Study.Result> results = List.of(new Study.Result(FIRST, Platform.WINE, cures, ""));
        assertThat(new Expectations(List.of(FIRST.name() + "/slot-key works", FIRST.name() + "/re-key fails"))
                .differences(results)).isEmpty();
        assertThat(new Expectations(List.of(FIRST.name() + "/slot-key works", FIRST.name() + "/fresh works"))
                .differences(results)).containsExactlyInAnyOrder(
                        FIRST.name() + "/re-key: 'fails', but nothing is expected of it",
                        FIRST.name() + "/fresh: expected 'works', was {" + String.join(", ",
                                results.getFirst().verdicts().entrySet().stream().map(Object::toString).toList())
                                + "}");
    }

    @Test
    void aLineThatIsNoneIsNamed() {
        for (String line : List.of("wrong-session", "wrong-session perhaps", "no-such-thing seen")) {
            assertThatThrownBy(() -> new Expectations(List.of("# first", line)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("line 2: '" + line + "'");
        }
        String twice = FIRST.name() + " seen";
        assertThatThrownBy(() -> new Expectations(List.of(twice, twice)))
                .hasMessageStartingWith("line 2: '" + twice + "'");
    }

    private static Study.Result result(Experiment experiment, Verdict verdict) {
        return new Study.Result(experiment, Platform.WINE, Finding.builder().verdict(verdict), "");
    }
}
