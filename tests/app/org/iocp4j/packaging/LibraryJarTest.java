package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.condition.OS;
import org.slf4j.Logger;

/** The library jar as its users get it: a module that needs slf4j-api and nothing else. */
@Tag("packaged")
@Timeout(120)
class LibraryJarTest {
    private Path folder;
    private List<Path> library;

    @BeforeEach
    void findLibrary() throws IOException {
        library = List.of(Jars.library("iocp4j-core"), Jars.library("iocp4j"));
        folder = Jars.newFolder(library.getFirst());
    }

    @Test
    void coreNeedsSlf4jAloneAndExportsWhatItsUsersName() {
        ModuleDescriptor core = module("org.iocp4j.core");
        assertThat(core.isAutomatic()).isFalse();
        assertThat(atRunTime(core)).extracting(ModuleDescriptor.Requires::name)
                .containsExactlyInAnyOrder("java.base", "org.slf4j");
        assertThat(core.exports()).filteredOn(export -> !export.isQualified())
                .extracting(ModuleDescriptor.Exports::source)
                .containsExactlyInAnyOrder("org.iocp4j.win32", "org.iocp4j.port", "org.iocp4j.socket");
        assertThat(core.opens()).isEmpty();
    }

    @Test
    void theServerNeedsCoreAndFlightRecorderAndGivesCoreToItsUsers() {
        ModuleDescriptor server = module("org.iocp4j");
        assertThat(server.isAutomatic()).isFalse();
        assertThat(atRunTime(server)).extracting(ModuleDescriptor.Requires::name)
                .containsExactlyInAnyOrder("java.base", "jdk.jfr", "org.iocp4j.core");
        assertThat(atRunTime(server)).filteredOn(needed -> needed.name().equals("org.iocp4j.core")).singleElement()
                .satisfies(needed ->
                    assertThat(needed.modifiers()).contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE));
        assertThat(server.exports()).filteredOn(export -> !export.isQualified())
                .extracting(ModuleDescriptor.Exports::source)
                .containsExactlyInAnyOrder("org.iocp4j.server", "org.iocp4j.tls");
        assertThat(server.opens()).isEmpty();
    }

    @Test
    void theNettyTransportNeedsCoreAndNettysTransportAlone() {
        library = List.of(Jars.library("iocp4j-core"), Jars.library("iocp4j-netty"));
        ModuleDescriptor netty = module("org.iocp4j.netty");
        assertThat(netty.isAutomatic()).isFalse();
        assertThat(atRunTime(netty)).extracting(ModuleDescriptor.Requires::name)
                .containsExactlyInAnyOrder("java.base", "org.iocp4j.core", "io.netty.buffer", "io.netty.common",
                        "io.netty.transport");
        assertThat(netty.exports()).extracting(ModuleDescriptor.Exports::source).containsExactly("org.iocp4j.netty");
        assertThat(netty.opens()).isEmpty();
    }

    private static List<ModuleDescriptor.Requires> atRunTime(ModuleDescriptor module) {
        return module.requires().stream()
                .filter(needed -> !needed.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC)).toList();
    }

    private ModuleDescriptor module(String name) {
        return ModuleFinder.of(library.toArray(Path[]::new)).find(name).orElseThrow().descriptor();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onAModulePathWithSlf4jAloneItSaysThatItNeedsWindows() throws Exception {
        Jars.Ended user = runUser();
        assertThat(user.out()).as("stderr: %s", user.err()).contains("Windows", System.getProperty("os.name"))
                .hasLineCount(1).doesNotContain("Exception");
        assertThat(user.exitCode()).isZero();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void onAModulePathWithSlf4jAloneItServes() throws Exception {
        Jars.Ended user = runUser();
        assertThat(user.out()).as("stderr: %s", user.err()).isEqualToIgnoringNewLines("hello");
        assertThat(user.exitCode()).isZero();
    }

    @Test
    @EnabledOnOs(OS.WINDOWS)
    void withoutTheRightToCallWindowsItNamesTheModuleThatNeedsIt() throws Exception {
        Jars.Ended user = runUser("user");
        assertThat(user.out()).as("stderr: %s", user.err()).isEqualToIgnoringNewLines("iocp4j needs native access,"
                + " which this JVM denies to the module org.iocp4j.core: start it with"
                + " --enable-native-access=org.iocp4j.core");
    }

    /**
     * It reaches memory by its address itself, and a JVM that denies it that says so only once, in an error of a class.
     */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_24)
    void theSimulatedKernelNamesItsOwnModule() throws Exception {
        assumeTrue(ToolProvider.getSystemJavaCompiler() != null, "needs a compiler");
        Path slf4j = Jars.of(Logger.class);
        String modules = Jars.path(library.get(0), Jars.library("iocp4j-simkernel"), slf4j);
        Path source = Files.writeString(folder.resolve("Kernel.java"), """
                package kernel;
                public class Kernel {
                    public static void main(String[] arguments) {
                        try {
                            new org.iocp4j.simkernel.SimulatedKernel(1, org.iocp4j.simkernel.FaultPlan.CALM);
                            System.out.println("made");
                        } catch (RuntimeException e) {
                            System.out.println(e.getMessage());
                        }
                    }
                }
                """);
        Path info = Files.writeString(folder.resolve("module-info.java"),
                "module kernel { requires org.iocp4j.simkernel; }");
        Path classes = folder.resolve("kernel");
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, System.err, "-d", classes.toString(),
                "--module-path", modules, source.toString(), info.toString())).isZero();
        List<String> arguments = List.of("--illegal-native-access=deny", "--module-path",
                classes + File.pathSeparator + modules, "-m", "kernel/kernel.Kernel");
        assertThat(Jars.java(folder, with("--enable-native-access=org.iocp4j.core", arguments)).out())
                .isEqualTo("iocp4j needs"
                + " native access, which this JVM denies to the module org.iocp4j.simkernel: start it with"
                + " --enable-native-access=org.iocp4j.simkernel" + System.lineSeparator());
        assertThat(Jars.java(folder, with("--enable-native-access=org.iocp4j.core,org.iocp4j.simkernel", arguments))
                .out())
                .isEqualTo("made" + System.lineSeparator());
    }

    private static List<String> with(String option, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of(option));
        all.addAll(arguments);
        return all;
    }

    /** Only the library's module may call Windows; its user needs no such right. */
    private Jars.Ended runUser() throws Exception {
        return runUser("org.iocp4j.core");
    }

    /** @param allowed the module that may call native code */
    private Jars.Ended runUser(String allowed) throws Exception {
        Path slf4j = Jars.of(Logger.class);
        Path user = ToolProvider.getSystemJavaCompiler() != null ? compiledUser(slf4j) : packedUser();
        List<String> arguments = new ArrayList<>(List.of("--enable-native-access=" + allowed));
        if (Runtime.version().feature() >= 24) {
            arguments.add("--illegal-native-access=deny");
        }
        arguments.addAll(List.of("--add-modules", "org.iocp4j", "--module-path",
                Jars.path(user, library.get(0), library.get(1), slf4j),
                "-m", "user/" + EchoOnce.class.getName()));
        return Jars.java(folder, arguments);
    }

    /** A module that requires org.iocp4j alone: it compiles only if what is exported is enough. */
    private Path compiledUser(Path slf4j) throws IOException, URISyntaxException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Path base = Path.of(System.getProperty("user.dir"));
        Path source = base.resolve("tests/app").resolve(EchoOnce.class.getName().replace('.', '/') + ".java");
        Path moduleInfo = Files.writeString(folder.resolve("module-info.java"), "module user { requires org.iocp4j; }");
        Path classes = folder.resolve("user");
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean compiled = compiler.getTask(messages, files, null,
                    List.of("-d", classes.toString(), "--module-path",
                    Jars.path(library.get(0), library.get(1), slf4j)),
                    null,
                    files.getJavaFileObjects(moduleInfo, source)).call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
        return classes;
    }

    /** Where there is no compiler: an automatic module of the class that Maven has compiled. */
    private Path packedUser() throws IOException {
        Path jar = folder.resolve("user.jar");
        String name = EchoOnce.class.getName().replace('.', '/') + ".class";
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                InputStream in = EchoOnce.class.getResourceAsStream("EchoOnce.class")) {
            out.putNextEntry(new JarEntry(name));
            in.transferTo(out);
        }
        return jar;
    }
}
