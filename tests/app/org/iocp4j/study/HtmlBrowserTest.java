package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The page in a real browser, at a phone's and at a desktop's width, light and dark. Pictures stay in
 * target/study-html.
 */
@Timeout(300)
class HtmlBrowserTest {
    private static final List<String> BROWSERS = List.of("chromium", "chromium-browser", "google-chrome", "chrome");
    private static final Path PICTURES = Path.of("target", "study-html");
    /** Opens all that is folded, measures, and tells the page around it. */
    private static final String MEASURE = """
            <script>
            addEventListener('load', () => {
              document.querySelectorAll('details').forEach(d => d.open = true);
              const out = [...document.body.querySelectorAll('*')].filter(e => !e.closest('.scroll, pre, .defs')
                  && e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.tagName + '.' +
                  e.getAttribute('class'));
              parent.postMessage([innerWidth, document.documentElement.scrollWidth,
                  getComputedStyle(document.body).backgroundColor, out.length, out.slice(0, 5)].join(';'), '*');
            });
            </script></body>""";
    /** A window of a browser is never as narrow as a phone; a frame is. {@code --dump-dom} prints the attribute. */
    private static final String FRAME = """
            <!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"><script>
            addEventListener('message', message => document.documentElement.dataset.measured = message.data);
            </script></head><body><iframe src="measured.html" width="%d" height="800"
            frameborder="0"></iframe></body></html>
            """;

    private static String browser;
    private static String page;

    @TempDir
    private Path folder;

    @BeforeAll
    static void pageAndBrowser() {
        browser = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(path -> BROWSERS.stream().map(name -> new File(path, name))).filter(File::canExecute)
                .findFirst()
                .map(File::getPath).orElse(null);
        assumeTrue(browser != null, "the page was not looked at in a browser: none of " + BROWSERS + " is installed");
        List<Study.Result> results = new ArrayList<>(HtmlPages.simulated());
        results.add(HtmlPages.wide());
        results.add(HtmlPages.failed("failed", "CreateIoCompletionPort".repeat(30)));
        page = HtmlPages.page(results.toArray(Study.Result[]::new));
    }

    @ParameterizedTest
    @CsvSource({"360, light", "360, dark", "1280, light", "1280, dark"})
    void fitsAndSaysNothingOnTheConsole(int width, String scheme) throws IOException, InterruptedException {
        Files.writeString(folder.resolve("measured.html"), page.replace("</body>", MEASURE));
        Path file = Files.writeString(folder.resolve("frame.html"), String.format(Locale.ROOT, FRAME, width));
        String[] output = browse(width, scheme, "--dump-dom", file);
        Matcher measured = Pattern.compile("data-measured=\"(\\d+);(\\d+);([^;]*);(\\d+);([^\"]*)\"")
                .matcher(output[0]);
        assertThat(measured.find()).as("measured").isTrue();
        assertThat(measured.group(1)).as("window").isEqualTo(Integer.toString(width));
        assertThat(Integer.parseInt(measured.group(2))).as("page in a window of %d", width).isLessThanOrEqualTo(width);
        assertThat(measured.group(4)).as("elements that stick out: %s", measured.group(5)).isEqualTo("0");
        int red = Integer.parseInt(measured.group(3).replaceAll("\\D+(\\d+).*", "$1"));
        assertThat(red < 128).as("dark paper, %s", measured.group(3)).isEqualTo(scheme.equals("dark"));
        assertThat(output[1].lines().filter(line -> line.contains("CONSOLE"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"360, light", "360, dark", "1280, light", "1280, dark"})
    void canBeSeen(int width, String scheme) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("page.html"), page);
        Path picture = Files.createDirectories(PICTURES).resolve(width + "-" + scheme + ".png").toAbsolutePath();
        Files.deleteIfExists(picture);
        browse(width, scheme, "--screenshot=" + picture, file);
        BufferedImage image = Optional.ofNullable(ImageIO.read(picture.toFile())).orElseThrow();
        assertThat(image.getWidth()).isEqualTo(width);
        int[] pixels = image.getRGB(0, 0, width, image.getHeight(), null, 0, width);
        assertThat(Arrays.stream(pixels).distinct().count()).as("colours").isGreaterThan(20);
    }

    /** What it wrote to stdout and to stderr. */
    private String[] browse(int width, String scheme, String what, Path file) throws IOException, InterruptedException {
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        Process process = new ProcessBuilder(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=5000",
                "--user-data-dir=" + folder.resolve("profile"),
                "--blink-settings=preferredColorScheme=" + (scheme.equals("dark") ? 0 : 1),
                "--window-size=" + width + ",4000", what, file.toUri().toString())
                .redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ended", browser).isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(process.exitValue()).as("%s", Files.readString(err)).isZero();
        return new String[] {Files.readString(out), Files.readString(err)};
    }
}
