package org.iocp4j.study;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** All experiments, in the order of the story, and one run of one of them. */
public final class Study {
    /** A new experiment is one more line here. */
    private static final List<Experiment> EXPERIMENTS = List.of(
            new WrongSession(),
            new KeyAndOverlapped(),
            new SecondAssociation(),
            new LatePackets(),
            new Cures(),
            new TimeWait(),
            new Cost());

    /**
     * What came of a run.
     *
     * @param finding null if it did not come to one
     * @param failure what went wrong then; else empty
     */
    public record Result(Experiment experiment, Platform platform, Finding finding, String failure) {
        /** By the names that {@code --expect} uses; empty if it came to no finding. */
        public Map<String, Verdict> verdicts() {
            return finding == null ? Map.of() : finding.verdicts(experiment.name());
        }
    }

    private Study() {
    }

    public static List<Experiment> experiments() {
        return EXPERIMENTS;
    }

    public static Optional<Experiment> experiment(String name) {
        return EXPERIMENTS.stream().filter(experiment -> experiment.name().equals(name)).findFirst();
    }

    /** Runs one; a call that failed or a wait that took too long is a result too. */
    public static Result run(Experiment experiment, Site site, Consumer<String> progress) {
        try {
            return new Result(experiment, site.platform(), site.run(experiment, progress), "");
        } catch (IOException | TimeoutException e) {
            return new Result(experiment, site.platform(), null, e.getMessage());
        }
    }
}
