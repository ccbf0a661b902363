package org.iocp4j.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.slf4j.Logger;

/** The programs in {@code examples}, compiled here against the jars, and run in a Windows JVM. */
final class Examples {
    /** The JVM's option, without the modules. */
    static final String NATIVE = "--enable-native-access=";

    /** Of {@link #keyStore}. */
    static final String PASSWORD = "changeit";

    final Path core = Jars.library("iocp4j-core");
    final Path server = Jars.library("iocp4j");
    final Path slf4j;
    /** Where they are compiled to. */
    final Path folder;

    Examples() throws Exception {
        slf4j = Jars.of(Logger.class);
        folder = Jars.newFolder(core);
    }

    /** So the Windows JDK of the test bed: tests of the examples run in Linux' JVM, and start that one. */
    static boolean thereIsNoCompiler() {
        return ToolProvider.getSystemJavaCompiler() == null;
    }

    /** A key and a certificate for localhost and 127.0.0.1, made now. */
    Path keyStore() throws IOException, InterruptedException {
        Path keys = folder.resolve("keys.p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "http", "-keyalg", "EC", "-dname", "CN=localhost", "-ext",
                "SAN=ip:127.0.0.1,dns:localhost", "-keystore", keys.toString(), "-storetype", "PKCS12", "-storepass",
                PASSWORD).inheritIO().start();
        assertThat(keytool.waitFor()).isZero();
        return keys;
    }

    /** The compiled example. */
    Path compile(String example, String... options) throws IOException {
        Path classes = folder.resolve(example);
        List<Path> sources;
        try (Stream<Path> files = Files.walk(Path.of("examples", example))) {
            sources = files.filter(file -> file.toString().endsWith(".java")).toList();
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> arguments = new ArrayList<>(List.of("-Xlint:all,-classfile", "-Werror", "-d", classes.toString()));
        arguments.addAll(List.of(options));
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            assertThat(compiler.getTask(messages, files, null, arguments, null,
                    files.getJavaFileObjectsFromPaths(sources))
                    .call()).as("%s: %s", example, messages).isTrue();
        }
        return classes;
    }

    /** As {@link Jars#path}, for the JVM that {@link #start} starts. */
    static String windowsPath(Path... jars) {
        return Stream.of(jars).map(Path::toString).collect(Collectors.joining(";"));
    }

    /** A Windows JVM: under Wine, where this is not Windows. */
    Process start(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(ExampleBuild.windowsJava()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(folder.resolve("err.txt").toFile()).start();
    }

    /** A server, as {@link #startModule} starts it, which prints {@code listening on /127.0.0.1:PORT}. */
    ExampleServer serve(String example, String main, List<String> options, String... arguments) throws Exception {
        return new ExampleServer(startModule(example, main, options, arguments));
    }

    /**
     * A program, as a module.
     *
     * @param main      its module and class
     * @param options   of the JVM
     * @param arguments of the program
     */
    Process startModule(String example, String main, List<String> options, String... arguments) throws Exception {
        Path classes = compile(example, "--module-path", Jars.path(core, server, slf4j));
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(NATIVE + "org.iocp4j.core", "--module-path", windowsPath(classes, core, server, slf4j),
                "-m", main));
        all.addAll(List.of(arguments));
        return start(all.toArray(String[]::new));
    }
}
