package org.iocp4j.cli;

import java.lang.reflect.AnnotatedElement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * One wording for everything that can be wrong with the options:
 * {@code --clients: '0' is not allowed, must be 1 to 60000}. Says what it is, and what would be right, on one line.
 */
final class OptionErrors {
    /** Options' values that have another name now. */
    private static final Map<String,
            String> RENAMED = Map.of("--protocol seed", "messages", "--profile seed", "original");

    private OptionErrors() {
    }

    /** The error of one option's value, for what only the command itself can tell. */
    static CommandFailure notAllowed(String option, Object value, String allowed) {
        return new CommandFailure(line(option, value, allowed), ExitCode.WRONG_OPTIONS);
    }

    /** Checks every option of the command against its {@link Allowed} range. */
    static void check(CommandLine command) {
        for (OptionSpec option : command.getCommandSpec().options()) {
            Object value = option.getValue();
            Allowed range = range(option);
            boolean blank = value instanceof String text && text.isBlank();
            if (blank || (range != null && value != null && !inside(range, value))) {
                List<String> given = option.originalStringValues();
                Object shown = given.isEmpty() ? value : given.getLast();
                throw new ParameterException(command, "", option, String.valueOf(shown));
            }
        }
    }

    /** The line for what picocli found wrong. */
    static String describe(ParameterException error) {
        String text = switch (error) {
            case UnmatchedArgumentException unmatched -> unmatched(unmatched);
            case MissingParameterException missing -> missing(missing);
            case OverwrittenOptionException twice -> name(twice.getOverwritten()) + ": given more than once";
            case ParameterException other when other.getArgSpec() != null && other.getValue() != null ->
                    wrongValue(other.getArgSpec(), other.getValue());
            default -> error.getMessage();
        };
        return oneLine(text) + ", see " + error.getCommandLine().getCommandSpec().qualifiedName() + " --help";
    }

    /** What the option takes, to be read after "must be". */
    static String allowed(ArgSpec argument) {
        Class<?> type = argument.type();
        Allowed range = range(argument);
        if (type.isEnum()) {
            return alternatives(EnumConverter.names(type));
        }
        if (type == Duration.class) {
            return "a number with ms, s or m" + (range == null ? "" : ", " + DurationConverter.format(range.min())
                    + " to " + DurationConverter.format(range.max()));
        }
        if (range != null) {
            return range.min() + " to " + range.max();
        }
        if (type == boolean.class || type == Boolean.class) {
            return "given without a value";
        }
        return type.isPrimitive() || Number.class.isAssignableFrom(type) ? "a number" : "a text that is not empty";
    }

    static String oneLine(String text) {
        return String.valueOf(text).strip().replaceAll("\\s*\\R\\s*", " ");
    }

    private static String wrongValue(ArgSpec argument, String value) {
        String option = name(argument);
        String renamed = RENAMED.get(option + " " + value.toLowerCase(Locale.ROOT));
        return renamed == null ? line(option, value, allowed(argument))
                : option + ": " + value + " is called " + renamed + " now";
    }

    private static String line(String option, Object value, String allowed) {
        return option + ": '" + oneLine(String.valueOf(value)) + "' is not allowed, must be " + allowed;
    }

    private static String unmatched(UnmatchedArgumentException error) {
        String argument = error.getUnmatched().getFirst();
        String name = argument.startsWith("-") ? argument.split("=", 2)[0] : argument;
        CommandLine command = error.getCommandLine();
        if (error.isUnknownOption()) {
            return name + ": unknown option" + error.getSuggestions().stream().findFirst()
                    .map(suggestion -> ", did you mean " + suggestion + "?").orElse("");
        }
        if (!command.getSubcommands().isEmpty()) {
            return name + ": unknown command, must be " + alternatives(List.copyOf(command.getSubcommands().keySet()))
                    + " (or the launcher's " + alternatives(Main.LAUNCHER_COMMANDS) + ")";
        }
        return "'" + argument + "' is not allowed, must be an option";
    }

    private static String missing(MissingParameterException error) {
        return error.getMissing().stream()
                .map(argument -> name(argument) + ": value missing, must be " + allowed(argument))
                .collect(Collectors.joining("; "));
    }

    private static String alternatives(List<String> names) {
        int last = names.size() - 1;
        return last < 1 ? String.join("", names)
                : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }

    private static Allowed range(ArgSpec argument) {
        return argument.userObject() instanceof AnnotatedElement field ? field.getAnnotation(Allowed.class) : null;
    }

    private static boolean inside(Allowed range, Object value) {
        if (value instanceof Duration time) {
            // No value of DurationConverter is finer than a millisecond.
            return time.toMillis() >= range.min() && time.toMillis() <= range.max();
        }
        // Not the negation: NaN lies in no range.
        return value instanceof Number number && number.doubleValue() >= range.min()
                && number.doubleValue() <= range.max();
    }
}
