package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/**
 * Memory off the heap for the two addresses of a connection, while Windows reads or writes them: the local sockaddr,
 * then the peer's. {@link SocketSlots#takeBlock} lends it to one holder at a time.
 */
final class AddressBlock {
    /** Room for one address in an accept's output: a sockaddr of either family, and 16 bytes [doc]. */
    static final int ADDRESS_BYTES = Sockaddr.MAX_BYTES + 16;
    static final int BYTES = 2 * ADDRESS_BYTES;

    private final MemorySegment memory;

    AddressBlock(MemorySegment memory) {
        this.memory = memory;
    }

    long local() {
        return memory.address();
    }

    long remote() {
        return memory.address() + ADDRESS_BYTES;
    }

    /** Writes the local address for a socket of a family; returns the size of its sockaddr. */
    int local(InetSocketAddress address, int family) {
        return Sockaddr.write(address, family, memory);
    }

    /** Writes the peer's address for a socket of a family; returns the size of its sockaddr. */
    int remote(InetSocketAddress address, int family) {
        return Sockaddr.write(address, family, memory.asSlice(ADDRESS_BYTES));
    }

    /**
     * Copies two sockaddrs of the block to the heap, one behind the other.
     *
     * @param family the socket's
     */
    void copyTo(byte[] target, long localSockaddr, long remoteSockaddr, int family) {
        int bytes = Sockaddr.bytes(family);
        MemorySegment.copy(memory, JAVA_BYTE, localSockaddr - local(), target, 0, bytes);
        MemorySegment.copy(memory, JAVA_BYTE, remoteSockaddr - local(), target, bytes, bytes);
    }
}
