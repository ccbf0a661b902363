package org.iocp4j;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMembers;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.iocp4j.load.LocalPorts;
import org.iocp4j.port.IoThread;
import org.iocp4j.socket.StreamSocket;
import org.iocp4j.win32.generated.WinFunctions;
import org.junit.jupiter.api.Test;

/**
 * What the compiler does not hold. Between modules it does: what a module may use is in its module-info. Inside the
 * core and inside the application these rules do, since the application runs from the class path.
 */
class ArchitectureTest {
    private static final String WIN32 = "org.iocp4j.win32..";
    private static final String GENERATED = "org.iocp4j.win32.generated";
    private static final String PORT = "org.iocp4j.port..";
    private static final String SOCKET = "org.iocp4j.socket..";
    private static final String SERVER = "org.iocp4j.server..";
    private static final String TLS = "org.iocp4j.tls..";
    /** A Windows kernel in memory: it stands beside win32, for tests, simulation and study. */
    private static final String SIMKERNEL = "org.iocp4j.simkernel..";
    private static final String CLI = "org.iocp4j.cli..";
    /** What goes into the library jars. */
    private static final String[] LIBRARY = {WIN32, PORT, SOCKET, SERVER, TLS};

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("/test-classes/"))
            .importPackages("org.iocp4j");

    @Test
    void eachLayerOfTheCoreUsesOnlyThoseBelowIt() {
        layeredArchitecture().consideringOnlyDependenciesInLayers()
                .layer("win32").definedBy(WIN32)
                .layer("port").definedBy(PORT)
                .layer("socket").definedBy("org.iocp4j.socket")
                .layer("check").definedBy("org.iocp4j.socket.check..")
                .whereLayer("win32").mayNotAccessAnyLayer()
                .whereLayer("port").mayOnlyAccessLayers("win32")
                .whereLayer("socket").mayOnlyAccessLayers("port", "win32")
                .check(CLASSES);
    }

    @Test
    void eachPartOfTheApplicationUsesOnlyWhatItNeeds() {
        layeredArchitecture().consideringOnlyDependenciesInLayers()
                .layer("core").definedBy(WIN32, PORT, SOCKET)
                .layer("server").definedBy(SERVER)
                .layer("tls").definedBy(TLS)
                .layer("simkernel").definedBy(SIMKERNEL)
                .layer("channels").definedBy("org.iocp4j.channels..")
                .layer("netty").definedBy("org.iocp4j.netty..")
                .layer("echo").definedBy("org.iocp4j.echo..")
                .layer("html").definedBy("org.iocp4j.html..")
                .layer("load").definedBy("org.iocp4j.load..")
                .layer("soak").definedBy("org.iocp4j.soak..")
                .layer("bench").definedBy("org.iocp4j.bench..")
                .layer("study").definedBy("org.iocp4j.study..")
                .layer("simulation").definedBy("org.iocp4j.simulation..")
                .layer("cli").definedBy(CLI)
                .whereLayer("channels").mayOnlyAccessLayers("core")
                .whereLayer("netty").mayOnlyAccessLayers("core")
                .whereLayer("tls").mayOnlyAccessLayers("core", "server")
                .whereLayer("html").mayNotAccessAnyLayer()
                .whereLayer("load").mayOnlyAccessLayers("core")
                .whereLayer("soak").mayOnlyAccessLayers("load", "server")
                .whereLayer("bench").mayOnlyAccessLayers("core", "server", "simkernel", "channels", "netty", "load",
                        "html")
                .whereLayer("study").mayOnlyAccessLayers("core", "simkernel", "html")
                .whereLayer("simulation").mayOnlyAccessLayers("core", "server", "tls", "simkernel", "echo", "netty",
                        "channels")
                .whereLayer("cli").mayNotBeAccessedByAnyLayer()
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("org.iocp4j.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyWin32CallsForeignFunctions() {
        noClasses().that().resideOutsideOfPackage(WIN32)
                .should().dependOnClassesThat(
                        belongToAnyOf(Linker.class, SymbolLookup.class, FunctionDescriptor.class, MethodHandle.class))
                .check(CLASSES);
    }

    @Test
    void onlyWin32TouchesTheGeneratedFunctions() {
        DescribedPredicate<JavaClass> functions = describe("are generated functions or function pointers", c ->
                c.getPackageName().equals(GENERATED)
                        && (c.getName().startsWith(WinFunctions.class.getName()) || c.getSimpleName()
                        .startsWith("LPFN_")));
        noClasses().that().resideOutsideOfPackage(WIN32).should().dependOnClassesThat(functions).check(CLASSES);
    }

    @Test
    void onlyWin32AndPortTouchMemoryByAddress() {
        Set<String> unchecked = Set.of("ofAddress", "reinterpret");
        noClasses().that().resideOutsideOfPackages(WIN32, PORT, SIMKERNEL)
                .should().accessTargetWhere(describe("memory is made of an address", (JavaAccess<?> access) ->
                        unchecked.contains(access.getTarget().getName())
                                && (access.getTargetOwner().isEquivalentTo(MemorySegment.class)
                                || access.getTargetOwner().getPackageName().equals(GENERATED))))
                .orShould().dependOnClassesThat().haveFullyQualifiedName("sun.misc.Unsafe")
                .check(CLASSES);
    }

    @Test
    void nothingBelowTheServerKnowsSessions() {
        noClasses().that().resideInAnyPackage(WIN32, PORT, SOCKET)
                .should().haveSimpleNameContaining("Session")
                .check(CLASSES);
        noMembers().that().areDeclaredInClassesThat().resideInAnyPackage(PORT, SOCKET)
                .should().haveNameMatching("(?i).*session.*")
                .check(CLASSES);
    }

    @Test
    void portAndSocketOwnNoThreads() {
        noClasses().that().resideInAnyPackage(WIN32, PORT, SOCKET)
                .should().callConstructorWhere(target(owner(assignableTo(Thread.class))))
                .orShould().callMethod(Thread.class, "ofPlatform").orShould().callMethod(Thread.class, "ofVirtual")
                .orShould().dependOnClassesThat().areAssignableTo(Executor.class)
                .check(CLASSES);
    }

    /** An application may put a proxy or a factory of its own behind each of them. */
    @Test
    void theLibraryHasNoSocketsOfJavaNet() {
        noClasses().that().resideInAnyPackage(LIBRARY)
                .should().dependOnClassesThat().areAssignableTo(Socket.class)
                .orShould().dependOnClassesThat().areAssignableTo(ServerSocket.class)
                .check(CLASSES);
    }

    /** Else a few hundred reconnects a second leave Windows without a port. */
    @Test
    void clientsThatReconnectChooseTheirPorts() {
        DescribedPredicate<JavaClass> connecting = describe("connect", c -> c.getMethodCallsFromSelf().stream()
                .anyMatch(call -> call.getName().equals("connect")
                && (call.getTargetOwner().isAssignableTo(Socket.class)
                        || call.getTargetOwner().isAssignableTo(SocketChannel.class)
                        || call.getTargetOwner().isAssignableTo(StreamSocket.class))));
        classes().that().resideInAnyPackage("org.iocp4j.load..", "org.iocp4j.soak..", "org.iocp4j.bench..")
                .and(connecting)
                .should().callMethod(LocalPorts.class, "bind", SocketChannel.class, InetSocketAddress.class)
                .orShould()
                .callMethod(LocalPorts.class, "bind", StreamSocket.class, InetSocketAddress.class, IoThread.class)
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineKnowsPicocliAndEndsTheProcess() {
        noClasses().that().resideOutsideOfPackage(CLI)
                .should().dependOnClassesThat().resideInAPackage("picocli..")
                .orShould().callMethod(System.class, "exit", int.class)
                .orShould().callMethod(Runtime.class, "halt", int.class)
                .check(CLASSES);
    }

    /** Around code that is not ours a list of types lets through what other languages throw: there it is Throwable. */
    @Test
    void nothingIsCaughtByAListOfTypesThatLeavesCheckedExceptionsOut() throws IOException {
        Pattern list = Pattern.compile(
                "catch \\((final )?[^)]*\\b(RuntimeException *\\|.*Error|Error *\\|.*RuntimeException)\\b[^)]*\\)");
        try (Stream<Path> files = Files.walk(Path.of("src"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".java") && !file.toString().contains("generated"))
                    .flatMap(ArchitectureTest::lines).filter(line -> list.matcher(line).find())).isEmpty();
        }
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file).stream().map(line -> file + ": " + line.strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A logger is the application's code, and may throw in the midst of ours: what {@code Log} does not let through.
     */
    @Test
    void onlyTheLogKnowsTheLogger() {
        noClasses().that().resideInAnyPackage(LIBRARY).and().doNotHaveSimpleName("Log")
                .should().dependOnClassesThat().resideInAPackage("org.slf4j..")
                .check(CLASSES);
    }

    @Test
    void theLibraryLogsAndDoesNotPrint() {
        NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS
                .check(CLASSES.that(resideInAnyPackage(LIBRARY).and(not(resideInAPackage(GENERATED)))));
        noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging..").check(CLASSES);
    }
}
