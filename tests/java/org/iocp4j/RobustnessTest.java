package org.iocp4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** Every bug in docs/robustness.md has tests, and they are there. */
class RobustnessTest {
    private static final Pattern TEST = Pattern.compile("`([a-z0-9.]+\\.[A-Z]\\w+)\\.(\\w+)`");

    @Test
    void eachBugNamesTestsThatExist() throws IOException {
        List<String> rows = Files.readAllLines(Path.of("docs/robustness.md")).stream()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| bug |")).toList();
        assertThat(rows).hasSizeGreaterThanOrEqualTo(14);
        for (String row : rows) {
            List<MatchResult> tests = TEST.matcher(row).results().toList();
            assertThat(tests).as(row).isNotEmpty();
            tests.forEach(test -> assertThat(isTest(test.group(1), test.group(2))).as(test.group()).isTrue());
        }
    }

    private static boolean isTest(String className, String methodName) {
        try {
            Method[] methods = Class.forName("org.iocp4j." + className, false, RobustnessTest.class.getClassLoader())
                    .getDeclaredMethods();
            return Arrays.stream(methods).anyMatch(method -> method.getName().equals(methodName)
                    && AnnotationSupport.isAnnotated(method, Testable.class));
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
