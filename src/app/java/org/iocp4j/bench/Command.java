package org.iocp4j.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A short program that is run for what it prints. */
final class Command {
    private Command() {
    }

    /**
     * @return what it printed, stripped
     * @throws IOException if it cannot be started, or fails: with what it printed
     */
    static String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": exit code " + process.exitValue() + ", " + text);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for " + command.getFirst());
        }
        return text;
    }
}
