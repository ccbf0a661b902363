package org.iocp4j.simulation;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.win32.generated.WinTypes.SOL_SOCKET;
import static org.iocp4j.win32.generated.WinTypes.SO_UPDATE_ACCEPT_CONTEXT;
import static org.iocp4j.win32.generated.WinTypes.WSA_IO_PENDING;

import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.generated.OVERLAPPED_ENTRY;
import org.iocp4j.win32.generated.WSABUF;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers with a mistake, made between them and the simulated kernel: the simulation finds each within 2,000 seeds. */
class MutantTest {
    private static final int SEEDS = 2_000;
    private static final int NOW_AND_THEN = 5;

    enum Mistake {
        NONE {
            @Override
            Object make(Call call) throws Throwable {
                return call.make();
            }
        },
        FORGETS_TO_POST_AN_ACCEPT {
            @Override
            Object make(Call call) throws Throwable {
                return call.isSometimes("acceptEx") ? WSA_IO_PENDING() : call.make();
            }
        },
        FORGETS_TO_POST_A_RECEIVE {
            @Override
            Object make(Call call) throws Throwable {
                return call.isSometimes("wsaRecv") ? WSA_IO_PENDING() : call.make();
            }
        },
        FORGETS_TO_CANCEL {
            @Override
            Object make(Call call) throws Throwable {
                return call.is("cancelIoEx") ? 0 : call.make();
            }
        },
        LEAKS_A_SOCKET {
            @Override
            Object make(Call call) throws Throwable {
                return call.isSometimes("closesocket") ? 0 : call.make();
            }
        },
        LEAKS_THE_PORT {
            @Override
            Object make(Call call) throws Throwable {
                return call.is("closeHandle") ? 0 : call.make();
            }
        },
        LEAKS_MEMORY {
            @Override
            Object make(Call call) throws Throwable {
                return call.isSometimes("virtualFree") ? 0 : call.make();
            }
        },
        DISCONNECTS_WITHOUT_REUSE {
            @Override
            Object make(Call call) throws Throwable {
                if (call.isSometimes("disconnectEx")) {
                    call.arguments[2] = 0;
                }
                return call.make();
            }
        },
        FORGETS_TO_DISCONNECT {
            @Override
            Object make(Call call) throws Throwable {
                return call.isSometimes("disconnectEx") ? 0 : call.make();
            }
        },
        ASSOCIATES_TWICE {
            @Override
            Object make(Call call) throws Throwable {
                if (call.isSometimes("createIoCompletionPort")) {
                    call.make();
                }
                return call.make();
            }
        },
        FORGETS_THE_ACCEPT_CONTEXT {
            @Override
            Object make(Call call) throws Throwable {
                boolean context = call.is("setsockopt") && call.number(1) == SOL_SOCKET()
                        && call.number(2) == SO_UPDATE_ACCEPT_CONTEXT();
                return context ? 0 : call.make();
            }
        },
        LOSES_A_PACKET {
            @Override
            Object make(Call call) throws Throwable {
                Object error = call.make();
                if (call.is("getQueuedCompletionStatusEx") && error.equals(0)) {
                    MemorySegment removed = at(call.number(3), Integer.BYTES);
                    if (removed.get(JAVA_INT, 0) > 1) {
                        removed.set(JAVA_INT, 0, removed.get(JAVA_INT, 0) - 1);
                    }
                }
                return error;
            }
        },
        TAKES_A_PACKET_TWICE {
            @Override
            Object make(Call call) throws Throwable {
                Object error = call.make();
                if (call.is("getQueuedCompletionStatusEx") && error.equals(0)
                        && at(call.number(3), Integer.BYTES).get(JAVA_INT, 0) > 1) {
                    long entry = OVERLAPPED_ENTRY.sizeof();
                    MemorySegment entries = at(call.number(1), 2 * entry);
                    entries.asSlice(entry).copyFrom(entries.asSlice(0, entry));
                }
                return error;
            }
        },
        SENDS_A_WRONG_BYTE {
            @Override
            Object make(Call call) throws Throwable {
                if (call.isSometimes("wsaSend")) {
                    MemorySegment buffer = at(call.number(1), WSABUF.sizeof());
                    MemorySegment bytes = at(buffer.get(JAVA_LONG, WSABUF.buf$offset()), 1);
                    bytes.set(JAVA_BYTE, 0, (byte) (bytes.get(JAVA_BYTE, 0) + 1));
                }
                return call.make();
            }
        },
        WRITES_INTO_A_POSTED_OPERATION {
            @Override
            Object make(Call call) throws Throwable {
                Object error = call.make();
                if (call.isSometimes("wsaRecv") && error.equals(WSA_IO_PENDING())) {
                    at(call.number(4), 48).set(JAVA_LONG, 32, -1);
                }
                return error;
            }
        };

        abstract Object make(Call call) throws Throwable;

        private static MemorySegment at(long address, long bytes) {
            return MemorySegment.ofAddress(address).reinterpret(bytes);
        }
    }

    /** One call of the server's. */
    private static final class Call {
        private final Win32 win32;
        private final Method method;
        private final Object[] arguments;
        private final AtomicInteger calls;

        Call(Win32 win32, Method method, Object[] arguments, AtomicInteger calls) {
            this.calls = calls;
            this.win32 = win32;
            this.method = method;
            this.arguments = arguments;
        }

        boolean is(String name) {
            return method.getName().equals(name);
        }

        boolean isSometimes(String name) {
            return is(name) && calls.incrementAndGet() % NOW_AND_THEN == 0;
        }

        long number(int argument) {
            return ((Number) arguments[argument]).longValue();
        }

        Object make() throws Throwable {
            try {
                return method.invoke(win32, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
    void isFound(Mistake mistake) {
        assertThat(firstViolation(mistake, SEEDS)).as("violations in %d seeds", SEEDS).hasSize(1);
    }

    @Test
    void nothingIsFoundWhereNoMistakeIs() {
        assertThat(firstViolation(Mistake.NONE, 20)).isEmpty();
    }

    private static List<Violation> firstViolation(Mistake mistake, int seeds) {
        AtomicInteger calls = new AtomicInteger();
        UnaryOperator<Win32> seam = win32 -> (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(),
                new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> mistake.make(new Call(win32, method, arguments, calls)));
        List<Violation> found = new ArrayList<>();
        Hunt[] hunt = new Hunt[1];
        hunt[0] = new Hunt(1, seeds, Plan.UNRULY, 0, (seed, plan) -> (seed & 1) != 0
                ? new EchoSimulation(seed, plan, seam) : new PushSimulation(seed, plan, seam));
        hunt[0].run(violation -> {
            found.add(violation);
            hunt[0].stop();
        });
        return found;
    }
}
