package org.iocp4j.win32;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.PaddingLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.iocp4j.win32.generated.OPERATION;
import org.iocp4j.win32.generated.OVERLAPPED;
import org.iocp4j.win32.generated.WinTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The bindings agree with the headers of mingw-w64: every structure, field, constant, function and function pointer.
 *
 * <p>The test asks the bindings by reflection what they hold, writes a C file that asserts it of the real headers
 * (tests/abi), and lets the compiler judge. Nothing is run, so neither Windows nor Wine is needed. Nothing is left
 * out but what is named here.
 */
class AbiTest {

    private static final String COMPILER = "x86_64-w64-mingw32-gcc";

    private static final Path BASE =
            Path.of(System.getProperty("user.dir"));

    /** Ours, not Windows'. */
    private static final Set<String> OURS = Set.of("OPERATION");

    /** Constants of Microsoft's headers that mingw-w64 10 lacks; compared as soon as it has them. */
    private static final Set<String> PERHAPS_MISSING =
            Set.of("ERROR_HANDLES_CLOSED", "ERROR_NO_SUCH_DEVICE", "ERROR_PAGEFILE_QUOTA_EXCEEDED");

    /** What only the driver headers have. */
    private static final Set<String> IN_DDK =
            Set.of("FILE_COMPLETION_INFORMATION", "FILE_REPLACE_COMPLETION_INFORMATION");

    /** Where our headers use another name, or an easier one, than the real ones. */
    private static final Map<String, String> REAL_NAMES = Map.ofEntries(
            Map.entry("sockaddr_in", "struct sockaddr_in"),
            Map.entry("sockaddr_in6", "struct sockaddr_in6"),
            // A union of the 32-bit status and a pointer: ours is the whole of it.
            Map.entry("IO_STATUS_BLOCK.Status", "Pointer"),
            Map.entry("FILE_REPLACE_COMPLETION_INFORMATION", "FileReplaceCompletionInformation"));

    /** Constants, by name: {@code Integer} or {@code Long}. */
    private static final Map<String, Number> CONSTANTS = constants();

    /** Structures, by name. */
    private static final Map<String, GroupLayout> STRUCTURES = structures();

    /** Functions, by name; an array of the result's size (0: void) and the parameters' sizes. */
    private static final Map<String, long[]> FUNCTIONS = functions();

    /** Function pointers, in the same form. */
    private static final Map<String, long[]> FUNCTION_POINTERS = functionPointers();

    @TempDir
    private static Path scratch;

    @Test
    void everythingButTheFunctionsLoadsOnEveryOperatingSystem() {
        assertThat(CONSTANTS).hasSizeGreaterThan(250);
        assertThat(STRUCTURES).hasSizeGreaterThan(10).containsKeys("OVERLAPPED", "WSAPROTOCOL_INFOW");
        assertThat(FUNCTION_POINTERS).hasSize(5);
    }

    @Test
    void everyNamedFunctionIsBoundAndNoOther() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String line : Files.readAllLines(BASE.resolve("native-headers/functions.txt"))) {
            named.add(line.replace("--include-function ", "").strip());
        }
        assertThat(FUNCTIONS.keySet()).containsExactlyInAnyOrderElementsOf(named);
        assertThat(named).doesNotContain("GetLastError", "WSAGetLastError");
    }

    @Test
    void anOperationBeginsWithItsOverlapped() {
        assertThat(OPERATION.overlapped$offset()).isZero();
        assertThat(OPERATION.overlapped$layout().byteSize()).isEqualTo(OVERLAPPED.sizeof()).isEqualTo(32);
        assertThat(OPERATION.sizeof()).isEqualTo(48);
    }

    @Test
    void statusesAreIntsWithTheFailuresNegative() {
        int[] failed = CONSTANTS.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("STATUS_"))
                .peek(entry -> assertThat(entry.getValue()).as(entry.getKey()).isInstanceOf(Integer.class))
                .mapToInt(entry -> entry.getValue().intValue())
                .filter(value -> value < 0)
                .toArray();
        assertThat(failed).hasSizeGreaterThan(80).contains(WinTypes.STATUS_CANCELLED(), 0xC000020D);
    }

    /** What the compiler for Windows is needed for. */
    @Nested
    class ComparedWithMingw {

        @BeforeEach
        void needsTheCompiler() {
            assumeTrue(!System.getProperty("os.name").startsWith("Windows"), "compared on Linux only");
            assumeTrue(compilerFound(),
                    "no " + COMPILER + " here (Debian: gcc-mingw-w64-x86-64): the bindings are not compared");
        }

        @Test
        void constants() throws Exception {
            var sdk = new StringBuilder();
            var ddk = new StringBuilder();
            CONSTANTS.forEach((name, value) -> {
                if (!name.startsWith("WSAID_")) {
                    (IN_DDK.contains(name) ? ddk : sdk).append(constantAssertions(name, value));
                }
            });
            compile("sdk.h", "constants", sdk);
            compile("ddk.h", "constants-ddk", ddk);
        }

        @Test
        void structures() throws Exception {
            var sdk = new StringBuilder();
            var ddk = new StringBuilder();
            STRUCTURES.forEach((name, layout) -> {
                if (!OURS.contains(name)) {
                    (IN_DDK.contains(name) ? ddk : sdk).append(structureAssertions(name, layout));
                }
            });
            compile("sdk.h", "structures", sdk);
            compile("ddk.h", "structures-ddk", ddk);
        }

        /** A GUID is an initialiser, which no assertion takes: the preprocessor shows its numbers. */
        @Test
        void extensionIds() throws Exception {
            Set<String> ids = new TreeSet<>();
            CONSTANTS.keySet().stream().filter(name -> name.startsWith("WSAID_"))
                    .forEach(name -> ids.add(name.replaceAll("_(LO|HI)$", "")));
            assertThat(ids).hasSize(5);

            var source = new StringBuilder(include("sdk.h"));
            ids.forEach(id -> source.append("PROBED \"").append(id).append("\" ").append(id).append('\n'));
            String expanded = run("extension-ids", source, "-E", "-P");
            Map<String, long[]> real = new LinkedHashMap<>();
            Pattern.compile("PROBED \"(\\w+)\"\\s*(\\{[^{}]*\\{[^{}]*}\\s*})").matcher(expanded).results()
                    .forEach(probed -> real.put(probed.group(1), halves(probed.group(2))));
            Map<String, long[]> bound = new LinkedHashMap<>();
            ids.forEach(id -> bound.put(id, new long[] {
                    CONSTANTS.get(id + "_LO").longValue(), CONSTANTS.get(id + "_HI").longValue()}));
            assertThat(real).containsOnlyKeys(ids);
            real.forEach((id, value) -> assertThat(bound.get(id)).as(id).containsExactly(value));
        }

        @Test
        void functions() throws Exception {
            Map<String, String> prototypes = prototypes("sdk.h", "functions", "");
            var assertions = new StringBuilder();
            assertThat(prototypes).as("what the headers declare")
                    .containsKeys(FUNCTIONS.keySet().toArray(String[]::new));
            FUNCTIONS.forEach((name, sizes) ->
                    assertions.append(functionAssertions(name, sizes, prototypes.get(name))));
            compile("sdk.h", "functions", assertions);
        }

        @Test
        void functionPointers() throws Exception {
            var declarations = new StringBuilder();
            FUNCTION_POINTERS.keySet().forEach(name -> declarations.append(
                    "extern __typeof__(*(%s)0) probed_%s;%n".formatted(name, name)));
            Map<String, String> prototypes = prototypes("sdk.h", "function-pointers", declarations.toString());
            var assertions = new StringBuilder();
            FUNCTION_POINTERS.forEach((name, sizes) -> {
                assertThat(prototypes).containsKey("probed_" + name);
                assertions.append(functionAssertions(name, sizes, prototypes.get("probed_" + name)));
            });
            compile("sdk.h", "function-pointers", assertions);
        }

        /** The libraries that WinFunctions opens export each function under the name we give. */
        @Test
        void theLibrariesExportTheFunctions() throws Exception {
            var source = new StringBuilder();
            FUNCTIONS.keySet().forEach(name -> source.append("extern char %s[];%n".formatted(name)));
            source.append("char *const probe[] = {\n");
            FUNCTIONS.keySet().forEach(name -> source.append("    %s,%n".formatted(name)));
            source.append("};\nint entry(void) { return probe[0] != 0; }\n");
            run("exports", source, "-nostdlib", "-fno-builtin", "-Wl,--entry=entry", "-o", "exports.exe",
                    "exports.c", "-lkernel32", "-lws2_32", "-liphlpapi", "-lntdll");
        }
    }

    // ---- what the bindings hold ----

    private static Map<String, Number> constants() {
        Map<String, Number> constants = new TreeMap<>();
        for (Method method : WinTypes.class.getDeclaredMethods()) {
            boolean isConstant = Modifier.isPublic(method.getModifiers())
                    && Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 0;
            if (isConstant) {
                constants.put(method.getName(), (Number) call(method));
            }
        }
        return constants;
    }

    private static Map<String, GroupLayout> structures() {
        Map<String, GroupLayout> structures = new TreeMap<>();
        for (Class<?> type : generated()) {
            methodOf(type, "layout").ifPresent(
                    method -> structures.put(type.getSimpleName(), (GroupLayout) call(method)));
        }
        return structures;
    }

    private static Map<String, long[]> functionPointers() {
        Map<String, long[]> pointers = new TreeMap<>();
        for (Class<?> type : generated()) {
            methodOf(type, "descriptor").ifPresent(method -> {
                FunctionDescriptor descriptor = (FunctionDescriptor) call(method);
                List<Long> sizes = new ArrayList<>();
                sizes.add(descriptor.returnLayout().map(MemoryLayout::byteSize).orElse(0L));
                descriptor.argumentLayouts().forEach(layout -> sizes.add(layout.byteSize()));
                pointers.put(type.getSimpleName(), sizes.stream().mapToLong(Long::longValue).toArray());
            });
        }
        return pointers;
    }

    /** By the Java signatures: a descriptor would initialise the class, which needs Windows. */
    private static Map<String, long[]> functions() {
        Class<?> type = generatedClass("WinFunctions");
        Map<String, long[]> functions = new TreeMap<>();
        for (Method method : type.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !method.getName().contains("$")) {
                var sizes = new ArrayList<Long>();
                sizes.add(size(method.getReturnType()));
                Arrays.stream(method.getParameterTypes()).forEach(parameter -> sizes.add(size(parameter)));
                functions.put(method.getName(), sizes.stream().mapToLong(Long::longValue).toArray());
            }
        }
        return functions;
    }

    private static long size(Class<?> type) {
        if (type == void.class) {
            return 0;
        } else if (type == byte.class) {
            return 1;
        } else if (type == short.class) {
            return 2;
        } else if (type == int.class) {
            return 4;
        } else if (type == long.class) {
            return 8;
        }
        throw new AssertionError(type + " in WinFunctions: pointers are to be ADDRESS in native-headers");
    }

    private static List<Class<?>> generated() {
        try (var files = Files.list(Path.of(WinTypes.class.getResource("WinTypes.class").toURI()).getParent())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.contains("$") && !name.contains("-"))
                    .<Class<?>>map(name -> generatedClass(name.replace(".class", "")))
                    .toList();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static Class<?> generatedClass(String name) {
        try {
            return Class.forName(WinTypes.class.getPackageName() + "." + name, false, AbiTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }

    private static Optional<Method> methodOf(Class<?> type, String name) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> method.getName().equals(name) && method.getParameterCount() == 0)
                .findFirst();
    }

    private static Object call(Method method) {
        try {
            return method.invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(method.getName(), e);
        }
    }

    // ---- the C that asserts it ----

    private static String constantAssertions(String name, Number value) {
        String real = REAL_NAMES.getOrDefault(name, name);
        String equal = value instanceof Integer
                ? "(unsigned)(%1$s) == 0x%2$xu && ((long long)(%1$s) == %2$dLL || (long long)(%1$s) == 0x%2$xu)"
                        .formatted(real, value)
                : "(unsigned long long)(%s) == 0x%xull".formatted(real, value);
        String assertion = "_Static_assert(%s, \"%s is %d in the bindings\");%n".formatted(equal, name, value);
        return PERHAPS_MISSING.contains(name) ? "#ifdef %s%n%s#endif%n".formatted(real, assertion) : assertion;
    }

    private static String structureAssertions(String name, GroupLayout layout) {
        String real = REAL_NAMES.getOrDefault(name, name);
        var source = new StringBuilder();
        source.append(same("sizeof(" + real + ")", layout.byteSize(), "size of " + name));
        source.append(same("_Alignof(" + real + ")", layout.byteAlignment(), "alignment of " + name));
        for (MemoryLayout member : layout.memberLayouts()) {
            if (!(member instanceof PaddingLayout)) {
                String field = member.name().orElseThrow();
                String key = name + "." + field;
                String realField = REAL_NAMES.getOrDefault(key, field);
                long offset = layout.byteOffset(PathElement.groupElement(field));
                source.append(same("__builtin_offsetof(%s, %s)".formatted(real, realField), offset,
                        "offset of " + key));
                source.append(same("sizeof(((%s *)0)->%s)".formatted(real, realField), member.byteSize(),
                        "size of " + key));
            }
        }
        return source.toString();
    }

    /** {@code prototype} as {@link #prototypes} gives it: the result's type, then the parameters' types. */
    private static String functionAssertions(String name, long[] sizes, String prototype) {
        String[] types = prototype.split("\\s*[(,]\\s*");
        if (types.length == 2 && types[1].equals("void")) {
            types = new String[] {types[0]};
        }
        if (types.length != sizes.length) {
            return "#error %s has %d parameters in the bindings: %s%n".formatted(name, sizes.length - 1, prototype);
        }
        var source = new StringBuilder();
        for (int i = 0; i < types.length; i++) {
            String what = i == 0 ? "size of the result of " + name : "size of parameter " + i + " of " + name;
            boolean isVoid = types[i].equals("void");
            source.append(same(isVoid ? "0" : "sizeof(" + types[i] + ")", sizes[i], what));
        }
        return source.toString();
    }

    private static String same(String real, long bound, String what) {
        return "_Static_assert(%s == %d, \"%s is %d in the bindings\");%n".formatted(real, bound, what, bound);
    }

    /** The two halves of a GUID, given as its initialiser, as a little-endian machine stores them. */
    private static long[] halves(String initialiser) {
        long[] numbers = Pattern.compile("0[xX]\\p{XDigit}+").matcher(initialiser).results()
                .mapToLong(number -> Long.decode(number.group())).toArray();
        assertThat(numbers).as(initialiser).hasSize(11);
        long high = 0;
        for (int i = 0; i < 8; i++) {
            high |= numbers[3 + i] << 8 * i;
        }
        return new long[] {numbers[0] | numbers[1] << 32 | numbers[2] << 48, high};
    }

    // ---- the compiler ----

    private static boolean compilerFound() {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> !folder.isEmpty() && Files.isExecutable(Path.of(folder, COMPILER)));
    }

    private static String include(String header) {
        return "#include \"%s\"%n".formatted(BASE.resolve("tests/abi").resolve(header).toAbsolutePath());
    }

    private static void compile(String header, String name, CharSequence assertions) throws Exception {
        assertThat(assertions.toString()).as("assertions for " + name).contains("_Static_assert");
        run(name, include(header) + assertions, "-fsyntax-only");
    }

    /** All functions that the header declares, with {@code more} after it: name to "result (parameter, ...". */
    private static Map<String, String> prototypes(String header, String name, String more) throws Exception {
        run(name, include(header) + more, "-c", "-o", name + ".o", "-aux-info", name + ".txt", name + ".c");
        Map<String, String> prototypes = new LinkedHashMap<>();
        Pattern line = Pattern.compile("/\\*.*?\\*/ extern (.+?)\\s*(\\w+) \\((.*)\\);.*");
        for (String declared : Files.readAllLines(scratch.resolve(name + ".txt"))) {
            Matcher matcher = line.matcher(declared);
            if (matcher.matches()) {
                prototypes.put(matcher.group(2), matcher.group(1) + " (" + matcher.group(3));
            }
        }
        return prototypes;
    }

    private static String run(String name, CharSequence source, String... options) throws Exception {
        Path file = scratch.resolve(name + ".c");
        Files.writeString(file, source);
        List<String> command = new ArrayList<>(List.of(COMPILER, "-std=gnu11", "-D_WIN32_WINNT=0x0A00", "-w"));
        if (source.toString().contains("ddk.h")) {
            command.addAll(List.of("-isystem", driverHeaders()));
        }
        command.addAll(List.of(options));
        if (!command.contains(name + ".c")) {
            command.add(name + ".c");
        }
        return execute(command, name);
    }

    /** Where the driver headers lie: they include each other by bare names. */
    private static String driverHeaders() throws Exception {
        Files.writeString(scratch.resolve("where.c"), "#include <ddk/wdm.h>\n");
        String dependencies = execute(List.of(COMPILER, "-M", "where.c"), "where");
        Matcher wdm = Pattern.compile("(\\S+)/wdm\\.h").matcher(dependencies);
        assertThat(wdm.find()).as("ddk/wdm.h in " + dependencies).isTrue();
        return wdm.group(1);
    }

    private static String execute(List<String> command, String name) throws Exception {
        Path output = scratch.resolve(name + ".out");
        Path errors = scratch.resolve(name + ".err");
        var builder = new ProcessBuilder(command)
                .directory(scratch.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("no answer from " + command);
        }
        String said = Files.readString(errors, StandardCharsets.ISO_8859_1).lines()
                .filter(line -> line.contains("error") || line.contains("undefined reference"))
                .reduce("", (all, line) -> all + "\n" + line);
        assertThat(process.exitValue()).as("the headers of mingw-w64 differ from the bindings:%s", said).isZero();
        return Files.readString(output, StandardCharsets.ISO_8859_1);
    }
}
