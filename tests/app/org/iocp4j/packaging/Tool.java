package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.OS;

/** A program that is not ours and not Java's, in PATH. */
record Tool(Path program) {
    private static final int LONGEST_SECONDS = 120;

    /** The first of these that is there, on Windows with .exe; where there is none, the test is skipped. */
    static Tool require(String... names) {
        String ending = OS.WINDOWS.isCurrentOs() ? ".exe" : "";
        Path found = Stream.of(names).flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, name + ending))).filter(Files::isExecutable).findFirst().orElse(null);
        assumeTrue(found != null, String.join(" or ", names) + " is not installed");
        return new Tool(found);
    }

    /** Runs it to its end, which has to come in time. */
    Jars.Ended run(Path folder, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile(folder, program.getFileName().toString(), ".out");
        Path err = Files.createTempFile(folder, program.getFileName().toString(), ".err");
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectOutput(out.toFile())
                .redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)).as("ended: %s", command).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Jars.Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** As {@link #run}; it has to succeed. What it wrote to stdout. */
    String output(Path folder, String... arguments) throws IOException, InterruptedException {
        Jars.Ended ended = run(folder, arguments);
        assertThat(ended.exitCode()).as("%s %s: %s%s", program, List.of(arguments), ended.out(), ended.err()).isZero();
        return ended.out();
    }
}
