package io.ociregistry.upstream.address;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressScopeTest {
    @ParameterizedTest
    @CsvSource({
        // IPv4: the first and the last of every block, and their neighbours
        "0.0.0.0, SPECIAL",
        "0.255.255.255, SPECIAL",
        "1.0.0.0, PUBLIC",
        "9.255.255.255, PUBLIC",
        "10.0.0.0, PRIVATE",
        "10.255.255.255, PRIVATE",
        "11.0.0.0, PUBLIC",
        "100.63.255.255, PUBLIC",
        "100.64.0.0, PRIVATE",
        "100.100.100.199, PRIVATE",
        "100.100.100.200, SPECIAL",
        "100.127.255.255, PRIVATE",
        "100.128.0.0, PUBLIC",
        "126.255.255.255, PUBLIC",
        "127.0.0.0, LOOPBACK",
        "127.0.0.1, LOOPBACK",
        "127.255.255.255, LOOPBACK",
        "128.0.0.0, PUBLIC",
        "168.63.129.15, PUBLIC",
        "168.63.129.16, SPECIAL",
        "169.253.255.255, PUBLIC",
        "169.254.0.0, SPECIAL",
        "169.254.169.254, SPECIAL",
        "169.254.170.2, SPECIAL",
        "169.254.255.255, SPECIAL",
        "169.255.0.0, PUBLIC",
        "172.15.255.255, PUBLIC",
        "172.16.0.0, PRIVATE",
        "172.31.255.255, PRIVATE",
        "172.32.0.0, PUBLIC",
        "192.0.0.192, SPECIAL",
        "192.0.1.0, PUBLIC",
        "192.0.2.1, SPECIAL",
        "192.88.99.1, SPECIAL",
        "192.167.255.255, PUBLIC",
        "192.168.0.0, PRIVATE",
        "192.168.255.255, PRIVATE",
        "192.169.0.0, PUBLIC",
        "198.17.255.255, PUBLIC",
        "198.18.0.0, SPECIAL",
        "198.19.255.255, SPECIAL",
        "198.20.0.0, PUBLIC",
        "198.51.100.1, SPECIAL",
        "203.0.113.1, SPECIAL",
        "223.255.255.255, PUBLIC",
        "224.0.0.1, SPECIAL",
        "239.255.255.255, SPECIAL",
        "240.0.0.1, SPECIAL",
        "255.255.255.255, SPECIAL",
        // IPv6
        "::, SPECIAL",
        "::1, LOOPBACK",
        "::2, SPECIAL",
        "::127.0.0.1, SPECIAL",
        "::a00:1, SPECIAL",
        "0:0:0:0:ffff:0:7f00:1, SPECIAL",
        "64:ff9b:1::1, SPECIAL",
        "100::1, SPECIAL",
        "2001::1, SPECIAL",
        "2001:1ff:ffff::1, SPECIAL",
        "2001:200::1, PUBLIC",
        "2001:db8::1, SPECIAL",
        "2001:4860:4860::8888, PUBLIC",
        "2002:7f00:1::, SPECIAL",
        "2606:4700::1111, PUBLIC",
        "3fff::1, SPECIAL",
        "5f00::1, SPECIAL",
        "1fff::1, SPECIAL",
        "2000::1, PUBLIC",
        "4000::1, SPECIAL",
        "fbff::1, SPECIAL",
        "fc00::1, PRIVATE",
        "fd00:ec2::254, SPECIAL",
        "fd20:ce::254, SPECIAL",
        "fd20:ce::253, PRIVATE",
        "fdff::1, PRIVATE",
        "fe00::1, SPECIAL",
        "fe80::1, SPECIAL",
        "febf::1, SPECIAL",
        "fec0::1, SPECIAL",
        "ff02::1, SPECIAL",
        // the well-known NAT64 prefix contains an IPv4 address
        "64:ff9b::7f00:1, LOOPBACK",
        "64:ff9b::a9fe:a9fe, SPECIAL",
        "64:ff9b::a00:1, PRIVATE",
        "64:ff9b::808:808, PUBLIC",
    })
    void addressHasTheScopeOfItsBlock(String address, AddressScope scope) throws UnknownHostException {
        assertEquals(scope, AddressScope.of(InetAddress.getByName(address)));
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, LOOPBACK",
        "10.0.0.1, PRIVATE",
        "169.254.169.254, SPECIAL",
        "0.0.0.0, SPECIAL",
        "8.8.8.8, PUBLIC",
    })
    void mappedIpv4AddressKeepsItsScope(String inner, AddressScope scope) throws UnknownHostException {
        byte[] mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        System.arraycopy(InetAddress.getByName(inner).getAddress(), 0, mapped, 12, 4);
        // InetAddress.getByAddress without a scope id converts a mapped address to IPv4.
        assertEquals(scope, AddressScope.of(Inet6Address.getByAddress(null, mapped, -1)));
        assertEquals(scope, AddressScope.of(InetAddress.getByAddress(mapped)));
    }

    @Test
    void scopesAreOrderedFromWideToNarrow() {
        assertEquals(
                "[a public address, a private address, an address of this machine, a special address]",
                java.util.Arrays.toString(AddressScope.values()));
    }
}
