package org.iocp4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.iocp4j.races.Race;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call is made once or never, and who has handed it over learns which. */
@Timeout(60)
class HandedCallTest {
    private static final class Counted extends HandedCall {
        int calls;
        boolean isLeft;

        @Override
        void call() {
            calls++;
        }

        @Override
        void goOn() {
            // Nothing waits for it.
        }

        @Override
        void endLate() {
            // Nothing is left to end.
        }
    }

    @Test
    void whatWasRevokedDoesNotBeginLater() throws Exception {
        SessionEngine engine = new NullServer().engine();
        List<Runnable> kept = new ArrayList<>();
        Counted call = new Counted();
        assertThat(call.isOverOn(kept::add, engine)).isFalse();
        assertThat(call.leave()).as("it goes on").isFalse();
        kept.getFirst().run();
        assertThat(call.calls).isZero();
        assertThat(call.hasBegun()).isFalse();
        assertThat(call.isUnderWay()).isFalse();
    }

    @Test
    void itIsMadeOrRevoked() throws Exception {
        Race.run(50, 1_000, Counted::new, call -> {
            assertThat(call.hasBegun()).isEqualTo(call.calls == 1);
            assertThat(call.isLeft).as("left without a call").isFalse();
        }, Counted::run, call -> call.isLeft = call.leave() && !call.hasBegun());
    }
}
