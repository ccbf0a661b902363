package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.iocp4j.simkernel.Program.PENDING;
import static org.iocp4j.win32.generated.WinTypes.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** AcceptEx, SO_UPDATE_ACCEPT_CONTEXT, GetAcceptExSockaddrs. */
class AcceptTest {
    private static final SimulatedClient.Script NOTHING = new SimulatedClient.Script() { };

    /** [wine, same on Windows] */
    @Test
    void thePacketCarriesTheListenersKey() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            long socket = program.socket();
            program.associate(listener, port, 5);
            program.associate(socket, port, 6);
            long overlapped = program.overlapped();
            assertThat(program.accept(listener, socket, overlapped)).isEqualTo(PENDING);
            kernel.client(NOTHING).connect(Program.SERVER);
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(overlapped, 5, 0, 0));
        });
    }

    /** [wt] a socket that is bound, listening, connected or already in an AcceptEx: 10022. */
    @Test
    void onlyAFreshSocketIsAcceptedInto() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            long connected = program.socket();
            program.connect(listener, connected, port);
            assertThat(program.accept(listener, connected, program.overlapped())).isEqualTo(WSAEINVAL());
            assertThat(program.accept(listener, listener, program.overlapped())).isEqualTo(WSAEINVAL());
            long twice = program.socket();
            assertThat(program.accept(listener, twice, program.overlapped())).isEqualTo(PENDING);
            assertThat(program.accept(listener, twice, program.overlapped())).isEqualTo(WSAEINVAL());
            assertThat(program.accept(program.socket(), program.socket(), program.overlapped()))
                    .as("not a listener").isEqualTo(WSAEINVAL());
            assertThat(program.accept(listener, 0x7777, program.overlapped())).isEqualTo(WSAENOTSOCK());
        });
    }

    /**
     * [doc] 16 bytes more than the sockaddr; [wt] less fails the accept when a client comes, who stays for the next.
     */
    @Test
    void theAddressesNeed16BytesMore() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            long output = program.allocate(256).address();
            long shortOne = program.overlapped();
            long socket = program.socket();
            assertThat(program.accept(listener, socket, 0, 31, shortOne, output)).isEqualTo(PENDING);
            kernel.client(NOTHING).connect(Program.SERVER);
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(shortOne, 0, STATUS_BUFFER_TOO_SMALL(), 0));
            long longEnough = program.overlapped();
            assertThat(program.accept(listener, socket, 0, 32, longEnough, output)).isEqualTo(PENDING);
            assertThat(program.packet(port)).isEqualTo(new Program.Packet(longEnough, 0, 0, 0));
        });
    }

    /** [doc] before the update: WSAENOTCONN; the update takes over the listener's properties. */
    @Test
    void withoutTheContextASocketIsNotConnectedToShutdown() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            program.setOption(listener, SOL_SOCKET(), SO_LINGER(), 1, 4);
            long socket = program.socket();
            program.accept(listener, socket, program.overlapped());
            assertThat(program.updateAcceptContext(socket, listener)).as("no client yet").isEqualTo(WSAENOTCONN());
            kernel.client(NOTHING).connect(Program.SERVER);
            program.packet(port);
            long name = program.allocate(16).address();
            long length = program.allocate(4).address();
            Program.at(length, 4).set(ValueLayout.JAVA_INT, 0, 16);
            assertThat(program.win32.shutdown(socket, SD_SEND())).isEqualTo(WSAENOTCONN());
            assertThat(program.win32.getsockname(socket, name, length)).isEqualTo(WSAENOTCONN());
            assertThat(program.disconnect(socket, program.overlapped())).isEqualTo(WSAENOTCONN());
            assertThat(program.updateAcceptContext(socket, 0x7777)).isEqualTo(WSAENOTSOCK());
            assertThat(program.setOption(socket, SOL_SOCKET(), SO_UPDATE_ACCEPT_CONTEXT(), listener, 4))
                    .as("a SOCKET has 8 bytes").isEqualTo(WSAEFAULT());

            assertThat(program.updateAcceptContext(socket, listener)).isZero();
            assertThat(program.win32.getsockname(socket, name, length)).isZero();
            long value = program.allocate(4).address();
            assertThat(program.win32.getsockopt(socket, SOL_SOCKET(), SO_LINGER(), value, length)).isZero();
            assertThat(Program.at(value, 4).get(ValueLayout.JAVA_INT, 0)).as("linger inherited").isEqualTo(1);
            assertThat(program.win32.shutdown(socket, SD_SEND())).isZero();
        });
    }

    /** [doc] */
    @Test
    void theAddressesAreFoundInTheOutput() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            MemorySegment output = program.allocate(64);
            program.accept(listener, program.socket(), 0, 32, program.overlapped(), output.address());
            SimulatedClient client = kernel.client(NOTHING).connect(Program.SERVER);
            program.packet(port);
            MemorySegment found = program.allocate(32);
            long at = found.address();
            program.win32.getAcceptExSockaddrs(output.address(), 0, 32, 32, at, at + 8, at + 16, at + 24);
            SockaddrMemory sockaddrs = kernel.sockaddrs;
            assertThat(sockaddrs.read(found.get(ValueLayout.JAVA_LONG, 0))).isEqualTo(Program.SERVER);
            assertThat(sockaddrs.read(found.get(ValueLayout.JAVA_LONG, 16))).isEqualTo(client.localAddress());
            assertThat(found.get(ValueLayout.JAVA_INT, 24)).isEqualTo(16);
        });
    }

    /** [doc] with a receive length a client that says nothing holds the accept; its first bytes end it. */
    @Test
    void withAReceiveLengthTheAcceptWaitsForBytes() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            MemorySegment output = program.allocate(68);
            program.accept(listener, program.socket(), 4, 32, program.overlapped(), output.address());
            SimulatedClient client = kernel.client(NOTHING).connect(Program.SERVER);
            assertThat(program.dequeue(port, 1, 1_000)).isEmpty();
            client.send(new byte[] {1, 2, 3, 4, 5});
            assertThat(program.packet(port).bytes()).isEqualTo(4);
            assertThat(output.asSlice(0, 4).toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2, 3, 4);
        });
    }

    /** [doc] a listener that is closed, or was never there: refused; what waited in its backlog: reset. */
    @Test
    void clientsOfAClosedListenerAreSentAway() {
        Program.run((program, kernel) -> {
            long listener = program.listener();
            SimulatedClient waiting = kernel.client(NOTHING).connect(Program.SERVER);
            program.sleep(1);
            assertThat(program.win32.closesocket(listener)).isZero();
            SimulatedClient late = kernel.client(NOTHING).connect(Program.SERVER);
            program.sleep(1);
            assertThat(waiting.isReset()).isTrue();
            assertThat(late.isRefused()).isTrue();
        });
    }

    /** [doc] the accepts of a listener are cancelled with it. */
    @Test
    void cancellingTheListenersIoCancelsItsAccepts() {
        Program.run((program, kernel) -> {
            long port = program.port(0);
            long listener = program.listener();
            program.associate(listener, port, 0);
            long socket = program.socket();
            program.accept(listener, socket, program.overlapped());
            assertThat(program.win32.cancelIoEx(socket, 0)).as("it is the listener's I/O").isEqualTo(ERROR_NOT_FOUND());
            assertThat(program.win32.cancelIoEx(listener, 0)).isZero();
            assertThat(program.packet(port).status()).isEqualTo(STATUS_CANCELLED());
            assertThat(program.accept(listener, socket, program.overlapped())).as("still fresh").isEqualTo(PENDING);
        });
    }

    /** [doc: SO_EXCLUSIVEADDRUSE] */
    @Test
    void aTakenPortIs10048() {
        Program.run((program, kernel) -> {
            program.listener();
            long second = program.socket();
            assertThat(program.bind(second, Program.SERVER)).isEqualTo(WSAEADDRINUSE());
            long exclusive = program.socket();
            program.setOption(exclusive, SOL_SOCKET(), SO_EXCLUSIVEADDRUSE(), 1, 4);
            assertThat(program.bind(exclusive, Program.SERVER)).isEqualTo(WSAEADDRINUSE());
        });
    }

    /** [doc] WSAEMFILE, until one is closed. */
    @Test
    void theFileLimitIs10024UntilASocketIsClosed() {
        Program.run(new SimulatedKernel(1, FaultPlan.CALM).socketLimit(2), (program, kernel) -> {
            long first = program.socket();
            program.socket();
            assertThat(program.win32.wsaSocket(AF_INET(), SOCK_STREAM(), IPPROTO_TCP(), WSA_FLAG_OVERLAPPED()))
                    .isEqualTo(-WSAEMFILE());
            program.win32.closesocket(first);
            program.socket();
        });
    }
}
