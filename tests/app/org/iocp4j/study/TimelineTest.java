package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import org.iocp4j.study.Timeline.Bar;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private final Timeline timeline = new Timeline("title");

    @Test
    void whatStartsAgainIsUnderTheStart() {
        timeline.begin("a", 1, 1);
        timeline.association("a", "key 1", true);
        timeline.end("a");
        timeline.restart();
        timeline.begin("b", 1, 1);
        timeline.ended();
        assertThat(timeline.lanes()).extracting(lane -> lane.bars().getFirst())
                .containsExactly(new Bar(1, 1, 0, 2), new Bar(1, 1, 0, 1));
        assertThat(timeline.events()).isEqualTo(3);
    }

    @Test
    void barsOfALaneDoNotOverlap() {
        timeline.begin("a", 1, 1);
        timeline.begin("b", 2, 1);
        timeline.begin("a", 3, 2); // nobody said that session 1 was over
        timeline.end("a");
        timeline.end("a");
        timeline.ended();
        assertThat(timeline.lanes()).extracting(Timeline.Lane::name).containsExactly("a", "b");
        assertThat(timeline.lanes().get(0).bars()).containsExactly(new Bar(1, 1, 0, 2), new Bar(3, 2, 3, 4));
        assertThat(timeline.lanes().get(1).bars()).containsExactly(new Bar(2, 1, 1, 5));
        assertThat(timeline.events()).isEqualTo(6);
    }
}
