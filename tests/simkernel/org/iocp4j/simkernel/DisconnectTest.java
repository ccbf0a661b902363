package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.win32.generated.WinTypes.*;

import org.junit.jupiter.api.Test;

/** DisconnectEx and TransmitFile with reuse. */
class DisconnectTest {
    private static final long SECOND = 1_000_000_000;
    private static final int REUSE = TF_DISCONNECT() | TF_REUSE_SOCKET();

    private interface Reused {
        void use(Program program, long port, long listener, long socket, SimulatedClient client) throws Exception;
    }

    private static void connected(FaultPlan.Disconnects disconnects, Reused use) {
        Program.run(new SimulatedKernel(1, FaultPlan.CALM.with(disconnects)), (program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            long socket = program.socket();
            program.associate(listener, port, 0);
            program.associate(socket, port, 1);
            use.use(program, port, listener, socket, program.connect(listener, socket, port));
        });
    }

    private static int transmit(Program program, long socket, long overlapped, int flags) {
        return program.win32.transmitFile(socket, 0, 0, 0, overlapped, 0, flags);
    }

    /** [doc] the handle may go to AcceptEx; it keeps its port and its key: the seed's bug. */
    @Test
    void aReusedSocketKeepsItsPortAndItsFirstKey() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            long overlapped = program.overlapped();
            assertThat(program.disconnect(socket, overlapped)).isEqualTo(PENDING);
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(overlapped, 1, 0, 0));
            assertThat(client.hasEnded()).isTrue();
            assertThat(program.associate(socket, port, 2)).isEqualTo(ERROR_INVALID_PARAMETER());

            SimulatedClient second = program.connect(listener, socket, port);
            second.send(new byte[] {9});
            program.receive(socket, program.allocate(4), program.overlapped());
            assertThat(program.packet(port).key()).as("the key of generation 1").isEqualTo(1);
        });
    }

    /** [doc] WSAEINVAL for flags or reserved, WSAENOTCONN for what is not connected; [wine] 10038 for a bad handle. */
    @Test
    void wrongArgumentsAreRefused() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            long overlapped = program.overlapped();
            assertThat(program.win32.disconnectEx(socket, overlapped, 1, 0)).isEqualTo(WSAEINVAL());
            assertThat(program.win32.disconnectEx(socket, overlapped, TF_REUSE_SOCKET(), 1)).isEqualTo(WSAEINVAL());
            assertThat(program.disconnect(listener, overlapped)).isEqualTo(WSAENOTCONN());
            assertThat(program.disconnect(program.socket(), overlapped)).isEqualTo(WSAENOTCONN());
            assertThat(program.disconnect(0x7777, overlapped)).isEqualTo(WSAENOTSOCK());
            assertThat(transmit(program, socket, overlapped, TF_REUSE_SOCKET())).isEqualTo(WSAEINVAL());
        });
    }

    /** Without TF_REUSE_SOCKET the socket is good for nothing but closesocket [doc]. */
    @Test
    void withoutTheFlagTheSocketIsNotReusable() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            program.win32.disconnectEx(socket, program.overlapped(), 0, 0);
            program.packet(port);
            assertThat(program.accept(listener, socket, program.overlapped())).isEqualTo(WSAEINVAL());
        });
    }

    /** [doc] not before the disconnect has ended. */
    @Test
    void aSocketBeingDisconnectedIsNotAcceptedInto() {
        connected(new FaultPlan.Disconnects(0, 0, 1, 0), (program, port, listener, socket, client) -> {
            program.disconnect(socket, program.overlapped());
            assertThat(program.accept(listener, socket, program.overlapped())).isEqualTo(WSAEINVAL());
            assertThat(program.send(socket, program.allocate(1), program.overlapped())).isEqualTo(WSAESHUTDOWN());
            assertThat(program.disconnect(socket, program.overlapped())).isEqualTo(WSAENOTCONN());
        });
    }

    /** [doc] TIME_WAIT may delay the call: it is the closer's, when the server closes first. */
    @Test
    void timeWaitDelaysADisconnectOfWhoeverClosesFirst() {
        FaultPlan.Disconnects timeWait = new FaultPlan.Disconnects(0, 1, 0, 2 * SECOND);
        connected(timeWait, (program, port, listener, socket, client) -> {
            program.disconnect(socket, program.overlapped());
            program.sleep(1);
            client.close();
            assertThat(program.dequeue(port, 1, 1_900)).isEmpty();
            assertThat(program.dequeue(port, 1, 200)).hasSize(1);
        });
        connected(timeWait, (program, port, listener, socket, client) -> {
            client.close();
            program.sleep(1);
            program.disconnect(socket, program.overlapped());
            assertThat(program.dequeue(port, 1, 1)).as("the client closed first").hasSize(1);
        });
    }

    /** [rep] a silent peer can pin a socket; a bounded wait, then closesocket. */
    @Test
    void aDisconnectThatNeverEndsEndsWithItsSocket() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            client.vanish();
            program.disconnect(socket, program.overlapped());
            assertThat(program.dequeue(port, 1, 3_600_000)).isEmpty();
            program.win32.closesocket(socket);
            assertThat(program.packet(port).status()).isNegative();
        });
    }

    /** [doc] TransmitFile with reuse does not complete until the peer has closed too. */
    @Test
    void transmitFileWithReuseWaitsForThePeer() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            long overlapped = program.overlapped();
            assertThat(transmit(program, socket, overlapped, REUSE)).isEqualTo(PENDING);
            assertThat(program.dequeue(port, 1, 60_000)).isEmpty();
            assertThat(client.hasEnded()).isTrue();
            client.close();
            assertThat(program.packet(port).overlapped()).isEqualTo(overlapped);
            program.connect(listener, socket, port);
        });
    }

    /** [wine] 10058 after shutdown(SD_SEND), 10057 after the client's RST. */
    @Test
    void transmitFileNeedsAConnectionThatCanSend() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            program.win32.shutdown(socket, SD_SEND());
            assertThat(transmit(program, socket, program.overlapped(), REUSE)).isEqualTo(WSAESHUTDOWN());
        });
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            client.reset();
            program.sleep(1);
            assertThat(transmit(program, socket, program.overlapped(), REUSE)).isEqualTo(WSAENOTCONN());
        });
    }

    /** [wine] a pending receive is not cancelled by the call; it ends with the connection [inf]. */
    @Test
    void aReceivePendingAtTheDisconnectEndsWithTheConnection() {
        connected(new FaultPlan.Disconnects(1, 0, 0, 0), (program, port, listener, socket, client) -> {
            long receive = program.overlapped();
            program.receive(socket, program.allocate(4), receive);
            program.disconnect(socket, program.overlapped());
            assertThat(program.dequeue(port, 1, 1_000)).isEmpty();
            client.close();
            assertThat(program.packet(port).overlapped()).isEqualTo(receive);
            program.packet(port);
        });
    }

    /** [wine] linger {on, 0} turns it into an RST. */
    @Test
    void withLingerZeroADisconnectIsAnRst() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            program.setOption(socket, SOL_SOCKET(), SO_LINGER(), 1, 4);
            program.disconnect(socket, program.overlapped());
            program.packet(port);
            program.sleep(1);
            assertThat(client.isReset()).isTrue();
        });
    }

    /** No byte of an older connection reaches the next one on the same socket. */
    @Test
    void bytesOfTheLastConnectionDoNotReachTheNext() {
        connected(FaultPlan.Disconnects.AT_ONCE, (program, port, listener, socket, client) -> {
            client.send(new byte[] {1, 2, 3});
            program.disconnect(socket, program.overlapped());
            client.send(new byte[] {4, 5, 6});
            program.packet(port);
            SimulatedClient second = program.connect(listener, socket, port);
            program.receive(socket, program.allocate(8), program.overlapped());
            assertThat(program.dequeue(port, 1, 1_000)).isEmpty();
            second.send(new byte[] {7});
            assertThat(program.packet(port).bytes()).isEqualTo(1);
        });
    }
}
