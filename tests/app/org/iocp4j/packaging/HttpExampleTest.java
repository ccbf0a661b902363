package org.iocp4j.packaging;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code examples/http} in a Windows JVM, with clients that are not ours. */
@Tag("packaged")
@Timeout(120)
@DisabledIf("org.iocp4j.packaging.Examples#thereIsNoCompiler")
class HttpExampleTest {
    private static final byte[] FILE = new byte[3_000_000];

    private static Examples examples;
    private static ExampleServer server;
    private static HttpClient client;
    private static Path served;

    @BeforeAll
    static void start() throws Exception {
        examples = new Examples();
        new Random(1).nextBytes(FILE);
        served = Files.createDirectories(examples.folder.resolve("served/sub")).getParent();
        Files.write(served.resolve("sub/a file.bin"), FILE);
        Files.writeString(examples.folder.resolve("secret.txt"), "not to be served");
        // Its heap has no room for what those who do not read have asked for.
        server = examples.serve("http", "example.http/example.http.Main", List.of("-Xmx64m"), "0", served.toString());
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
            client.close();
        }
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private static HttpResponse<byte[]> get(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofByteArray());
    }

    private static String upload(BodyPublisher body, boolean expectContinue) throws Exception {
        return client.send(HttpRequest.newBuilder(uri("/upload")).expectContinue(expectContinue).PUT(body).build(),
                BodyHandlers.ofString()).body();
    }

    private static String counted(byte... bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return "%d bytes, CRC-32 %08x\n".formatted(bytes.length, crc.getValue());
    }

    @Test
    void aBodyHasItsLengthOrComesInChunks() throws Exception {
        HttpResponse<byte[]> letters = get("/bytes/5000000");
        assertThat(letters.headers().firstValue("content-length")).hasValue("5000000");
        assertThat(letters.headers().firstValue("date")).isPresent();
        assertThat(letters.body()).hasSize(5_000_000).startsWith("abcdef".getBytes(US_ASCII));
        HttpResponse<byte[]> lines = get("/lines/50000");
        assertThat(lines.headers().firstValue("transfer-encoding")).hasValue("chunked");
        assertThat(new String(lines.body(), US_ASCII).lines())
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 50_000).mapToObj(i -> "line " + i).toList());
    }

    /** It would serve in the clear. */
    @Test
    void aKeyStoreWithoutItsPasswordIsRefused() throws Exception {
        Process process = examples.startModule("http", "example.http/example.http.Main", List.of(), "0",
                served.toString(), "keys.p12");
        try {
            assertThat(process.inputReader().readLine()).isNull();
            assertThat(process.waitFor()).isEqualTo(2);
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aFileComesWholeAndNoneFromElsewhere() throws Exception {
        assertThat(get("/files/sub/a%20file.bin").body()).isEqualTo(FILE);
        for (String path : List.of("/files/../secret.txt", "/files/%2e%2e/secret.txt", "/files/..%5csecret.txt",
                "/files/sub/../../secret.txt", "/files//etc/passwd", "/files/%5c%5c127.0.0.1%5cshare%5cname",
                "/files/C:%5cwindows%5cwin.ini", "/files/sub", "/files/none", "/files/%00", "/files/%zz")) {
            assertThat(answer("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")).as(path)
                    .startsWith("HTTP/1.1 404 Not Found\r\n");
        }
    }

    /** As many files wait as may: of one more the head is sent, and it is deleted before its turn comes. */
    @Test
    void aFileThatGoesBehindItsHeadCostsNoEarlierAnswer() throws Exception {
        int pauseMillis = 100;
        while (!hasGoneBehindItsHead(pauseMillis)) {
            pauseMillis *= 2; // it had gone before
        }
    }

    /** Whether the file was there when its head was sent; nobody tells when that is. */
    private static boolean hasGoneBehindItsHead(int pauseMillis) throws Exception {
        Path late = Files.writeString(served.resolve("late.txt"), "late");
        String file = "GET /files/sub/a%20file.bin HTTP/1.1\r\nHost: x\r\n\r\n";
        try (Socket socket = server.connect()) {
            send(socket, file.repeat(16) + "GET /files/late.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            byte[] begin = socket.getInputStream().readNBytes(15);
            assertThat(begin).isEqualTo("HTTP/1.1 200 OK".getBytes(US_ASCII));
            Thread.sleep(pauseMillis); // for the last head, which is not seen before all the files are read
            Files.delete(late);
            socket.shutdownOutput();
            byte[] rest = socket.getInputStream().readAllBytes();
            assertThat(rest.length).isBetween(16 * FILE.length, 16 * FILE.length + 17 * 512);
            String end = new String(rest, rest.length - 200, 200, US_ASCII);
            if (end.contains("HTTP/1.1 404 ")) {
                return false;
            }
            assertThat(end).contains("HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 4\r\n").endsWith("\r\n\r\n");
            return true;
        }
    }

    @Test
    void aFileThatNobodyMayReadIsNotThere() throws Exception {
        Path closed = Files.writeString(served.resolve("closed.txt"), "closed");
        closed.toFile().setReadable(false);
        assumeFalse(Files.isReadable(closed), "root may, and Windows does not know this");
        String begin = "GET /bytes/3 HTTP/1.1\r\nHost: x\r\n\r\n";
        assertThat(answer(begin + "GET /files/closed.txt HTTP/1.1\r\nHost: x\r\n\r\n"))
                .containsSubsequence("HTTP/1.1 200 OK\r\n", "\r\n\r\nabcHTTP/1.1 404 Not Found\r\n");
    }

    /** What the server answers until it ends the connection. */
    private static String answer(String request) throws IOException {
        return new String(server.exchange(request.getBytes(US_ASCII)), US_ASCII);
    }

    @Test
    void anUploadMayHaveALengthOrComeInChunks() throws Exception {
        byte[] body = new byte[30_000_000];
        new Random(2).nextBytes(body);
        assertThat(upload(BodyPublishers.ofByteArray(body), false)).isEqualTo(counted(body));
        server.requireBoundedMemory();
        assertThat(upload(BodyPublishers.ofByteArray(FILE), true)).isEqualTo(counted(FILE));
        assertThat(upload(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(FILE)), false))
                .isEqualTo(counted(FILE));
    }

    @Test
    void aHeadOfAResponseHasNoBody() throws Exception {
        assertThat(answer("HEAD /bytes/10 HTTP/1.1\r\nHost: x\r\n\r\nGET /bytes/3 HTTP/1.1\r\nHost: x\r\n\r\n"))
                .containsSubsequence("Content-Length: 10\r\n\r\nHTTP/1.1 200 OK\r\n", "Content-Length: 3\r\n\r\nabc");
    }

    @Test
    void aHeadThatIsRefusedGetsNoBodyEither() throws Exception {
        assertThat(answer("HEAD / HTTP/1.1\r\n\r\n")).startsWith("HTTP/1.1 400 ").endsWith("\r\n\r\n");
        assertThat(answer("HEAD / HTTP/1.1\r\n" + "Name: value\r\n".repeat(1_000))).startsWith("HTTP/1.1 431 ")
                .endsWith("\r\n\r\n");
    }

    @Test
    void allThatWasAskedBeforeTheEndOfTheInputIsAnswered() throws Exception {
        String one = "GET /bytes/100 HTTP/1.1\r\nHost: x\r\n\r\n";
        assertThat(answer(one.repeat(20_000)).split("HTTP/1.1 200 OK\r\n")).hasSize(20_001);
        server.requireBoundedMemory();
    }

    @Test
    void aRequestMayComeByteByByte() throws Exception {
        try (Socket socket = server.connect()) {
            socket.setTcpNoDelay(true);
            String head = "POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
            String body = "3;name=\"value\"\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
            for (byte each : (head + body).getBytes(US_ASCII)) {
                socket.getOutputStream().write(each);
            }
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .endsWith("\r\n\r\n" + counted("abcde".getBytes(US_ASCII)));
        }
    }

    @Test
    void whoIsTooLargeIsToldBeforeHeSends() throws Exception {
        try (Socket socket = server.connect()) {
            send(socket, "PUT /upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 64000001\r\n\r\n");
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .startsWith("HTTP/1.1 413 Content Too Large\r\n").contains("\r\nConnection: close\r\n");
        }
        try (Socket socket = server.connect()) { // and reads it, though he sends on
            send(socket, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 64000001\r\n\r\n");
            socket.getOutputStream().write(FILE);
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .startsWith("HTTP/1.1 413 Content Too Large\r\n");
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(US_ASCII));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "GET / HTTP/1.1                                                                 | 400",
        "GET / HTTP/1.1#Host: x#Host: y                                                 | 400",
        "GET / HTTP/1.1#Host : x                                                        | 400",
        "GET / HTTP/1.1#Host: a b                                                       | 400",
        "GET / HTTP/1.1#Host: x, y                                                      | 400",
        "GET / HTTP/1.1#Host: x:y                                                       | 400",
        "GET / HTTP/1.1#Host: [::1]:80                                                  | 200",
        "GET / HTTP/1.1#Host: x.example:80                                              | 200",
        "GET / HTTP/1.1#Host:                                                           | 200",
        "GET / HTTP/1.1#Host: x# folded                                                 | 400",
        "GET  / HTTP/1.1#Host: x                                                        | 400",
        "GET / HTTP/1.1#Host: x#Content-Length: +1                                      | 400",
        "POST /upload HTTP/1.1#Host: x#Content-Length: 3#Content-Length: 3              | 400",
        "POST /upload HTTP/1.1#Host: x#Content-Length: 3#Transfer-Encoding: chunked     | 400",
        "POST /upload HTTP/1.1#Host: x#Transfer-Encoding: chunked##z#abc#0##            | 400",
        "POST /upload HTTP/1.1#Host: x#Transfer-Encoding: chunked##1#abc#0##            | 400",
        "POST /upload HTTP/1.1#Host: x#Transfer-Encoding: chunked##3d09001##            | 413",
        "POST /upload HTTP/1.1#Host: x#Transfer-Encoding: gzip                          | 501",
        "POST / HTTP/1.1#Host: x                                                        | 405",
        "GET /upload HTTP/1.1#Host: x                                                   | 405",
        "GET /none HTTP/1.1#Host: x                                                     | 404",
        "GET http://x/bytes/1?query HTTP/1.1#Host: x                                    | 200",
        "GET http://x?query=/none HTTP/1.1#Host: x                                      | 200",
        "GET http://x HTTP/1.1#Host: x                                                  | 200",
        "GET / HTTP/1.0                                                                 | 200",
        "GET / HTTP/2.0#Host: x                                                         | 505",
        "GET / HTTP/1.1#Host: x#Expect: something                                       | 417"})
    void aRequestIsUnderstoodOrRefused(String request, String status) throws IOException {
        assertThat(answer(request.replace("#", "\r\n") + "\r\n\r\n")).startsWith("HTTP/1.1 " + status + " ");
    }

    /** What one side strips and the other does not is where a second request hides. */
    @Test
    void noOtherBlanksThanBlanksAndTabsAreStripped() throws IOException {
        String begin = "POST /upload HTTP/1.1\r\nHost: x\r\n";
        for (String rest : new String[] {"Transfer-Encoding: \013chunked\r\n\r\n0\r\n\r\n",
            "X:\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n\0131\r\na\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\na\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1;a\177\r\na\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: 1\r2\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: \0001\r\n\r\n"}) {
            assertThat(answer(begin + rest)).startsWith("HTTP/1.1 400 ");
        }
        assertThat(answer(begin + "Transfer-Encoding:\t chunked \r\n\r\n1 \r\na\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aHeadHasALimit() throws IOException {
        String field = "Name: " + "v".repeat(1_000) + "\r\n";
        String begin = "GET / HTTP/1.1\r\nHost: x\r\n";
        assertThat(answer(begin + field.repeat(7) + "\r\n")).startsWith("HTTP/1.1 200 ");
        assertThat(answer(begin + field.repeat(100))).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void soItDoesThroughTls() throws Exception {
        Examples examples = new Examples();
        Path keys = examples.keyStore();
        Path folder = Files.createDirectories(examples.folder.resolve("served"));
        Files.write(folder.resolve("file.bin"), FILE);
        try (ExampleServer secure = examples.serve("http", "example.http/example.http.Main", List.of(), "0",
                folder.toString(), keys.toString(), Examples.PASSWORD);
                HttpClient trusting = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
                        .sslContext(trusting(keys)).build()) {
            String address = "https://127.0.0.1:" + secure.port();
            assertThat(trusting.send(HttpRequest.newBuilder(URI.create(address + "/files/file.bin")).build(),
                    BodyHandlers.ofByteArray()).body()).isEqualTo(FILE);
            assertThat(trusting.send(HttpRequest.newBuilder(URI.create(address + "/upload"))
                    .POST(BodyPublishers.ofByteArray(FILE)).build(), BodyHandlers.ofString()).body())
                    .isEqualTo(counted(FILE));
        }
    }

    private static SSLContext trusting(Path keys) throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(KeyStore.getInstance(keys.toFile(), Examples.PASSWORD.toCharArray()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** They cost a send queue each, and nobody else notices. */
    @Test
    void whoDoesNotReadKeepsNobodyWaiting() throws Exception {
        List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 300; i++) {
                Socket socket = server.connect();
                silent.add(socket);
                send(socket, "GET /bytes/50000000 HTTP/1.1\r\nHost: x\r\n\r\n");
            }
            assertThat(get("/bytes/1000000").body()).hasSize(1_000_000);
            InputStream late = silent.getFirst().getInputStream();
            assertThat(new String(late.readNBytes(15), US_ASCII)).isEqualTo("HTTP/1.1 200 OK");
            server.requireBoundedMemory();
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
        assertThat(get("/bytes/10").body()).isEqualTo("abcdefghij".getBytes(US_ASCII));
    }
}
