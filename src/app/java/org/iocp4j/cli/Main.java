package org.iocp4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.iocp4j.win32.UnsupportedPlatformException;
import org.iocp4j.win32.Win32Exception;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * {@code iocp4j COMMAND}. A new command is one more entry of {@code COMMANDS}: a class with {@code @Command(name,
 * description)} that implements {@code Callable<Integer>}, prints its results to {@code spec.commandLine().getOut()},
 * says how it fares by {@link Output#progress}, returns an {@link ExitCode}, and throws {@link CommandFailure} for what
 * may go wrong. Help, ranges ({@link Allowed}), error lines and exit codes are seen to here.
 */
@Command(name = "iocp4j", versionProvider = Main.ManifestVersion.class,
        description = "An echo server on Windows I/O completion ports, in Java alone, and the tools around it.")
public final class Main implements Callable<Integer> {
    /** {@link System#nanoTime} when main() began. */
    static final long START_NANOS = System.nanoTime();

    private static final List<Class<?>> COMMANDS = List.of(
            LoadCommand.class,
            ServeCommand.class,
            DoctorCommand.class,
            DemoCommand.class,
            StudyCommand.class,
            SimulateCommand.class,
            SoakCommand.class,
            BenchCommand.class);

    private static final String[] EXIT_CODES = {
        "0:all went well",
        "1:the run failed; of load, demo and soak also: errors were counted",
        "2:wrong options; one line on stderr says which",
        "70:a fault in iocp4j itself, with a stack trace",
        "130:interrupted before it could end in order",
    };

    /** What the launcher does itself; it passes everything else on. */
    static final List<String> LAUNCHER_COMMANDS = List.of("test", "java", "setup");

    private static final String[] LAUNCHER = {
        "%nOf the launcher (./iocp4j, on Windows iocp4j) alone:",
        "  test [MAVEN ARGUMENT...]  all tests; on Linux in this machine's JVM and in the Windows JVM",
        "  java ARGUMENT...          the JVM that the server runs in",
        "  setup                     on Linux: sets that JVM up, and nothing else",
    };

    @CommandLine.Spec
    private CommandSpec spec;

    private Main() {
    }

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        Optional<String> replaced = Wildcards.replaced(args);
        if (replaced.isPresent()) {
            System.err.print(replaced.get() + "\n");
            System.exit(ExitCode.WRONG_OPTIONS);
        }
        LineQueue err = new LineQueue("standard error", new FileOutputStream(FileDescriptor.err), null);
        LineQueue out = new LineQueue("standard output", new FileOutputStream(FileDescriptor.out), err);
        Interrupt.handle(out, err);
        System.setOut(out.log());
        System.setErr(err.log()); // the logger's, too
        Interrupt.exit(run(out, err, args));
    }

    /** Runs one command in this process and returns its exit code; every line it writes ends in \n. */
    public static int run(OutputStream out, OutputStream err, String... args) {
        LineQueue errors = new LineQueue("standard error", err, null);
        LineQueue output = new LineQueue("standard output", out, errors);
        try {
            return run(output, errors, args);
        } finally {
            output.end();
            errors.end();
        }
    }

    private static int run(LineQueue out, LineQueue err, String... args) {
        Output output = new Output(out);
        Output errors = new Output(err);
        int exitCode;
        try {
            exitCode = commandLine(output, errors, args).execute(args);
        } catch (Throwable e) {
            // picocli lets an Error through, such as a class that does not link on this platform.
            e.printStackTrace(errors);
            exitCode = ExitCode.UNEXPECTED;
        }
        output.flush();
        out.finish();
        errors.flush();
        err.finish(); // the last: it tells of the other, too
        return exitCode == ExitCode.OK && out.hasFailed() ? ExitCode.FAILED : exitCode;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.WRONG_OPTIONS;
    }

    static CommandLine commandLine(Output out, Output err, String... args) {
        CommandLine main = new CommandLine(new Main());
        commands(args).forEach(main::addSubcommand);
        contract(main);
        main.getCommandSpec().usageMessage().footer(LAUNCHER);
        // Where TERM is set, picocli takes every Windows for a terminal, files and pipes too.
        main.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                .setOut(out)
                .setErr(err)
                .setAbbreviatedOptionsAllowed(false)
                .registerConverter(Duration.class, new DurationConverter())
                .setExecutionStrategy(Main::checkAndRun)
                .setParameterExceptionHandler(Main::wrongOptions)
                .setExecutionExceptionHandler(Main::failed);
        EnumConverter.registerAll(main);
        return main;
    }

    /** The one that the first argument names, since to read the options of all takes long; all if it names none. */
    private static List<Class<?>> commands(String[] args) {
        for (Class<?> command : COMMANDS) {
            if (args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0])) {
                return List.of(command);
            }
        }
        return COMMANDS;
    }

    /** What every command has in common, so that none can forget it. */
    private static void contract(CommandLine command) {
        command.getCommandSpec().mixinStandardHelpOptions(true).version(new ManifestVersion().getVersion());
        command.getCommandSpec().usageMessage()
                .showDefaultValues(false)
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(exitCodes());
        command.getSubcommands().values().forEach(Main::contract);
    }

    private static Map<String, String> exitCodes() {
        Map<String, String> codes = new LinkedHashMap<>();
        for (String line : EXIT_CODES) {
            codes.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1));
        }
        return codes;
    }

    private static int checkAndRun(ParseResult result) {
        ParseResult last = result;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        if (!last.isUsageHelpRequested() && !last.isVersionHelpRequested()) {
            OptionErrors.check(last.commandSpec().commandLine());
        }
        return new CommandLine.RunLast().execute(result);
    }

    private static int wrongOptions(ParameterException error, String[] args) {
        error.getCommandLine().getErr().println(OptionErrors.describe(error));
        return ExitCode.WRONG_OPTIONS;
    }

    private static int failed(Exception error, CommandLine command, ParseResult result) {
        if (error instanceof CommandFailure failure) {
            command.getErr().println(OptionErrors.oneLine(failure.getMessage()));
            return failure.exitCode();
        }
        boolean refusedAtStart = error instanceof UncheckedIOException && error.getCause() instanceof Win32Exception;
        if (refusedAtStart || error instanceof UnsupportedPlatformException) {
            command.getErr().println(error.getMessage());
            return ExitCode.FAILED;
        }
        error.printStackTrace(command.getErr());
        return ExitCode.UNEXPECTED;
    }

    /** The version that the build wrote into the jar; null if this does not run from one. */
    static String version() {
        return Main.class.getPackage().getImplementationVersion();
    }

    static final class ManifestVersion implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"iocp4j " + (version() == null ? "(not run from its jar)" : version())};
        }
    }
}
