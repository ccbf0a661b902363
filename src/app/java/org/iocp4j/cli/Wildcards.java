package org.iocp4j.cli;

import java.util.Arrays;
import java.util.Optional;

/**
 * On Windows java.exe replaces an argument that holds {@code *} or {@code ?} outside quotes by the names of the files
 * that match, if there are any [JDK source; measured under Wine]. What was typed is left in a property of HotSpot's.
 */
final class Wildcards {
    private static final String TYPED = "sun.java.command";

    private Wildcards() {
    }

    /** A line about what was typed, if these arguments are not that. */
    static Optional<String> replaced(String[] arguments) {
        return replaced(System.getProperty(TYPED, ""), arguments);
    }

    /** @param typed the program and its arguments, with a space between each */
    static Optional<String> replaced(String typed, String[] arguments) {
        if (typed.endsWith(String.join(" ", arguments))) {
            return Optional.empty();
        }
        return Arrays.stream(typed.split(" ")).filter(word -> word.contains("*") || word.contains("?")).findFirst()
                .map(word -> "'" + word
                + "' is not allowed: no option takes * or ?, which java.exe replaces by names of"
                        + " files");
    }
}
