package org.iocp4j.simkernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** WSARecv, WSASend, shutdown, resets, cancelling, closing. */
class TransferTest {
    private static final FaultPlan INLINE = FaultPlan.CALM.with(new FaultPlan.Timing(0, 1, 0, 0, 0, 0, 50_000));

    private interface Connected {
        void use(Program program, long port, long socket, SimulatedClient client) throws Exception;
    }

    /** A socket with key 1, connected. */
    private static void connected(SimulatedKernel kernel, int window, Connected use) {
        Program.run(kernel, (program, same) -> {
            long port = program.port(0);
            long listener = program.listener();
            long socket = program.socket();
            program.associate(listener, port, 0);
            program.associate(socket, port, 1);
            SimulatedClient client = kernel.client(new SimulatedClient.Script() { }).window(window);
            client.connect(Program.SERVER);
            program.accept(listener, socket, program.overlapped());
            program.packet(port);
            assertThat(program.updateAcceptContext(socket, listener)).isZero();
            use.use(program, port, socket, client);
        });
    }

    private static void connected(Connected use) {
        connected(new SimulatedKernel(1, FaultPlan.CALM), 16 * 1024, use);
    }

    /** [wine, same on Windows] */
    @Test
    void aReceiveWaitsForBytesAndItsPacketCarriesTheSocketsKey() {
        connected((program, port, socket, client) -> {
            MemorySegment buffer = program.allocate(16);
            long overlapped = program.overlapped();
            assertThat(program.receive(socket, buffer, overlapped)).isEqualTo(PENDING);
            assertThat(Program.status(overlapped)).isEqualTo(STATUS_PENDING());
            assertThat(program.dequeue(port, 1, 100)).isEmpty();
            client.send(new byte[] {1, 2, 3});
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(overlapped, 1, 0, 3));
            assertThat(buffer.asSlice(0, 3).toArray(JAVA_BYTE)).containsExactly(1, 2, 3);
        });
    }

    /** [doc] 0 bytes, again and again. */
    @Test
    void finIsAReceiveOfNoBytes() {
        connected((program, port, socket, client) -> {
            client.send(new byte[] {1});
            client.finish();
            program.sleep(1);
            for (int bytes : new int[] {1, 0, 0}) {
                program.receive(socket, program.allocate(16), program.overlapped());
                assertThat(program.packet(port)).extracting("status", "bytes").containsExactly(0, bytes);
            }
        });
    }

    /** [doc] success at once posts a packet as well, unless the handle skips it. */
    @Test
    void immediateSuccessPostsAPacketUnlessItIsSkipped() {
        connected(new SimulatedKernel(1, INLINE), 16 * 1024, (program, port, socket, client) -> {
            long overlapped = program.overlapped();
            assertThat(program.send(socket, program.bytes((byte) 1), overlapped)).isZero();
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(overlapped, 1, 0, 1));

            assertThat(program.win32.setFileCompletionNotificationModes(socket, 4))
                    .isEqualTo(ERROR_INVALID_PARAMETER());
            int skip = FILE_SKIP_COMPLETION_PORT_ON_SUCCESS();
            assertThat(program.win32.setFileCompletionNotificationModes(socket, skip)).isZero();
            assertThat(program.send(socket, program.bytes((byte) 2), overlapped)).isZero();
            assertThat(Program.status(overlapped)).isZero();
            assertThat(program.dequeue(port, 1, 100)).isEmpty();
            program.sleep(1);
            assertThat(client.received()).containsExactly(1, 2);

            assertThat(program.receive(socket, program.allocate(1), overlapped)).isEqualTo(PENDING);
            client.send(new byte[1]);
            assertThat(program.packet(port).overlapped()).as("what pends has its packet").isEqualTo(overlapped);
        });
    }

    /** [wine, same on Windows] a send waits while the peer does not read, and goes on when it does. */
    @Test
    void aSendWaitsWhileThePeersWindowIsFull() {
        connected(new SimulatedKernel(1, FaultPlan.CALM), 100, (program, port, socket, client) -> {
            client.stopReading();
            byte[] bytes = new byte[20_000];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) i;
            }
            assertThat(program.send(socket, program.bytes(bytes), program.overlapped())).isEqualTo(PENDING);
            assertThat(program.dequeue(port, 1, 10_000)).isEmpty();
            client.startReading();
            assertThat(program.packet(port).bytes()).isEqualTo(20_000);
            program.sleep(1_000);
            assertThat(client.received()).isEqualTo(bytes);
        });
    }

    /** [wt] pending: STATUS_CONNECTION_RESET, which is ERROR_NETNAME_DELETED (64) [wine]; later: 10054. */
    @Test
    void aResetEndsWhatIsPendingAndFailsWhatComes() {
        connected((program, port, socket, client) -> {
            program.receive(socket, program.allocate(16), program.overlapped());
            client.reset();
            assertThat(program.packet(port).status()).isEqualTo(STATUS_CONNECTION_RESET());
            assertThat(program.win32.rtlNtStatusToDosError(STATUS_CONNECTION_RESET()))
                    .isEqualTo(ERROR_NETNAME_DELETED());
            assertThat(program.receive(socket, program.allocate(16), program.overlapped())).isEqualTo(WSAECONNRESET());
            assertThat(program.send(socket, program.allocate(16), program.overlapped())).isEqualTo(WSAECONNRESET());
        });
    }

    /** [doc] 10058 for sends after it; the FIN comes behind what was sent. */
    @Test
    void shutdownEndsSendingOnly() {
        connected((program, port, socket, client) -> {
            program.send(socket, program.bytes((byte) 1, (byte) 2), program.overlapped());
            program.packet(port);
            assertThat(program.win32.shutdown(socket, SD_SEND())).isZero();
            program.sleep(1);
            assertThat(client.received()).containsExactly(1, 2);
            assertThat(client.hasEnded()).isTrue();
            assertThat(program.send(socket, program.bytes((byte) 1), program.overlapped())).isEqualTo(WSAESHUTDOWN());
            program.receive(socket, program.allocate(4), program.overlapped());
            client.send(new byte[] {3});
            assertThat(program.packet(port).bytes()).isEqualTo(1);
        });
    }

    /** [doc] STATUS_CANCELLED is 995; what is not there is 1168, and so is a second try. */
    @Test
    void cancelIoExEndsOneOperationOrAll() {
        connected((program, port, socket, client) -> {
            long first = program.overlapped();
            long second = program.overlapped();
            program.receive(socket, program.allocate(4), first);
            program.receive(socket, program.allocate(4), second);
            assertThat(program.win32.cancelIoEx(socket, second)).isZero();
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(second, 1, STATUS_CANCELLED(), 0));
            assertThat(program.win32.cancelIoEx(socket, second)).isEqualTo(ERROR_NOT_FOUND());
            assertThat(program.win32.cancelIoEx(socket, 0)).isZero();
            assertThat(program.packet(port).overlapped()).isEqualTo(first);
            assertThat(program.win32.cancelIoEx(0x7777, 0)).isEqualTo(ERROR_INVALID_HANDLE());
            assertThat(program.win32.rtlNtStatusToDosError(STATUS_CANCELLED())).isEqualTo(ERROR_OPERATION_ABORTED());
        });
    }

    /** [wt] STATUS_CONNECTION_ABORTED, which is 1236; its packet still comes. */
    @Test
    void closesocketCancelsWhatIsPending() {
        connected((program, port, socket, client) -> {
            program.receive(socket, program.allocate(4), program.overlapped());
            assertThat(program.win32.closesocket(socket)).isZero();
            Program.Packet packet = program.packet(port);
            assertThat(packet.key()).isEqualTo(1);
            assertThat(packet.status()).isEqualTo(STATUS_CONNECTION_ABORTED());
            assertThat(program.win32.closesocket(socket)).isEqualTo(WSAENOTSOCK());
            assertThat(program.receive(socket, program.allocate(4), program.overlapped())).isEqualTo(WSAENOTSOCK());
            program.sleep(1);
            assertThat(client.hasEnded()).as("FIN").isTrue();
        });
    }

    /** The interface's rule: no method keeps its thread waiting. */
    @Test
    void recvOnASocketThatWouldWaitEndsTheRun() {
        assertThatThrownBy(() -> connected((program, port, socket, client) -> program.receiveNow(socket, 0)))
                .isInstanceOf(SimulationFailure.class).hasMessageContaining("keeps its thread waiting");
    }

    /** [doc] linger {on, 0}. */
    @Test
    void closesocketWithLingerZeroIsAnRst() {
        connected((program, port, socket, client) -> {
            program.setOption(socket, SOL_SOCKET(), SO_LINGER(), 1, 4);
            program.win32.closesocket(socket);
            program.sleep(1);
            assertThat(client.isReset()).isTrue();
        });
    }

    /** [doc] "All I/O initiated by a given thread is canceled when that thread exits." */
    @Test
    void theIoOfAThreadThatEndsIsCancelled() {
        connected((program, port, socket, client) -> {
            long overlapped = program.overlapped();
            Thread poster = program.kernel.start("poster",
                    () -> new Program(program.kernel).receive(socket, program.allocate(4), overlapped));
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(overlapped, 1, STATUS_CANCELLED(), 0));
            assertThat(poster.isAlive()).isFalse();
        });
    }

    /** [doc] */
    @Test
    void whatIsNotConnectedIs10057() {
        Program.run((program, kernel) -> {
            long socket = program.socket();
            assertThat(program.receive(socket, program.allocate(4), program.overlapped())).isEqualTo(WSAENOTCONN());
            assertThat(program.send(socket, program.allocate(4), program.overlapped())).isEqualTo(WSAENOTCONN());
            assertThat(program.win32.shutdown(socket, SD_SEND())).isEqualTo(WSAENOTCONN());
            assertThat(program.setOption(socket, SOL_SOCKET(), 0x1234, 1, 4)).isEqualTo(WSAENOPROTOOPT());
        });
    }

    /** SO_SNDBUF 0 [doc]: the bytes are the program's until the peer has them. */
    @Test
    void withoutASendBufferASendEndsWhenThePeerHasItsBytes() {
        connected((program, port, socket, client) -> {
            program.setOption(socket, SOL_SOCKET(), SO_SNDBUF(), 0, 4);
            assertThat(program.send(socket, program.bytes((byte) 1), program.overlapped())).isEqualTo(PENDING);
            assertThat(client.received()).isEmpty();
            assertThat(program.packet(port).bytes()).isEqualTo(1);
            assertThat(client.received()).containsExactly(1);
        });
    }
}
