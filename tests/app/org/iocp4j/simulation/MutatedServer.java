package org.iocp4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * The server and its simulation once more, in a class loader of their own, with one source file compiled from a text
 * that has been changed in one place.
 */
final class MutatedServer extends ClassLoader {
    private static final Path SOURCES = Path.of("src");
    /** What is loaded anew; the simulated kernel and the rest are the test's own. */
    private static final Pattern ANEW =
            Pattern.compile("org\\.iocp4j\\.(port|socket|server|tls|netty|channels|echo|simulation|races)\\..*");

    private final Map<String, byte[]> mutated;

    private MutatedServer(Map<String, byte[]> mutated) {
        super(MutatedServer.class.getClassLoader());
        this.mutated = mutated;
    }

    /**
     * @param file under org/iocp4j, such as {@code server/IoCount.java}
     * @param text is there once
     * @param hunt has a constructor without parameters
     * @return such a hunt, on the server that has the mistake
     */
    static LongFunction<String> of(String file, String text, String replacement,
                                   Class<? extends LongFunction<String>> hunt) throws IOException {
        Path path = source(file);
        String source = Files.readString(path);
        assertThat(source.split(Pattern.quote(text), -1))
                .as("the code to be changed is in %s no more, or more than once: %s", path, text).hasSize(2);
        return new MutatedServer(compile(path, source.replace(text, replacement))).load(hunt);
    }

    /** The hunt finds something within so many seeds. */
    static void requireFound(String file, String text, String replacement, Class<? extends LongFunction<String>> hunt,
                             int seeds) throws IOException {
        assertThat(of(file, text, replacement, hunt).apply(seeds)).as("a violation in %d seeds", seeds).isNotNull();
    }

    private static Path source(String file) throws IOException {
        try (Stream<Path> modules = Files.list(SOURCES)) {
            return modules.map(module -> module.resolve("java/org/iocp4j").resolve(file)).filter(Files::exists)
                    .findFirst().orElseThrow(() -> new NoSuchFileException(file));
        }
    }

    private LongFunction<String> load(Class<? extends LongFunction<String>> hunt) {
        try {
            @SuppressWarnings("unchecked") // its class is another of the same name
            var loaded = (LongFunction<String>) loadClass(hunt.getName()).getDeclaredConstructor().newInstance();
            return loaded;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** The changed file's classes, by name. */
    private static Map<String, byte[]> compile(Path path, String source) {
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileManager files = new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {
            @Override
            public JavaFileObject getJavaFileForOutput(Location location, String name, JavaFileObject.Kind kind,
                                                       FileObject sibling) {
                return new SimpleJavaFileObject(URI.create("memory:/" + name), kind) {
                    @Override
                    public OutputStream openOutputStream() {
                        return classes.computeIfAbsent(name, n -> new ByteArrayOutputStream());
                    }
                };
            }
        };
        JavaFileObject unit = new SimpleJavaFileObject(path.toUri(), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return source;
            }
        };
        StringWriter messages = new StringWriter();
        List<String> options = List.of("-proc:none", "-cp", System.getProperty("java.class.path"));
        assertThat(compiler.getTask(messages, files, null, options, null, List.of(unit)).call()).as("%s", messages)
                .isTrue();
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((name, code) -> bytes.put(name, code.toByteArray()));
        return bytes;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!ANEW.matcher(name).matches()) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            byte[] code = mutated.containsKey(name) ? mutated.get(name) : original(name);
            return defineClass(name, code, 0, code.length);
        }
    }

    private byte[] original(String name) throws ClassNotFoundException {
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
