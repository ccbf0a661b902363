package org.iocp4j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A command's standard output or standard error. What is printed is a result, and waits until its reader has taken it;
 * {@link #progress} waits for nobody.
 */
final class Output extends PrintWriter {
    private final LineQueue lines;

    Output(LineQueue lines) {
        super(lines.results(), true, StandardCharsets.UTF_8);
        this.lines = lines;
    }

    /** The one that {@link Main} gave the command. */
    static Output out(CommandSpec spec) {
        return (Output) spec.commandLine().getOut();
    }

    /** As {@link #out}. */
    static Output err(CommandSpec spec) {
        return (Output) spec.commandLine().getErr();
    }

    /** Reports the progress of a running command, from any thread; the line is dropped and counted if nobody reads. */
    void progress(String line) {
        lines.offer((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a line as soon as there is room for it and for others'; false, and not, if there is none for so long. */
    boolean putWhenRoom(String line, Duration longest) {
        return lines.putWhenRoom((line + "\n").getBytes(StandardCharsets.UTF_8), longest);
    }

    /** Lines that nobody has read, or that could not be written. */
    long linesDropped() {
        return lines.dropped();
    }
}
