package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.server.Settled.LONGEST;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.iocp4j.tls.TlsHandler;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** curl and openssl, which are not Java's TLS, and a server in a Windows JVM under Wine. */
@Timeout(180)
@EnabledOnOs(OS.LINUX)
class TlsToolsTest extends WineTestBed {
    private static final String PASSWORD = "password";

    @TempDir
    private static Path folder;
    private static Path certificate;

    private Process server;
    private BufferedReader lines;
    private String port;

    private static synchronized void makeKeys() throws Exception {
        if (certificate == null) {
            keytool("-genkeypair", "-alias", "test", "-keyalg", "EC", "-dname", "CN=localhost", "-ext",
                    "SAN=ip:127.0.0.1,dns:localhost", "-storetype", "PKCS12");
            Path exported = folder.resolve("certificate.pem");
            keytool("-exportcert", "-rfc", "-alias", "test", "-file", exported.toString());
            certificate = exported;
        }
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", folder.resolve("keys.p12").toString(), "-storepass", PASSWORD));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(Redirect.DISCARD)
                .start();
        assertThat(keytool.waitFor()).isZero();
    }

    @BeforeEach
    void serve() throws Exception {
        makeKeys();
        List<String> command = new ArrayList<>(windowsJava(
                Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator)), TlsServer.class));
        command.addAll(List.of("Z:" + folder.resolve("keys.p12"), PASSWORD));
        server = started(new ProcessBuilder(command).redirectError(Redirect.DISCARD));
        lines = server.inputReader();
        String ready = lines.readLine();
        assertThat(ready).startsWith("ready ");
        port = ready.substring("ready ".length());
    }

    private static void assumeThereIs(String program) {
        assumeTrue(Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(path -> Files.isExecutable(Path.of(path, program))), program + " is not there");
    }

    private void expect(String... expected) throws IOException {
        for (String line : expected) {
            assertThat(lines.readLine()).startsWith(line);
        }
    }

    private int curl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("curl", "--silent", "--max-time", "60", "--cacert",
                certificate.toString(), "--resolve", "localhost:" + port + ":127.0.0.1"));
        command.addAll(List.of(arguments));
        Process curl = started(new ProcessBuilder(command).redirectError(Redirect.DISCARD));
        assertThat(curl.waitFor(LONGEST.toSeconds() * 2, TimeUnit.SECONDS)).isTrue();
        return curl.exitValue();
    }

    private String url(String scheme, int bytes) {
        return scheme + "://localhost:" + port + "/" + bytes;
    }

    @Test
    void curlGetsEachByteAndPlainHttpAnEnd() throws Exception {
        assumeThereIs("curl");
        Path out = folder.resolve("out");
        assertThat(curl("--output", out.toString(), url("https", 5_000_000), url("https", 7))).isZero();
        assertThat(Files.size(out)).isEqualTo(5_000_000);
        expect("opened TLSv1.3 http/1.1", "closed PEER_CLOSED null");
        assertThat(curl("--tls-max", "1.2", "--output", out.toString(), url("https", 3_000_000))).isZero();
        assertThat(Files.size(out)).isEqualTo(3_000_000);
        expect("opened TLSv1.2 http/1.1", "closed PEER_CLOSED null");
        assertThat(curl(url("http", 1))).as("an alert is no answer").isNotZero();
        expect("failed HANDSHAKE_FAILED");
        server.getOutputStream().close();
        expect("TlsStatistics[handshakes=2, handshakesFailed=1, handshakeTimeouts=0, closedInHandshake=0,");
    }

    private Process openssl(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", "127.0.0.1:" + port));
        command.addAll(List.of(arguments));
        return started(new ProcessBuilder(command).redirectErrorStream(true));
    }

    private static void type(Process client, String text) throws IOException {
        OutputStream out = client.getOutputStream();
        out.write(text.getBytes());
        out.flush();
    }

    private static void await(BufferedReader output, String text) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains(text)) {
                return;
            }
        }
        throw new AssertionError("no " + text);
    }

    /** New keys are no matter; many of them, and nothing else, are. */
    @Test
    void opensslAsksForNewKeys() throws Exception {
        assumeThereIs("openssl");
        Process client = openssl("-crlf", "-tls1_3");
        BufferedReader output = client.inputReader();
        expect("opened TLSv1.3");
        for (int i = 0; i < 3; i++) {
            type(client, "K\n");
            await(output, "KEYUPDATE");
            type(client, "GET /5 HTTP/1.1\n\n");
            await(output, "Content-Length: 5");
        }
        for (int i = 0; i <= TlsHandler.MOST_WITHOUT_DATA; i++) {
            type(client, "K\n");
            await(output, "KEYUPDATE");
        }
        expect("closed TLS_FAILED org.iocp4j.tls.TlsException: 33 records in a row");
    }

    @Test
    void opensslEndsInOrderAndMayNotBeginAgain() throws Exception {
        assumeThereIs("openssl");
        Process client = openssl("-tls1_2");
        expect("opened TLSv1.2");
        client.getOutputStream().close();
        expect("closed PEER_CLOSED null");
        Process other = openssl("-tls1_2");
        BufferedReader output = other.inputReader();
        expect("opened TLSv1.2");
        await(output, "Extended master secret");
        type(other, "R\n");
        expect("closed TLS_FAILED org.iocp4j.tls.TlsException: a second handshake");
        openssl("-verify_return_error"); // knows nobody who has signed our certificate
        expect("failed HANDSHAKE_FAILED");
    }
}
