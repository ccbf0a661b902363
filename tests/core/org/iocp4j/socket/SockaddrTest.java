package org.iocp4j.socket;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SockaddrTest {
    private static byte[] written(InetSocketAddress address) {
        byte[] bytes = new byte[Sockaddr.MAX_BYTES];
        Arrays.fill(bytes, (byte) 0xFF);
        int used = Sockaddr.write(address, MemorySegment.ofArray(bytes));
        return Arrays.copyOf(bytes, used);
    }

    private static InetSocketAddress read(String hex) {
        return Sockaddr.read(MemorySegment.ofArray(bytes(hex)), 0);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static InetSocketAddress address(String host, int port) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(host), port);
    }

    /** Family 2, the port big-endian, four bytes of address, eight zeros. */
    @Test
    void writesIpv4AsWinsockLaysItOut() throws Exception {
        assertThat(written(address("192.168.1.200", 6000))).isEqualTo(bytes("0200 1770 C0A801C8 0000000000000000"));
    }

    /** Family 23, the port big-endian, flow info, sixteen bytes of address, the scope little-endian. */
    @Test
    void writesIpv6AsWinsockLaysItOut() throws Exception {
        byte[] ip = InetAddress.getByName("fe80::1234").getAddress();
        InetSocketAddress address = new InetSocketAddress(Inet6Address.getByAddress(null, ip, 0x0102_0304), 65_535);
        assertThat(written(address))
                .isEqualTo(bytes("1700 FFFF 00000000 FE800000000000000000000000001234 04030201"));
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 0", "0.0.0.0, 1", "255.255.255.255, 32768", "::, 0", "::1, 65535",
            "2001:db8::42:8329, 40000"})
    void roundTrip(String host, int port) throws Exception {
        InetSocketAddress address = address(host, port);
        MemorySegment memory = MemorySegment.ofArray(written(address));
        assertThat(Sockaddr.read(memory, 0)).isEqualTo(address);
    }

    @Test
    void scopeSurvivesTheRoundTrip() throws Exception {
        byte[] ip = InetAddress.getByName("fe80::1").getAddress();
        InetSocketAddress scoped = new InetSocketAddress(Inet6Address.getByAddress(null, ip, 17), 80);
        InetSocketAddress back = Sockaddr.read(MemorySegment.ofArray(written(scoped)), 0);
        assertThat(back).isEqualTo(scoped);
        assertThat(((Inet6Address) back.getAddress()).getScopeId()).isEqualTo(17);
    }

    @Test
    void ipv4PeerOfADualStackSocketReadsAsIpv4() {
        InetSocketAddress peer = read("1700 1770 00000000 00000000000000000000FFFF7F000001 00000000");
        assertThat(peer.getAddress()).isInstanceOf(Inet4Address.class);
        assertThat(peer.getAddress().getHostAddress()).isEqualTo("127.0.0.1");
        assertThat(peer.getPort()).isEqualTo(6000);
    }

    /** Accepts leave two addresses in one piece of memory, on no boundary. */
    @Test
    void readsAtAnyOffset() throws Exception {
        byte[] memory = new byte[100];
        System.arraycopy(bytes("0200 1770 0A000001 0000000000000000"), 0, memory, 45, 16);
        assertThat(Sockaddr.read(MemorySegment.ofArray(memory), 45)).isEqualTo(address("10.0.0.1", 6000));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000", "0100", "0A00", "FFFF"})
    void unknownFamilyIsRefused(String family) {
        assertThatThrownBy(() -> read(family + "1770 0A000001 0000000000000000"))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("address family");
    }

    @Test
    void touchesNothingBehindTheRoomItAskedFor() throws Exception {
        MemorySegment memory = MemorySegment.ofArray(new byte[40]).fill((byte) 0x55);
        Sockaddr.write(address("::1", 1), memory.asSlice(0, Sockaddr.MAX_BYTES));
        assertThat(memory.asSlice(Sockaddr.MAX_BYTES).toArray(JAVA_BYTE)).containsOnly(0x55);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 2, 16", "::1, 23, 28"})
    void familyAndSizeFollowTheAddress(String host, int family, int bytes) throws Exception {
        InetAddress address = InetAddress.getByName(host);
        assertThat(Sockaddr.family(address)).isEqualTo(family);
        assertThat(Sockaddr.bytes(family)).isEqualTo(bytes);
    }
}
