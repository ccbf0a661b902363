package org.iocp4j.server;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a call out of Java costs, of a C function that does next to nothing, beside a method handle of Java's own. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class CallBenchmark {
    private static final String ERROR =
            System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows") ? "GetLastError" : "errno";
    private static final MethodHandle JAVA = javaHandle();
    private static final MethodHandle PLAIN = cFunction();
    private static final MethodHandle CAPTURING = cFunction(Linker.Option.captureCallState(ERROR));
    private static final MethodHandle CRITICAL = cFunction(Linker.Option.critical(false));

    private final MemorySegment capture = Arena.ofAuto().allocate(Linker.Option.captureStateLayout());
    private long value = -1;

    private static MethodHandle javaHandle() {
        try {
            return MethodHandles.lookup().findStatic(Math.class, "abs", MethodType.methodType(long.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** {@code long long llabs(long long)}. */
    private static MethodHandle cFunction(Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find("llabs").orElseThrow(),
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), options);
    }

    @Benchmark
    public long javaMethodHandle() throws Throwable {
        return (long) JAVA.invokeExact(value);
    }

    @Benchmark
    public long call() throws Throwable {
        return (long) PLAIN.invokeExact(value);
    }

    /** As the calls of WindowsWin32 are made, which capture two errors. */
    @Benchmark
    public long callWithCapturedError() throws Throwable {
        return (long) CAPTURING.invokeExact(capture, value);
    }

    /** Without the change of the thread's state: not for calls that may block. */
    @Benchmark
    public long criticalCall() throws Throwable {
        return (long) CRITICAL.invokeExact(value);
    }
}
