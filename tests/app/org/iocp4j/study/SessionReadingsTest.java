package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.study.SessionReadings.Identity;
import org.iocp4j.study.SessionReadings.Outcome;
import org.junit.jupiter.api.Test;

class SessionReadingsTest {
    private final SessionReadings sessions = new SessionReadings(2, 1);

    @Test
    void allAreRightWhileTheSessionLives() {
        long first = sessions.begin(0, 0);
        assertThat(sessions.read(SessionReadings.key(0, 0), first)).containsOnlyKeys(Identity.values())
                .doesNotContainValue(Outcome.LATE).allSatisfy((identity, outcome) ->
                        assertThat(outcome).as("%s", identity).isEqualTo(Outcome.RIGHT));
    }

    @Test
    void aDeletedSessionIsNamedByAllButTheId() {
        long first = sessions.begin(0, 0);
        sessions.end(first);
        assertThat(sessions.read(SessionReadings.key(0, 0), first))
                .containsEntry(Identity.KEY, Outcome.DELETED)
                .containsEntry(Identity.POINTER, Outcome.DELETED)
                .containsEntry(Identity.SLOT_KEY, Outcome.DELETED)
                .containsEntry(Identity.ID, Outcome.LATE);
    }

    @Test
    void theNextSessionInThePlaceIsAStrangerToAllButTheId() {
        long first = sessions.begin(0, 0);
        sessions.end(first);
        sessions.begin(0, 0);
        assertThat(sessions.read(SessionReadings.key(0, 0), first))
                .containsEntry(Identity.KEY, Outcome.STRANGER)
                .containsEntry(Identity.POINTER, Outcome.STRANGER)
                .containsEntry(Identity.SLOT_KEY, Outcome.STRANGER)
                .containsEntry(Identity.ID, Outcome.LATE);
    }

    /** The bug itself: the packets of the second session on a reused socket, none of them late. */
    @Test
    void onAReusedSocketOnlyTheKeyIsWrong() {
        sessions.end(sessions.begin(0, 0));
        long second = sessions.begin(1, 0);
        assertThat(sessions.read(SessionReadings.key(0, 0), second))
                .containsEntry(Identity.KEY, Outcome.DELETED)
                .containsEntry(Identity.POINTER, Outcome.RIGHT)
                .containsEntry(Identity.SLOT_KEY, Outcome.RIGHT)
                .containsEntry(Identity.ID, Outcome.RIGHT);
    }

    @Test
    void sessionsAreNumberedFrom1() {
        assertThat(SessionReadings.number(sessions.begin(1, 0))).isEqualTo(1);
        assertThat(SessionReadings.number(sessions.begin(0, 0))).isEqualTo(2);
    }
}
