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

/** Makes a program of one C file, once for each state of the file. */
final class CCompiler {
    private static final int DIGEST_CHARACTERS = 12;

    private CCompiler() {
    }

    /**
     * A server for Windows, in a file below {@code folder} that is named by the source's digest.
     *
     * @throws IOException if no compiler succeeds; the message has what each said
     */
    static Path server(Path source, Path folder, boolean windows) throws IOException {
        Path part = part(folder);
        return compile(folder.resolve("echo-" + digest(source) + ".exe"), part,
                serverCompilers(source, part, windows), "the C server", "leave c and c-best out of --servers");
    }

    /** A client for Linux; otherwise as {@link #server}. */
    static Path client(Path source, Path folder) throws IOException {
        return client(source, folder, "gcc");
    }

    static Path client(Path source, Path folder, String compiler) throws IOException {
        Path part = part(folder);
        return compile(folder.resolve("client-" + digest(source)), part,
                List.of(List.of(compiler, "-O2", source.toString(), "-o", part.toString())), "the client on epoll",
                "leave --client out");
    }

    private static Path part(Path folder) {
        return folder.resolve(ProcessHandle.current().pid() + ".part.exe");
    }

    /** @param part what the compilers make, until it is whole */
    private static Path compile(Path program, Path part, List<List<String>> compilers, String what,
            String otherwise) throws IOException {
        if (Files.exists(program)) {
            return program;
        }
        Files.createDirectories(program.getParent());
        List<String> said = new ArrayList<>();
        for (List<String> compiler : compilers) {
            try {
                Command.run(compiler);
                return Files.move(part, program, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                said.add(e.getMessage());
            }
        }
        throw new IOException("cannot compile " + what + ": " + String.join("; ", said)
                + ". Install a compiler, or " + otherwise);
    }

    private static List<List<String>> serverCompilers(Path source, Path program, boolean windows) {
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
