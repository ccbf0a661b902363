package org.iocp4j.win32.generated;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

/** The bindings are those of the headers beside them. */
class HeaderDigestTest {

    private static final Path BASE =
            Path.of(System.getProperty("user.dir"));

    private static final Path BINDINGS = BASE.resolve("src/core/java/org/iocp4j/win32/generated");

    @Test
    void bindingsWereGeneratedFromTheseHeaders() throws Exception {
        String packageInfo = Files.readString(BINDINGS.resolve("package-info.java"));
        Matcher recorded = Pattern.compile("\\{@code ([0-9a-f]{64})}").matcher(packageInfo);
        assertThat(recorded.find())
                .as("package-info.java of the bindings names a digest; run ./jextract.sh")
                .isTrue();
        assertThat(recorded.group(1))
                .as("native-headers has changed since the bindings were generated: run ./jextract.sh")
                .isEqualTo(digestOfHeaders());
    }

    /** As in jextract.sh: for each file, by name, its name, a line feed, and its text without carriage returns. */
    private static String digestOfHeaders() throws Exception {
        var headers = new TreeMap<String, Path>();
        try (var files = Files.list(BASE.resolve("native-headers"))) {
            files.forEach(file -> headers.put(file.getFileName().toString(), file));
        }
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        headers.forEach((name, file) -> {
            sha256.update((name + "\n" + text(file)).getBytes(StandardCharsets.ISO_8859_1));
        });
        return HexFormat.of().formatHex(sha256.digest());
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).replace("\r", "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
