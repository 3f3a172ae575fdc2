package io.ociregistry.config.address;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A block of addresses of one family, which share the first bits.
 *
 * @param prefix the first {@code bits} bits
 * @param addressLength the bytes of an address of this family
 */
public record AddressRange(BigInteger prefix, int addressLength, int prefixLength) {
    /** Parses blocks that are known to be valid. */
    public static List<AddressRange> list(String... blocks) {
        return Arrays.stream(blocks).map(AddressRange::parse).toList();
    }

    public static boolean anyContains(List<AddressRange> ranges, byte[] address) {
        return ranges.stream().anyMatch(range -> range.contains(address));
    }

    public boolean contains(byte[] address) {
        return address.length == addressLength
                && firstBits(address, prefixLength).equals(prefix);
    }

    /** Parses a block such as {@code 10.0.0.0/8} or {@code fd00::/8}; empty if the text is not a block. */
    public static Optional<AddressRange> of(String block) {
        int slash = block.indexOf('/');
        Optional<byte[]> address = slash < 0
                ? Optional.empty()
                : IpLiteral.parse(block.substring(0, slash)).map(InetAddress::getAddress);
        String bits = block.substring(slash + 1);
        return address.filter(bytes -> bits.matches("[0-9]{1,3}") && Integer.parseInt(bits) <= bytes.length * Byte.SIZE)
                .map(bytes -> {
                    int count = Integer.parseInt(bits);
                    return new AddressRange(firstBits(bytes, count), bytes.length, count);
                });
    }

    private static AddressRange parse(String block) {
        int slash = block.indexOf('/');
        int bits = Integer.parseInt(block.substring(slash + 1));
        byte[] address = literal(block.substring(0, slash));
        return new AddressRange(firstBits(address, bits), address.length, bits);
    }

    private static BigInteger firstBits(byte[] address, int bits) {
        return new BigInteger(1, address).shiftRight(address.length * Byte.SIZE - bits);
    }

    private static byte[] literal(String address) {
        try {
            // Java converts an IPv4-mapped address to IPv4. This prefix is compared only with unconverted addresses.
            return address.startsWith("::ffff:")
                    ? mappedPrefix()
                    : InetAddress.getByName(address).getAddress();
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(address + " is not an address", e);
        }
    }

    private static byte[] mappedPrefix() {
        byte[] prefix = new byte[16];
        prefix[10] = (byte) 0xff;
        prefix[11] = (byte) 0xff;
        return prefix;
    }
}
