package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code iocp4j.cmd} in Wine's cmd, in a folder whose name has what cmd.exe takes for more than a letter. Its JDK is
 * the test bed's, to which a javac is pretended; Maven and the application are stand-ins that tell what they were
 * given. What Wine's cmd cannot show, the file says itself.
 */
@Timeout(600)
@EnabledOnOs(OS.LINUX)
class CmdLauncherTest extends WineTestBed {
    private static final String WITH_JDK = "@set \"JAVA_HOME=%~dp0jdk\"";
    private static final String WITH_MAVEN = "@set \"PATH=%~dp0ma ven & co;%PATH%\"";

    @TempDir
    private Path folder;
    private Path home;
    private String out;
    private String err;

    @BeforeEach
    void makeProject() throws Exception {
        boolean umlauts = Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder().canEncode('\u00f6');
        home = Files.createDirectory(folder.resolve((umlauts ? "w\u00f6rk" : "work") + " (dir) & co ^ !x!"));
        Files.copy(BASE.resolve("iocp4j.cmd"), home.resolve("iocp4j.cmd"));
        Files.writeString(home.resolve("pom.xml"), "<project/>");
        Path sources = Files.createDirectories(home.resolve("src/launcher"));
        Path prepare = Files.copy(BASE.resolve("src/launcher/Prepare.java"), sources.resolve("Prepare.java"));
        // The test bed has no compiler: this is what "Prepare.java compile" leaves.
        Path built = Files.createDirectories(home.resolve("target/launcher"));
        compile(prepare, built);
        Files.copy(prepare, built.resolve("Prepare.java"));
        makeJdk(home.resolve("jdk"), "25.0.2");
        makeApplication(home.resolve("app.jar"));
        batch(home.resolve("ma ven & co/mvn.cmd"), "@echo maven %*", "@echo built>>builds.txt",
                "@mkdir target\\iocp4j-app 2>nul", "@copy app.jar target\\iocp4j-app\\iocp4j-app-0.jar >nul",
                "@exit /b 0");
    }

    /** JUnit has a warning for each link that leads out of the temporary folder. */
    @AfterEach
    void removeLinks() throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    /** What the launcher takes for a JDK. */
    private static void pretendJdk(Path jdk, String version) throws IOException {
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"" + version + "\"\n");
        Files.createFile(jdk.resolve("bin/javac.exe"));
    }

    /** With the test bed's JVM in it. */
    private static void makeJdk(Path jdk, String version) throws IOException {
        pretendJdk(jdk, version);
        Path bed = windowsJdk();
        for (String name : List.of("conf", "lib")) {
            Files.createSymbolicLink(jdk.resolve(name), bed.resolve(name));
        }
        try (DirectoryStream<Path> programs = Files.newDirectoryStream(bed.resolve("bin"))) {
            for (Path program : programs) {
                Files.createSymbolicLink(jdk.resolve("bin").resolve(program.getFileName()), program);
            }
        }
    }

    /** Prints its arguments, or whether it knows the project's folder, and ends with 7 unless it is to serve. */
    private void makeApplication(Path jar) throws IOException {
        Path source = Files.writeString(folder.resolve("Application.java"), """
                import java.io.File;
                import java.lang.management.ManagementFactory;
                public class Application {
                    public static void main(String[] arguments) {
                        if (arguments[0].equals("home")) {
                            System.out.print(new File(System.getProperty("iocp4j.home"), "pom.xml").exists() + " ");
                        }
                        if (arguments[0].equals("options")) {
                            System.out.print(ManagementFactory.getRuntimeMXBean().getInputArguments() + " ");
                        }
                        System.out.print("got");
                        for (String argument : arguments) {
                            System.out.print(" <" + argument + ">");
                        }
                        System.out.println();
                        System.exit(arguments[0].equals("serve") ? 0 : 7);
                    }
                }
                """);
        compile(source, folder);
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "Application");
        try (JarOutputStream entries = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            entries.putNextEntry(new JarEntry("Application.class"));
            Files.copy(folder.resolve("Application.class"), entries);
        }
    }

    private static void compile(Path source, Path into) {
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, "--release", "22", "-d", into.toString(),
                source.toString())).isZero();
    }

    private static void batch(Path file, String... lines) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, String.join("\r\n", lines) + "\r\n", StandardCharsets.US_ASCII);
    }

    /** What a user types, and its exit code. @param lines of a batch file, the last one of which starts the launcher */
    private int run(String... lines) throws Exception {
        batch(home.resolve("run.cmd"), lines);
        Path output = folder.resolve("out.txt");
        Path errors = folder.resolve("err.txt");
        Process cmd = started(windowsProgram(home, "cmd", "/c", "run.cmd").redirectOutput(output.toFile())
                .redirectError(errors.toFile()));
        int exit = cmd.waitFor(); // a dozen JVMs and programs: the class has a limit
        out = Files.readString(output, StandardCharsets.ISO_8859_1).replace("\r", "");
        err = Files.readString(errors, StandardCharsets.ISO_8859_1).replace("\r", "")
                .replace("NOTE: Picked up JDK_JAVA_OPTIONS: -XX:-PrintWarnings\n", "");
        return exit;
    }

    private List<String> built(String ending) throws IOException {
        try (Stream<Path> files = Files.list(home.resolve("target/launcher"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("iocp4j-") && name.endsWith(ending)).toList();
        }
    }

    @Test
    @Tag("slow")
    void argumentsArriveAsTypedAndEachStateOfTheSourcesHasItsJar() throws Exception {
        String[] typed = {WITH_JDK, WITH_MAVEN,
            "@iocp4j.cmd bench \"x & y\" -Da=b \"a)b\" \"(c^d\" !e! \"f|g>h\" \"\" i;j,k"};
        String arrived = "got <bench> <x & y> <-Da=b> <a)b> <(c^d> <!e!> <f|g>h> <> <i;j,k>\n";
        assertThat(run(typed)).as(() -> err).isEqualTo(7);
        assertThat(out).isEqualTo(arrived);
        assertThat(err).contains("iocp4j: building the application ...", "iocp4j: making an archive of the classes");
        assertThat(built(".jar")).hasSize(1);
        assertThat(built(".aot")).singleElement().satisfies(name ->
                assertThat(home.resolve("target/launcher").resolve(name)).isNotEmptyFile());

        assertThat(run(typed)).isEqualTo(7);
        assertThat(out).isEqualTo(arrived);
        assertThat(err).doesNotContain("building", "making", "[error]", "[warning]");

        Files.writeString(Files.createDirectories(home.resolve("examples/redis/src")).resolve("More.java"),
                "class More { }");
        assertThat(run(typed)).isEqualTo(7);
        assertThat(out).isEqualTo(arrived);
        assertThat(built(".jar")).as("a JVM may run from the first one").hasSize(2);
        assertThat(home.resolve("builds.txt")).content().hasLineCount(2);
    }

    @Test
    void commandsOfTheLauncherItself() throws Exception {
        assertThat(run(WITH_JDK, WITH_MAVEN, "@iocp4j.cmd test -Pslow -Dtest=A+B \"-DargLine=x & (y)\"")).isZero();
        assertThat(out).startsWith("maven -B -ntp -f \"").contains("\\pom.xml\"")
                .endsWith(" -Pslow -Dtest=A+B \"-DargLine=x & (y)\" verify\n");
        assertThat(run(WITH_JDK, WITH_MAVEN, "@iocp4j.cmd test")).isZero();
        assertThat(out).endsWith(" -Dsurefire.failIfNoSpecifiedTests=false  verify\n");
        assertThat(run(WITH_JDK, "@iocp4j.cmd java -cp app.jar Application \"x & y\" a=b")).isEqualTo(7);
        assertThat(out).isEqualTo("got <x & y> <a=b>\n");
        assertThat(run("@iocp4j.cmd setup")).isZero();
        assertThat(out).contains("nothing to set up on Windows").hasLineCount(1);
    }

    @Test
    void whereThereIsNoMavenTheWrapperIsIt() throws Exception {
        batch(home.resolve("mvnw.cmd"), "@echo wrapper %*", "@if not exist target\\iocp4j-app mkdir target\\iocp4j-app",
                "@copy app.jar target\\iocp4j-app\\iocp4j-app-0.jar >nul", "@exit /b 0");
        assertThat(run(WITH_JDK, "@iocp4j.cmd test -Pslow")).isZero();
        assertThat(out).startsWith("wrapper -B -ntp -f \"").endsWith(" -Pslow verify\n");
        assertThat(run(WITH_JDK, "@iocp4j.cmd bench")).as(() -> err).isEqualTo(7);
        assertThat(out).isEqualTo("got <bench>\n");
        assertThat(err).contains("building the application: done");
    }

    @Test
    void anotherCurrentFolder() throws Exception {
        assertThat(run(WITH_JDK, "@set \"IOCP4J_APP_JAR=%~dp0app.jar\"", "@set \"HERE=%~dp0\"", "@cd ..",
                "@\"%HERE%iocp4j.cmd\" home")).as(() -> err).isEqualTo(7);
        assertThat(out).isEqualTo("true got <home>\n");
    }

    /** The JVM of a JDK before 24 or so does not know the tag, and would not start. */
    @Test
    void withoutAnArchiveNoOptionIsAboutArchives() throws Exception {
        assertThat(run(WITH_JDK, "@set \"IOCP4J_APP_JAR=%~dp0app.jar\"", "@iocp4j.cmd options")).as(() -> err)
                .isEqualTo(7);
        assertThat(out).contains("-Xlog:").doesNotContain("aot");
    }

    @Test
    void jdksPassedOverAreListed() throws Exception {
        Path vendors = home.resolve("vendors");
        pretendJdk(home.resolve("old jdk & co"), "17.0.1");
        pretendJdk(vendors.resolve("Zulu/zulu-21"), "21");
        pretendJdk(vendors.resolve("Eclipse Adoptium/jre-25"), "25.0.2+10");
        Files.delete(vendors.resolve("Eclipse Adoptium/jre-25/bin/javac.exe"));
        pretendJdk(home.resolve("user/.jdks/ea"), "19-ea");
        String[] places = {"@set \"JAVA_HOME=%~dp0old jdk & co\\\"", "@set \"ProgramFiles=%~dp0vendors\"",
            "@set \"USERPROFILE=%~dp0user\"", "@set \"IOCP4J_APP_JAR=%~dp0app.jar\"", "@iocp4j.cmd bench"};
        assertThat(run(places)).isOne();
        assertThat(err).contains("a JDK 22 or newer is needed").contains("old jdk & co\" (JDK 17.0.1)",
                "jre-25\" (JRE 25.0.2+10)", "zulu-21\" (JDK 21)", "ea\" (JDK 19-ea)").hasLineCount(3);
        makeJdk(home.resolve("user/scoop/apps/temurin-jdk/current"), "22");
        assertThat(run(places)).isEqualTo(7);
        assertThat(out).isEqualTo("got <bench>\n");
    }

    @Test
    void whatIsMissingIsOneLine() throws Exception {
        assertThat(run(WITH_JDK, "@set \"IOCP4J_APP_JAR=no & such.jar\"", "@iocp4j.cmd bench")).isOne();
        assertThat(err).isEqualTo("iocp4j: IOCP4J_APP_JAR names no file: \"no & such.jar\"\n");
        batch(home.resolve("ma ven & co/mvn.cmd"), "@echo it is line 5", "@exit /b 3");
        assertThat(run(WITH_JDK, WITH_MAVEN, "@iocp4j.cmd bench")).isOne();
        assertThat(err).contains("it is line 5\n").endsWith("iocp4j: the build failed\n");
        assertThat(out).isEmpty();
    }
}
