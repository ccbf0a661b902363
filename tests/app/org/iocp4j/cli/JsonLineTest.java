package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JsonLineTest {
    @Test
    void writesFieldsInOrderOnOneLine() {
        String line = new JsonLine().put("flag", true).put("text", "a\n\"b\"").put("none", null)
                .open("inner").put("x", 1).put("y", 2L).close()
                .put("rate", 1234.56789).put("large", 12_345_678.9).put("bad", Double.NaN).end();
        assertThat(line).isEqualTo("{\"flag\":true,\"text\":\"a\\n\\\"b\\\"\",\"none\":null,"
                + "\"inner\":{\"x\":1,\"y\":2},\"rate\":1234.568,\"large\":12345678.9,\"bad\":null}");
    }

    @Test
    void endClosesWhatIsOpen() {
        assertThat(new JsonLine().open("a").put("b", 1).end()).isEqualTo("{\"a\":{\"b\":1}}");
    }
}
