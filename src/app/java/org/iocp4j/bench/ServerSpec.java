package org.iocp4j.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server with its options, as the command line names it: {@code iocp4j --workers 1}, {@code iocp4j@before.jar}.
 *
 * @param name    as it was given, one blank between its words, and of a jar's path the file's name
 * @param jar     the application jar of another build, if the server is that one's; null for ours
 * @param options those given
 */
public record ServerSpec(String name, ServerKind kind, Path jar, List<String> options) {
    /** Kind, path, options. The path ends where a word ends in .jar: it may have blanks in it, and more ats. */
    private static final Pattern SPEC = Pattern.compile("([^@\\s]*)(?:@(\\S.*?\\.(?i:jar)))?(?:\\s+(.*))?");

    /** @throws IllegalArgumentException if there is no such server, it takes no options, or it is of no jar */
    public static ServerSpec parse(String text) {
        Matcher parts = SPEC.matcher(text.strip());
        if (!parts.matches()) {
            throw new IllegalArgumentException("no such server: " + text);
        }
        ServerKind kind = ServerKind.of(parts.group(1));
        Path jar = parts.group(2) == null ? null : Path.of(parts.group(2));
        List<String> options = parts.group(3) == null ? List.of() : List.of(parts.group(3).split("\\s+"));
        if (!options.isEmpty() && !kind.takesOptions()) {
            throw new IllegalArgumentException(kind + " takes no options");
        }
        if (jar != null && kind != ServerKind.IOCP4J) {
            throw new IllegalArgumentException(kind + " is not taken from a jar");
        }
        return new ServerSpec(name(kind, jar == null ? null : jar.getFileName(), options), kind, jar, options);
    }

    /** The same by the jar's whole path, for where another's has the same name. */
    public ServerSpec withWholePath() {
        return new ServerSpec(name(kind, jar, options), kind, jar, options);
    }

    private static String name(ServerKind kind, Path jar, List<String> options) {
        String first = jar == null ? kind.toString() : kind + "@" + jar;
        return options.isEmpty() ? first : first + " " + String.join(" ", options);
    }
}
