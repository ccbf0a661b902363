package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.simkernel.Program.SERVER;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two sockets of one program, connected with each other. */
class ConnectTest {
    private static final int SEEDS = 200;
    private static final int CONNECTED_KEY = 1;
    private static final int ACCEPTED_KEY = 2;
    private static final FaultPlan UNRULY = FaultPlan.UNRULY.with(FaultPlan.Disconnects.AT_ONCE);

    /** @param connected the end of ConnectEx */
    private record Pair(Program p, long port, long connected, long accepted) {
        /** How a receive on that end ends. */
        Program.Packet receive(long socket, MemorySegment into) {
            long overlapped = p.overlapped();
            assertThat(p.receive(socket, into, overlapped)).isIn(0, PENDING);
            Program.Packet packet = p.packet(port);
            assertThat(packet.overlapped()).isEqualTo(overlapped);
            return packet;
        }
    }

    private static void eachSeed(FaultPlan plan, Consumer<Pair> use) {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Program.run(new SimulatedKernel(seed, plan), (program, kernel) -> {
                long port = program.port(0);
                long listener = program.listener();
                long accepted = program.socket();
                long connected = program.boundSocket();
                program.associate(accepted, port, ACCEPTED_KEY);
                program.associate(connected, port, CONNECTED_KEY);
                program.accept(listener, accepted, program.overlapped()); // on no port: no packet
                program.connectEx(connected, SERVER, program.overlapped());
                assertThat(program.packet(port).status()).isZero();
                program.sleep(10);
                assertThat(program.updateAcceptContext(accepted, listener)).isZero();
                assertThat(program.updateConnectContext(connected)).isZero();
                use.accept(new Pair(program, port, connected, accepted));
                program.win32.closesocket(connected);
                program.win32.closesocket(accepted);
                program.win32.closesocket(listener);
                program.sleep(100);
                program.dequeue(port, 16, 0);
                program.win32.closeHandle(port);
                assertThat(kernel.leftovers()).isEmpty();
            });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bytesGoFromEitherEndToTheOther(boolean fromConnected) {
        eachSeed(UNRULY, pair -> {
            long from = fromConnected ? pair.connected : pair.accepted;
            long to = fromConnected ? pair.accepted : pair.connected;
            byte[] bytes = new byte[50_000];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i / 7);
            }
            long send = pair.p.overlapped();
            assertThat(pair.p.send(from, pair.p.bytes(bytes), send)).isEqualTo(PENDING);
            MemorySegment into = pair.p.allocate(bytes.length);
            int received = 0;
            int sent = -1;
            long receive = pair.p.overlapped();
            pair.p.receive(to, into, receive);
            while (received < bytes.length || sent < 0) {
                Program.Packet packet = pair.p.packet(pair.port);
                assertThat(packet.status()).isZero();
                if (packet.overlapped() == send) {
                    sent = packet.bytes();
                } else {
                    received += packet.bytes();
                    if (received < bytes.length) {
                        pair.p.receive(to, into.asSlice(received), receive);
                    }
                }
            }
            assertThat(sent).isEqualTo(bytes.length);
            assertThat(into.toArray(JAVA_BYTE)).isEqualTo(bytes);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEndThatIsShutDownIsAReceiveOfNoBytesForTheOther(boolean fromConnected) {
        eachSeed(UNRULY, pair -> {
            pair.p.win32.shutdown(fromConnected ? pair.connected : pair.accepted, SD_SEND());
            Program.Packet packet = pair.receive(fromConnected ? pair.accepted : pair.connected, pair.p.allocate(4));
            assertThat(packet.status()).isZero();
            assertThat(packet.bytes()).isZero();
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anEndThatIsResetEndsTheOthersReceive(boolean fromConnected) {
        eachSeed(UNRULY, pair -> {
            long from = fromConnected ? pair.connected : pair.accepted;
            long to = fromConnected ? pair.accepted : pair.connected;
            pair.p.setOption(from, SOL_SOCKET(), SO_LINGER(), 1, 4);
            pair.p.win32.closesocket(from);
            assertThat(pair.receive(to, pair.p.allocate(4)).status()).isEqualTo(STATUS_CONNECTION_RESET());
            assertThat(pair.p.receive(to, pair.p.allocate(4), pair.p.overlapped())).isEqualTo(WSAECONNRESET());
        });
    }

    /** The one that closes takes no more: what still comes is answered by an RST. */
    @Test
    void bytesForAnEndThatHasClosedComeBackAsAReset() {
        eachSeed(UNRULY, pair -> {
            pair.p.win32.closesocket(pair.accepted);
            pair.p.sleep(10);
            long send = pair.p.overlapped();
            pair.p.send(pair.connected, pair.p.bytes((byte) 1), send);
            assertThat(pair.p.packet(pair.port).status()).isZero();
            pair.p.sleep(10);
            assertThat(pair.p.receive(pair.connected, pair.p.allocate(4), pair.p.overlapped()))
                    .isEqualTo(WSAECONNABORTED());
        });
    }

    /** Whatever fails, each connect has one packet, and what the program closes leaves nothing. */
    @Test
    void aConnectThatIsCancelledOrClosedAtAnyTimeLeavesNothing() {
        for (long seed = 1; seed <= 2 * SEEDS; seed++) {
            long cancelAfter = seed * 7_919 % 3_000_000;
            boolean close = seed % 2 == 0;
            Program.run(new SimulatedKernel(seed, FaultPlan.UNRULY), (program, kernel) -> {
                long port = program.port(0);
                long listener = program.listener();
                long accepted = program.socket();
                program.accept(listener, accepted, program.overlapped());
                long connected = program.boundSocket();
                program.associate(connected, port, CONNECTED_KEY);
                program.connectEx(connected, SERVER, program.overlapped());
                kernel.sleep(java.time.Duration.ofNanos(cancelAfter));
                int error = close ? program.win32.closesocket(connected) : program.win32.cancelIoEx(connected, 0);
                assertThat(error).isIn(0, ERROR_NOT_FOUND());
                assertThat(program.packet(port).status()).isIn(0, STATUS_CANCELLED(), STATUS_CONNECTION_ABORTED());
                if (!close) {
                    program.win32.closesocket(connected);
                }
                program.sleep(100);
                program.win32.closesocket(accepted);
                program.win32.closesocket(listener);
                program.sleep(100);
                program.win32.closeHandle(port);
                assertThat(kernel.leftovers()).isEmpty();
            });
        }
    }

    /** The same seed, the same run. */
    @Test
    void theSameSeedIsTheSameRun() {
        List<Long> hashes = List.of(hash(5), hash(5), hash(6));
        assertThat(hashes.get(0)).isEqualTo(hashes.get(1)).isNotEqualTo(hashes.get(2));
    }

    private static long hash(long seed) {
        SimulatedKernel kernel = new SimulatedKernel(seed, FaultPlan.UNRULY);
        Program.run(kernel, (program, same) -> {
            long port = program.port(0);
            long listener = program.listener();
            long connected = program.boundSocket();
            program.associate(connected, port, CONNECTED_KEY);
            program.connectEx(connected, SERVER, program.overlapped());
            program.packet(port);
            program.accept(listener, program.socket(), program.overlapped());
            program.sleep(100);
        });
        return kernel.traceHash();
    }
}
