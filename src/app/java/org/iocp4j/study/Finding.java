package org.iocp4j.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an experiment found.
 *
 * @param verdict       of the whole; null where each cure has its own
 * @param cures         verdicts of the cures that were tried, by their names; else empty
 * @param evidence      raw handles, keys, return values, error names: a line each, in the order of what happened
 * @param tables        the same in rows, where there is much of it
 * @param pictures      the same, drawn
 * @param reason        why it, or a part of it, is not possible here; else empty
 * @param documentation what Windows' documentation says of it; else empty
 */
public record Finding(Verdict verdict, Map<String, Verdict> cures, List<String> evidence, List<Table> tables,
                      List<Picture> pictures, String reason, String documentation) {
    public static Builder builder() {
        return new Builder();
    }

    /** The verdict under each name that {@code --expect} uses: {@code cures/slot-key} for a cure. */
    public Map<String, Verdict> verdicts(String experiment) {
        if (verdict != null) {
            return Map.of(experiment, verdict);
        }
        Map<String, Verdict> named = new LinkedHashMap<>();
        cures.forEach((cure, of) -> named.put(experiment + "/" + cure, of));
        return named;
    }

    /** Gathers evidence as it comes; a verdict ends it. */
    public static final class Builder {
        private final List<String> evidence = new ArrayList<>();
        private final List<Table> tables = new ArrayList<>();
        private final List<Picture> pictures = new ArrayList<>();
        private String reason = "";
        private String documentation = "";

        private Builder() {
        }

        /** A line, formatted as by {@link String#format}. */
        public Builder evidence(String format, Object... values) {
            evidence.add(String.format(Locale.ROOT, format, values));
            return this;
        }

        public Builder table(Table table) {
            tables.add(table);
            return this;
        }

        public Builder picture(Picture picture) {
            pictures.add(picture);
            return this;
        }

        /** Why this, or a part of it, is not possible here, and what Windows' documentation says. */
        public Builder because(String why, String windowsSays) {
            reason = why;
            documentation = windowsSays;
            return this;
        }

        public Finding verdict(Verdict verdict) {
            return end(verdict, Map.of());
        }

        public Finding cures(Map<String, Verdict> verdicts) {
            return end(null, verdicts);
        }

        /** After {@link #because}. */
        public Finding notPossible() {
            return end(Verdict.NOT_POSSIBLE, Map.of());
        }

        private Finding end(Verdict verdict, Map<String, Verdict> cures) {
            return new Finding(verdict, new LinkedHashMap<>(cures), List.copyOf(evidence), List.copyOf(tables),
                    List.copyOf(pictures), reason, documentation);
        }
    }
}
