package org.iocp4j.simkernel;

import java.util.ArrayList;
import java.util.List;

/**
 * Something that Windows is known to do, and a small program that sees it.
 *
 * @param text   in a few words
 * @param claims what sources say that the program sees: where there are several, they disagree
 */
record WindowsFact(String text, Observation program, List<Claim> claims) {
    /** How a claim is known. */
    enum Known {
        /** A test of Wine's asserts it; Wine's people run their tests on Windows as well. */
        WINE_TEST("wt"),
        /** The same, of something that Wine itself does otherwise. */
        WINE_TEST_NOT_WINE("wt, todo in Wine"),
        DOCUMENTED("doc"),
        REPORTED("rep");

        private final String tag;

        Known(String tag) {
            this.tag = tag;
        }
    }

    /** @param source a test of Wine's by file and function, or a page of Microsoft's by its title */
    record Claim(Known known, String source, Object outcome) {
        @Override
        public String toString() {
            return known.tag + ": " + source;
        }
    }

    /** Makes calls and returns what it saw, to be compared by equals. */
    @FunctionalInterface
    interface Observation {
        Object see(FactScene scene) throws Exception;
    }

    static WindowsFact fact(String text, Known known, String source, Observation program, Object outcome) {
        return new WindowsFact(text, program, List.of(new Claim(known, source, outcome)));
    }

    /** Another source has seen, or says, something else. */
    WindowsFact or(Known known, String source, Object outcome) {
        List<Claim> more = new ArrayList<>(claims);
        more.add(new Claim(known, source, outcome));
        return new WindowsFact(text, program, List.copyOf(more));
    }

    @Override
    public String toString() {
        return text + " " + claims;
    }
}
