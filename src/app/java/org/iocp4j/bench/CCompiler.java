package org.iocp4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Makes a Windows program of one C file, once for each state of the file. */
final class CCompiler {
    private static final int DIGEST_CHARACTERS = 12;

    private CCompiler() {
    }

    /**
     * The program, in a file below {@code folder} that is named by the source's digest.
     *
     * @throws IOException if no compiler succeeds; the message has what each said
     */
    static Path compile(Path source, Path folder, boolean windows) throws IOException {
        Files.createDirectories(folder);
        Path program = folder.resolve("echo-" + digest(source) + ".exe");
        if (Files.exists(program)) {
            return program;
        }
        Path part = folder.resolve(ProcessHandle.current().pid() + ".part.exe");
        List<String> said = new ArrayList<>();
        for (List<String> compiler : compilers(source, part, windows)) {
            try {
                Command.run(compiler);
                return Files.move(part, program, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                said.add(e.getMessage());
            }
        }
        throw new IOException("cannot compile the C server: " + String.join("; ", said)
                + ". Install a compiler, or leave c and c-best out of --servers");
    }

    private static List<List<String>> compilers(Path source, Path program, boolean windows) {
        List<String> gcc = List.of("gcc", "-O2", source.toString(), "-o", program.toString(), "-lws2_32");
        List<String> cross = new ArrayList<>(gcc);
        cross.set(0, "x86_64-w64-mingw32-gcc");
        return !windows ? List.of(cross) : List.of(gcc,
                List.of("cl", "/nologo", "/O2", source.toString(), "/Fe" + program, "/Fo" + program + ".obj"));
    }

    private static String digest(Path source) throws IOException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(source));
            return HexFormat.of().formatHex(digest).substring(0, DIGEST_CHARACTERS);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
