package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** In a JVM that does it: {@link WineProcessTest#asteriskIsOneLineAndNoFileNames}. */
class WildcardsTest {
    private static final String PROGRAM = "C:\\my tools\\iocp4j.jar";

    private static List<String> replaced(String typed, String... arguments) {
        return Wildcards.replaced(PROGRAM + typed, arguments).stream().toList();
    }

    @Test
    void namesOfFilesAreNoticed() {
        assertThat(replaced(" serve --host *", "serve", "--host", "a.txt", "b.txt")).singleElement().asString()
                .startsWith("'*' is not allowed");
        assertThat(replaced(" load --host ?.txt --json", "load", "--host", "a.txt", "--json")).singleElement()
                .asString()
                .startsWith("'?.txt' is not allowed");
    }

    @Test
    void whatWasTypedIsLeftAlone() {
        assertThat(replaced("")).isEmpty();
        assertThat(replaced(" serve --host *", "serve", "--host", "*")).as("no file matches").isEmpty();
        assertThat(replaced(" serve --ready-file a b", "serve", "--ready-file", "a b")).isEmpty();
        assertThat(replaced(" serve --ready-file \u00fc", "serve", "--ready-file", "\u00c3\u00bc")).as("read in"
                + " another character set").isEmpty();
        assertThat(Wildcards.replaced("", new String[] {"serve"})).as("no such property").isEmpty();
    }
}
