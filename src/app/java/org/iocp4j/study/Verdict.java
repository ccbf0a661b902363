package org.iocp4j.study;

import java.util.Arrays;
import java.util.Optional;

/** What came of an experiment, or of one cure in it. */
public enum Verdict {
    /** The experiment shows what was claimed. */
    SEEN("seen"),
    /** It ran, and showed something else. */
    NOT_SEEN("not seen"),
    /** A cure: it does what it promises here. */
    WORKS("works"),
    /** A cure: it does not. */
    FAILS("fails"),
    /** This platform cannot show it; the finding says why, and what Windows' documentation says. */
    NOT_POSSIBLE("not possible here");

    private final String text;

    Verdict(String text) {
        this.text = text;
    }

    /** The verdict with this text. */
    public static Optional<Verdict> of(String text) {
        return Arrays.stream(values()).filter(verdict -> verdict.text.equals(text)).findFirst();
    }

    /** As it is printed, and as {@code --expect} has it. */
    @Override
    public String toString() {
        return text;
    }
}
