package io.ociregistry.upstream.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Finds the addresses of a host; a literal address resolves to itself. */
@FunctionalInterface
public interface HostResolver {
    /** Resolves as the operating system is configured: hosts file and DNS. */
    HostResolver SYSTEM = host -> List.of(InetAddress.getAllByName(host));

    /**
     * Returns the addresses of a host, the preferred address first.
     *
     * @param host a name or a literal address, IPv6 in brackets
     */
    List<InetAddress> resolve(String host) throws UnknownHostException;
}
