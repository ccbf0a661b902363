package org.iocp4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests that pages name are there: in the sources, since each module has its own. */
class RobustnessTest {
    private static final Pattern TEST = Pattern.compile("`([a-z0-9.]+\\.[A-Z]\\w+)\\.(\\w+)`");

    @Test
    void eachBugNamesTestsThatExist() throws IOException {
        requireTests(rows("docs/robustness.md", "| bug |"), 14);
    }

    @Test
    void eachLineOfTheChannelsContractNamesTestsThatExist() throws IOException {
        requireTests(rows("docs/channels.md", "| line |"), 30);
    }

    /** Of the table with that head, and of those below it. */
    private static List<String> rows(String page, String head) throws IOException {
        return Files.readAllLines(Path.of(page)).stream().dropWhile(line -> !line.startsWith(head))
                .filter(line -> line.startsWith("| ") && !line.startsWith(head)).toList();
    }

    private static void requireTests(List<String> rows, int least) throws IOException {
        assertThat(rows).hasSizeGreaterThanOrEqualTo(least);
        for (String row : rows) {
            List<MatchResult> tests = TEST.matcher(row).results().toList();
            assertThat(tests).as(row).isNotEmpty();
            for (MatchResult test : tests) {
                assertThat(isTest(test.group(1), test.group(2))).as(test.group()).isTrue();
            }
        }
    }

    /** Whether a test class of some module has such a method, with an annotation of a test above it. */
    private static boolean isTest(String className, String methodName) throws IOException {
        Pattern test =
                Pattern.compile("@(Test|ParameterizedTest|RepeatedTest|TestFactory)\\b(?:(?!\\bvoid\\b).)*(?:void|\\S) "
                + methodName + "\\(", Pattern.DOTALL);
        Path file = Path.of("org/iocp4j", className.replace('.', '/') + ".java");
        try (Stream<Path> modules = Files.list(Path.of("tests"))) {
            for (Path source : modules.map(module -> module.resolve(file)).filter(Files::exists).toList()) {
                if (test.matcher(Files.readString(source)).find()) {
                    return true;
                }
            }
        }
        return false;
    }
}
