package io.ociregistry.upstream.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Finds the addresses of a host; that of an address is itself. */
@FunctionalInterface
public interface HostResolver {
    /** As the operating system is configured: hosts file, DNS. */
    HostResolver SYSTEM = host -> List.of(InetAddress.getAllByName(host));

    /**
     * The addresses of a host, best first.
     *
     * @param host a name, or an address, IPv6 in brackets
     */
    List<InetAddress> resolve(String host) throws UnknownHostException;
}
