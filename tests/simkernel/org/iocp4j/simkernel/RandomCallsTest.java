package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.Program.SERVER;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import org.iocp4j.win32.Win32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Calls at random on two sockets that are connected with each other, and on a file: whatever they do, each operation
 * that was posted has one packet, and what is closed leaves nothing.
 */
class RandomCallsTest {
    private static final int SEEDS = 300;
    private static final int CALLS = 40;
    private static final String PATH = "file";
    private static final FaultPlan FAULTS = FaultPlan.FAULTS
            .with(new FaultPlan.Disconnects(0.3, 0.1, 0, 200_000_000));

    /** Which operations are out, by their OVERLAPPED. */
    private final Set<Long> pending = new HashSet<>();
    private SeededRandom random = new SeededRandom(0);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachOperationHasOnePacket(boolean faults) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            random = new SeededRandom(seed);
            SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY);
            Program.run(kernel, (p, same) -> calls(p, kernel, faults ? FAULTS : FaultPlan.UNRULY));
        }
    }

    @Test
    void theSameSeedIsTheSameRun() {
        long first = hash();
        assertThat(hash()).isEqualTo(first);
    }

    private long hash() {
        random = new SeededRandom(7);
        SimulatedKernel kernel = new SimulatedKernel(7, FaultPlan.UNRULY);
        Program.run(kernel, (p, same) -> calls(p, kernel, FAULTS));
        return kernel.traceHash();
    }

    private void calls(Program p, SimulatedKernel kernel, FaultPlan plan) {
        kernel.putFile(PATH, new byte[30_000]);
        long port = p.port(0);
        long listener = p.listener();
        long accepted = p.socket();
        long connected = p.boundSocket();
        long file = p.win32.createFile(PATH, GENERIC_READ() | GENERIC_WRITE(), 0, OPEN_EXISTING(),
                FILE_FLAG_OVERLAPPED());
        for (long handle : new long[] {listener, accepted, connected, file}) {
            assertThat(p.associate(handle, port, 1)).isZero();
        }
        begin(p, overlapped -> p.accept(listener, accepted, overlapped));
        begin(p, overlapped -> p.connectEx(connected, SERVER, overlapped));
        if (random.chance(0.9)) {
            p.sleep(10);
            p.updateAcceptContext(accepted, listener);
            p.updateConnectContext(connected);
        }
        p.nonBlocking(connected);
        p.nonBlocking(accepted);
        kernel.plan(plan);
        for (int i = 0; i < CALLS; i++) {
            call(p, random.chance(0.5) ? connected : accepted, file);
            if (random.chance(0.3)) {
                kernel.sleep(java.time.Duration.ofNanos(random.below(3_000_000)));
            }
            if (random.chance(0.3)) {
                take(p, port, 0);
            }
        }
        kernel.plan(FaultPlan.UNRULY);
        p.win32.closesocket(connected);
        p.win32.closesocket(accepted);
        p.win32.closesocket(listener);
        p.win32.closeHandle(file);
        while (!pending.isEmpty()) {
            assertThat(take(p, port, 10_000)).as("%s are out", pending).isPositive();
        }
        p.win32.closeHandle(port);
        p.sleep(1_000);
        assertThat(kernel.leftovers()).isEmpty();
    }

    private interface Post {
        int on(long overlapped);
    }

    private void begin(Program p, Post post) {
        begin(p.overlapped(), post);
    }

    private void begin(long overlapped, Post post) {
        int error = post.on(overlapped);
        if (error == 0 || error == PENDING) {
            pending.add(overlapped);
        }
    }

    private int take(Program p, long port, int millis) {
        int taken = 0;
        for (Program.Packet packet : p.dequeue(port, 8, millis)) {
            assertThat(pending.remove(packet.overlapped())).as("%s was out", packet).isTrue();
            taken++;
        }
        return taken;
    }

    private void call(Program p, long socket, long file) {
        Win32 win32 = p.win32;
        MemorySegment some = p.allocate(1 + random.below(20_000));
        int bytes = (int) some.byteSize();
        long inFile = p.overlappedAt(random.below(40_000));
        switch (random.below(17)) {
            case 0, 1 -> begin(p, overlapped -> p.send(socket, some, overlapped));
            case 2, 3 -> begin(p, overlapped -> p.receive(socket, some, overlapped));
            case 4 -> begin(p, overlapped -> p.receive(socket, p.allocate(0), overlapped));
            case 5 -> p.receiveNow(socket, 0);
            case 6 -> p.receiveNow(socket, MSG_PEEK());
            case 7, 8 -> begin(inFile, overlapped -> win32.transmitFile(socket, file, 0, 0, overlapped, 0,
                    random.chance(0.4) ? TF_DISCONNECT() | TF_REUSE_SOCKET() : 0));
            case 9 -> begin(inFile, overlapped -> win32.readFile(file, some.address(), bytes, overlapped));
            case 10 -> begin(inFile, overlapped -> win32.writeFile(file, some.address(), bytes, overlapped));
            case 11 -> win32.cancelIoEx(random.chance(0.5) ? socket : file, 0);
            case 12 -> win32.shutdown(socket, random.below(3));
            case 13 -> begin(p, overlapped -> win32.disconnectEx(socket, overlapped,
                    random.chance(0.5) ? TF_REUSE_SOCKET() : 0, 0));
            case 14 -> begin(p, overlapped -> p.connectEx(socket, random.chance(0.5) ? SERVER
                    : new InetSocketAddress(SERVER.getAddress(), 1), overlapped));
            case 15 -> p.setOption(socket, SOL_SOCKET(), SO_LINGER(), 1, 4); // what ends it is an RST
            default -> {
                if (random.chance(0.2)) {
                    win32.closesocket(socket);
                }
            }
        }
    }
}
