package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code examples/http} and {@code examples/redis} in Windows JVMs, under the tools that others have made: curl, ab,
 * wrk and redis-benchmark. None may meet an error, and no server may need more memory than it is given here.
 */
@Tag("packaged")
@Tag("slow")
@Timeout(300)
@DisabledIf("org.iocp4j.packaging.Examples#thereIsNoCompiler")
class ExampleToolsTest {
    /** Of the heap; a body of 50 MB is not to be held in it twice. */
    private static final String HEAP = "-Xmx64m";
    private static final byte[] LARGE = new byte[50_000_000];

    private static Examples examples;
    private static Path folder;
    private static Path large;
    private static ExampleServer http;
    private static ExampleServer redis;

    @BeforeAll
    static void begin() throws Exception {
        examples = new Examples();
        folder = examples.folder;
    }

    /** Started by the first test whose tool is there. */
    private static ExampleServer http() throws Exception {
        if (http == null) {
            new Random(1).nextBytes(LARGE);
            Path served = Files.createDirectories(folder.resolve("served"));
            large = Files.write(served.resolve("large.bin"), LARGE);
            http = examples.serve("http", "example.http/example.http.Main", List.of(HEAP), "0", served.toString());
        }
        return http;
    }

    private static ExampleServer redis() throws Exception {
        if (redis == null) {
            redis = examples.serve("redis", "example.redis/example.redis.Main", List.of(HEAP), "0");
        }
        return redis;
    }

    @AfterAll
    static void stop() {
        for (ExampleServer server : new ExampleServer[] {http, redis}) {
            if (server != null) {
                server.close();
            }
        }
    }

    private static String url(String path) throws Exception {
        return "http://127.0.0.1:" + http().port() + path;
    }

    @Test
    void curlMovesABodyOf50MegabytesBothWays() throws Exception {
        Tool curl = Tool.require("curl");
        Path copy = folder.resolve("copy.bin");
        curl.output(folder, "-sS", "-f", "-o", copy.toString(), url("/files/large.bin"));
        assertThat(Files.mismatch(large, copy)).isEqualTo(-1);
        CRC32 crc = new CRC32();
        crc.update(LARGE);
        String counted = "%d bytes, CRC-32 %08x\n".formatted(LARGE.length, crc.getValue());
        assertThat(curl.output(folder, "-sS", "-f", "-T", large.toString(), url("/upload"))).isEqualTo(counted);
        assertThat(curl.output(folder, "-sS", "-f", "-T", large.toString(), "-H", "Transfer-Encoding: chunked",
                url("/upload"))).as("in chunks").isEqualTo(counted);
        http().requireBoundedMemory();
    }

    @Test
    void abMeetsNoErrorWithAConnectionForEachRequest() throws Exception {
        Tool ab = Tool.require("ab");
        assertThat(ab.output(folder, "-q", "-n", "3000", "-c", "20", url("/bytes/100")))
                .containsPattern("Complete requests: +3000\n").containsPattern("Failed requests: +0\n")
                .doesNotContain("Non-2xx");
        http().requireBoundedMemory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "50"})
    void wrkMeetsNoErrorOnConnectionsThatStay(String connections) throws Exception {
        Tool wrk = Tool.require("wrk");
        for (String path : List.of("/bytes/100", "/bytes/1000000")) {
            assertThat(wrk.output(folder, "-t", "1", "-c", connections, "-d", "2s", "--timeout", "30s", url(path)))
                    .containsPattern("[1-9][0-9]* requests in").doesNotContain("Socket errors", "Non-2xx");
        }
        http().requireBoundedMemory();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-P 1", "-P 16", "-c 4 -d 100000", "-c 2 -d 4194304"})
    void redisBenchmarkMeetsNoError(String options) throws Exception {
        Tool benchmark = Tool.require("redis-benchmark");
        String requests = options.contains("-d 4194304") ? "20" : options.contains("-d") ? "200" : "20000";
        String tests = options.contains("-d") ? "set,get" : "ping,set,get,incr";
        String output = benchmark.output(folder, ("-h 127.0.0.1 -p " + redis().port() + " -q -e -n " + requests + " -t "
                + tests + " " + options).split(" "));
        assertThat(output.toLowerCase()).doesNotContain("error").contains("get: ", "requests per second");
        redis().requireBoundedMemory();
    }
}
