package org.iocp4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The verdicts that somebody expects: lines {@code experiment verdict}, or {@code experiment/cure verdict}; empty lines
 * and those that begin with # say nothing.
 */
public final class Expectations {
    private final Map<String, Verdict> verdicts = new LinkedHashMap<>();

    /** @throws IllegalArgumentException if a line is none of these; the message names it */
    public Expectations(List<String> lines) {
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                add(line, i + 1);
            }
        }
    }

    private void add(String line, int number) {
        String[] words = line.split("\\s+", 2);
        Verdict verdict = words.length < 2 ? null : Verdict.of(words[1]).orElse(null);
        boolean known = Study.experiment(words[0].split("/", 2)[0]).isPresent();
        if (verdict == null || !known || verdicts.put(words[0], verdict) != null) {
            throw new IllegalArgumentException("line " + number + ": '" + line
                    + "' is not a known experiment and a verdict, or"
                    + " is the second for it");
        }
    }

    /** What differs, a line each: of the experiments that ran only. */
    public List<String> differences(List<Study.Result> results) {
        List<String> differences = new ArrayList<>();
        for (Study.Result result : results) {
            Map<String, Verdict> expected = of(result.experiment().name());
            Map<String, Verdict> actual = result.verdicts();
            if (expected.isEmpty()) {
                differences.add(result.experiment()
                        .name() + ": " + text(actual, result) + ", but nothing is expected of it");
            }
            expected.forEach((name, verdict) -> {
                if (actual.get(name) != verdict) {
                    differences.add(name + ": expected '" + verdict + "', was " + (actual.containsKey(name)
                            ? "'" + actual.get(name) + "'" : text(actual, result)));
                }
            });
            actual.forEach((name, verdict) -> {
                if (!expected.isEmpty() && !expected.containsKey(name)) {
                    differences.add(name + ": '" + verdict + "', but nothing is expected of it");
                }
            });
        }
        return differences;
    }

    private Map<String, Verdict> of(String experiment) {
        Map<String, Verdict> some = new LinkedHashMap<>();
        verdicts.forEach((name, verdict) -> {
            if (name.equals(experiment) || name.startsWith(experiment + "/")) {
                some.put(name, verdict);
            }
        });
        return some;
    }

    private static String text(Map<String, Verdict> actual, Study.Result result) {
        return actual.isEmpty() ? "no verdict (" + result.failure() + ")" : actual.toString();
    }
}
