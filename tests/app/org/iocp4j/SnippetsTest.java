package org.iocp4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The Java code that README, CONTRIBUTING and docs show is in {@code examples}, which is compiled and run. */
class SnippetsTest {
    private static final Pattern SNIPPET = Pattern.compile("^```java\\R(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

    @Test
    void eachSnippetIsPartOfAnExample() throws IOException {
        List<String> examples = texts(Path.of("examples"), ".java").map(SnippetsTest::bare).toList();
        List<String> snippets = Stream.concat(texts(Path.of("docs"), ".md"),
                        Stream.of(Files.readString(Path.of("README.md")), Files.readString(Path.of("CONTRIBUTING.md"))))
                .flatMap(text -> SNIPPET.matcher(text).results().map(MatchResult::group)).toList();
        assertThat(snippets).isNotEmpty().allSatisfy(snippet -> {
            String code = bare(snippet.lines().skip(1).filter(line -> !line.equals("```"))
                    .collect(Collectors.joining("\n")));
            assertThat(examples).anyMatch(example -> example.contains(code));
        });
    }

    /** Without indentation and empty lines. */
    private static String bare(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
    }

    private static Stream<String> texts(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(ending)).toList().stream().map(SnippetsTest::read);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
