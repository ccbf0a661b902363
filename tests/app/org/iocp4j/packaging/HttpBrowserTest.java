package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;

/**
 * A page from {@code examples/http} in a Windows JVM, over TLS, in headless Chromium: a style sheet, a picture, a
 * script, a large file, many answers at a time, and an upload.
 */
@Tag("packaged")
@Tag("slow")
@Timeout(180)
@DisabledIf("org.iocp4j.packaging.Examples#thereIsNoCompiler")
class HttpBrowserTest {
    private static final String PAGE = """
            <!DOCTYPE html><html><head><title>page</title><link rel="stylesheet" href="style.css">
            <link rel="icon" href="data:,"></head>
            <body><img id="image" src="image.png"><script src="script.js"></script></body></html>
            """;
    private static final String STYLE = "body { color: rgb(1, 2, 3) }\n/*" + "*".repeat(40_000) + "*/\n";
    /** {@code --dump-dom} prints the attributes of the page when all it has asked for is there. */
    private static final String SCRIPT = """
            function crc32(bytes) {
              let crc = -1;
              for (const byte of bytes) {
                crc ^= byte;
                for (let i = 0; i < 8; i++) crc = crc & 1 ? crc >>> 1 ^ 0xEDB88320 : crc >>> 1;
              }
              return (~crc >>> 0).toString(16).padStart(8, '0');
            }
            addEventListener('load', async () => {
              const told = document.documentElement.dataset;
              try {
                const image = document.getElementById('image');
                told.image = image.naturalWidth + 'x' + image.naturalHeight;
                told.color = getComputedStyle(document.body).color;
                told.scheme = location.protocol;
                const large = await (await fetch('large.bin')).arrayBuffer();
                told.large = large.byteLength + ' ' + crc32(new Uint8Array(large));
                const asked = [...Array(40).keys()].map(i => fetch('/bytes/' + i * 10000));
                const sizes = await Promise.all(asked.map(async each => (await (await each).blob()).size));
                told.sizes = sizes.filter((size, i) => size === i * 10000).length;
                told.upload = (await (await fetch('/upload', {method: 'POST', body: large})).text()).trim();
                told.missing = (await fetch('none')).status;
              } catch (e) {
                told.failed = e;
              }
            });
            """;

    @Test
    void aPageAndAllThatItAsksForIsLoadedOverTls() throws Exception {
        Tool chromium = Tool.require("chromium", "chromium-headless-shell", "google-chrome");
        Examples examples = new Examples();
        Path keys = examples.keyStore();
        Path served = Files.createDirectories(examples.folder.resolve("served"));
        byte[] large = new byte[8_000_000];
        new Random(1).nextBytes(large);
        CRC32 crc = new CRC32();
        crc.update(large);
        Files.write(served.resolve("large.bin"), large);
        Files.writeString(served.resolve("index.html"), PAGE);
        Files.writeString(served.resolve("style.css"), STYLE);
        Files.writeString(served.resolve("script.js"), SCRIPT);
        ImageIO.write(noise(), "png", served.resolve("image.png").toFile());
        try (ExampleServer server = examples.serve("http", "example.http/example.http.Main", List.of("-Xmx64m"), "0",
                served.toString(), keys.toString(), Examples.PASSWORD)) {
            String page = chromium.output(examples.folder, "--headless", "--no-sandbox", "--disable-gpu",
                    "--disable-quic", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
                    "--virtual-time-budget=60000", "--user-data-dir=" + examples.folder.resolve("profile"),
                    "--ignore-certificate-errors-spki-list=" + keyDigest(keys), "--dump-dom",
                    "https://127.0.0.1:" + server.port() + "/files/index.html");
            assertThat(attribute(page, "failed")).isNull();
            assertThat(attribute(page, "scheme")).isEqualTo("https:");
            assertThat(attribute(page, "color")).isEqualTo("rgb(1, 2, 3)");
            assertThat(attribute(page, "image")).isEqualTo("600x400");
            String all = "%08x".formatted(crc.getValue());
            assertThat(attribute(page, "large")).isEqualTo(large.length + " " + all);
            assertThat(attribute(page, "sizes")).as("answers, six connections at a time").isEqualTo("40");
            assertThat(attribute(page, "upload")).isEqualTo(large.length + " bytes, CRC-32 " + all);
            assertThat(attribute(page, "missing")).isEqualTo("404");
        }
    }

    /** As large as a picture is: it cannot be compressed. */
    private static BufferedImage noise() {
        BufferedImage image = new BufferedImage(600, 400, BufferedImage.TYPE_INT_RGB);
        Random random = new Random(2);
        for (int i = 0; i < 600 * 400; i++) {
            image.setRGB(i % 600, i / 600, random.nextInt());
        }
        return image;
    }

    /** By which Chromium trusts this certificate, and no other. */
    private static String keyDigest(Path keys) throws Exception {
        KeyStore store = KeyStore.getInstance(keys.toFile(), Examples.PASSWORD.toCharArray());
        byte[] key = store.getCertificate(store.aliases().nextElement()).getPublicKey().getEncoded();
        return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
    }

    /** Null: the page has none. */
    private static String attribute(String page, String name) {
        Matcher found = Pattern.compile(" data-" + name + "=\"([^\"]*)\"").matcher(page);
        return found.find() ? found.group(1) : null;
    }
}
