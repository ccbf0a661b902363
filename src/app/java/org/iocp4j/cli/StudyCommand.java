package org.iocp4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.iocp4j.study.Expectations;
import org.iocp4j.study.Experiment;
import org.iocp4j.study.HtmlReport;
import org.iocp4j.study.HtmlRun;
import org.iocp4j.study.JsonReport;
import org.iocp4j.study.Site;
import org.iocp4j.study.Study;
import org.iocp4j.study.StudyReport;
import org.iocp4j.study.TextReport;
import org.iocp4j.win32.NativeAccessDeniedException;
import org.iocp4j.win32.UnsupportedPlatformException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code iocp4j study}: the completion-key bug, examined by experiments that print their evidence. */
@Command(name = "study", sortOptions = false,
        description =
                "Examines the completion-key bug: each experiment states its question, does it, prints its evidence and"
                + " ends with a verdict. Needs Windows, or Wine, or --simulated.",
        footerHeading = "%nVerdicts:%n", footer = {
            "  seen, not seen; of cures: works, fails; not possible here, with the reason",
            "",
            "JSON, one object per experiment and line:",
            "  experiment, question; platform (windows, wine or simulated), system, known",
            "  verdict: one of the above; where there are cures an object, cure to verdict;",
            "    null if a call failed or a wait took too long, and failure says what",
            "  reason, documentation: of what is not possible here, or null",
            "  evidence: array of lines; tables: array of {title, columns, rows}",
            "  pictures: array of {title, kind, ...}, with what the page draws;",
            "    all of it is in docs/study-json.md",
        })
final class StudyCommand implements Callable<Integer> {
    private static final long DEFAULT_SEED = 1;
    private static final int PROGRESS_SECONDS = 2;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "EXPERIMENT", arity = "0..*",
            description = "wrong-session, key-and-overlapped, second-association, late-packets, cures, time-wait, cost"
                    + " (default: all)")
    private List<String> names = List.of();

    @Option(names = "--json", description = "one JSON object per experiment, on one line")
    private boolean json;

    @Option(names = "--simulated",
            description = "on a simulated kernel that follows Windows' documentation, on any OS")
    private boolean simulated;

    @Allowed(min = 0, max = 999_999_999)
    @Option(names = "--seed", paramLabel = "N",
            description = "with --simulated: what decides its schedule, 0 to 999999999 (default 1)")
    private Long seed;

    @Option(names = "--expect", paramLabel = "FILE",
            description = "compare with the lines 'EXPERIMENT VERDICT' of this file; exit code 1 if any differs")
    private String expect;

    @Option(names = "--html", paramLabel = "FILE",
            description =
                    "write the story with this run's pictures, tables and evidence: one page that needs nothing else")
    private String html;

    @Override
    public Integer call() {
        List<Experiment> experiments = experiments();
        if (seed != null && !simulated) {
            throw OptionErrors.notAllowed("--seed", seed, "given with --simulated");
        }
        Optional<Expectations> expectations = expectations();
        Optional<OutputFile> page = OutputFile.checked("--html", html);
        Site site = site();
        List<Study.Result> results = run(experiments, site);
        List<String> differences = expectations.map(e -> e.differences(results)).orElse(List.of());
        PrintWriter err = spec.commandLine().getErr();
        results.stream().filter(result -> result.finding() == null)
                .forEach(result ->
                        err.println(OptionErrors.oneLine(result.experiment().name() + ": " + result.failure())));
        differences.forEach(difference -> err.println("--expect: " + OptionErrors.oneLine(difference)));
        page.ifPresent(file -> write(file, HtmlReport.of(HtmlRun.here(site, command()), results)));
        boolean allRan = results.stream().allMatch(result -> result.finding() != null);
        return allRan && differences.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
    }

    /** Those named, in the story's order, each once. */
    private List<Experiment> experiments() {
        Set<String> wanted = new LinkedHashSet<>(names);
        for (String name : wanted) {
            if (Study.experiment(name).isEmpty()) {
                throw OptionErrors.notAllowed("EXPERIMENT", name, Study.experiments().stream().map(Experiment::name)
                        .collect(Collectors.joining(", ")));
            }
        }
        return Study.experiments().stream().filter(e -> wanted.isEmpty() || wanted.contains(e.name())).toList();
    }

    private Optional<Expectations> expectations() {
        if (expect == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Expectations(Files.readAllLines(Path.of(expect))));
        } catch (IOException | InvalidPathException e) {
            throw OptionErrors.notAllowed("--expect", expect, "a file that can be read");
        } catch (IllegalArgumentException e) {
            throw new CommandFailure("--expect: " + expect + ", " + e.getMessage(), ExitCode.WRONG_OPTIONS);
        }
    }

    private void write(OutputFile file, String page) {
        file.write(page);
        if (!json) {
            spec.commandLine().getOut().println();
            spec.commandLine().getOut().println("html: " + html);
        }
    }

    /** What makes such a page again, on any machine. */
    private String command() {
        StringBuilder command = new StringBuilder("./iocp4j study");
        names.forEach(name -> command.append(' ').append(name));
        if (simulated) {
            command.append(" --simulated --seed ").append(seed == null ? DEFAULT_SEED : seed);
        }
        return command.append(" --html ").append(Path.of(html).getFileName()).toString();
    }

    private Site site() {
        if (simulated) {
            return Site.simulated(seed == null ? DEFAULT_SEED : seed);
        }
        try {
            return Site.here();
        } catch (NativeAccessDeniedException e) {
            throw e; // the simulated kernel needs it too
        } catch (UnsupportedPlatformException e) {
            throw new CommandFailure(e.getMessage() + "; or add --simulated");
        }
    }

    private List<Study.Result> run(List<Experiment> experiments, Site site) {
        PrintWriter out = spec.commandLine().getOut();
        StudyReport report = json ? new JsonReport(out, site) : new TextReport(out, site);
        List<Study.Result> results = new ArrayList<>();
        for (Experiment experiment : experiments) {
            report.starts(experiment);
            AtomicReference<String> state = new AtomicReference<>("");
            try (var _ = new Progress(Output.err(spec), PROGRESS_SECONDS,
                    second -> progress(experiment.name(), second, state.get()))) {
                results.add(Study.run(experiment, site, state::set));
            }
            report.ended(results.getLast());
        }
        return results;
    }

    private static String progress(String experiment, int second, String state) {
        return experiment + ": " + second + " s" + (state.isEmpty() ? "" : ", " + state);
    }
}
