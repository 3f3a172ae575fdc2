package io.ociregistry.upstream.address;

import io.ociregistry.config.address.AddressRange;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/** Scope of an address; the order is from the widest scope to the narrowest. */
enum AddressScope {
    /** Reachable from the whole internet. */
    PUBLIC("a public address"),
    /** An address of a private network or of the network of a carrier (RFC 6598). */
    PRIVATE("a private address"),
    LOOPBACK("an address of this machine"),
    /**
     * Link-local (including the metadata services of clouds), multicast, unspecified, reserved, or an address that
     * contains another address.
     */
    SPECIAL("a special address");

    private static final List<AddressRange> PRIVATE_RANGES =
            AddressRange.list("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7");
    private static final List<AddressRange> LOOPBACK_RANGES = AddressRange.list("127.0.0.0/8", "::1/128");
    private static final List<AddressRange> SPECIAL_RANGES = AddressRange.list(
            // metadata services of clouds at private, shared and public addresses
            "100.100.100.200/32",
            "168.63.129.16/32",
            "fd00:ec2::/32",
            "fd20:ce::254/128",
            // "this network", link-local, multicast and reserved with broadcast
            "0.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "240.0.0.0/4",
            // protocol assignments, documentation, the 6to4 relay, benchmarks
            "192.0.0.0/24",
            "192.0.2.0/24",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "192.88.99.0/24",
            "198.18.0.0/15",
            // inside 2000::/3: Teredo and other protocol assignments, documentation, 6to4
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20",
            "2002::/16");
    /**
     * The block of global unicast addresses that IANA assigns from. All other IPv6 addresses are unspecified, old forms
     * that contain IPv4, NAT64 of one site, link-local, multicast, or unassigned.
     */
    private static final List<AddressRange> GLOBAL_IPV6 = AddressRange.list("2000::/3");

    private static final List<AddressRange> ENDS_WITH_IPV4 = AddressRange.list("::ffff:0:0/96", "64:ff9b::/96");
    private static final int IPV4_AT = 12;
    private static final int IPV4_LENGTH = 4;

    private final String description;

    AddressScope(String description) {
        this.description = description;
    }

    /**
     * Returns the scope of an address. An IPv6 address that is IPv4-mapped or has the well-known NAT64 prefix has the
     * scope of its IPv4 address.
     */
    static AddressScope of(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (!(address instanceof Inet4Address) && AddressRange.anyContains(ENDS_WITH_IPV4, bytes)) {
            return of(Arrays.copyOfRange(bytes, IPV4_AT, bytes.length));
        }
        return of(bytes);
    }

    private static AddressScope of(byte[] address) {
        if (AddressRange.anyContains(LOOPBACK_RANGES, address)) {
            return LOOPBACK;
        }
        if (AddressRange.anyContains(SPECIAL_RANGES, address)) {
            return SPECIAL;
        }
        if (AddressRange.anyContains(PRIVATE_RANGES, address)) {
            return PRIVATE;
        }
        return address.length == IPV4_LENGTH || AddressRange.anyContains(GLOBAL_IPV6, address) ? PUBLIC : SPECIAL;
    }

    @Override
    public String toString() {
        return description;
    }
}
