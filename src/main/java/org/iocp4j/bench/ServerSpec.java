package org.iocp4j.bench;

import java.util.Arrays;
import java.util.List;

/**
 * A server with its options, as the command line names it: {@code iocp4j --workers 1}.
 *
 * @param name    as it was given, one blank between its words
 * @param options those given
 */
public record ServerSpec(String name, ServerKind kind, List<String> options) {
    /** @throws IllegalArgumentException if there is no such server, or it takes no options */
    public static ServerSpec parse(String text) {
        List<String> words = Arrays.asList(text.strip().split("\\s+"));
        ServerKind kind = ServerKind.of(words.getFirst());
        List<String> options = List.copyOf(words.subList(1, words.size()));
        if (!options.isEmpty() && !kind.takesOptions()) {
            throw new IllegalArgumentException(kind + " takes no options");
        }
        return new ServerSpec(String.join(" ", words), kind, options);
    }
}
