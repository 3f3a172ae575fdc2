package io.ociregistry.e2e;

import io.ociregistry.upstream.address.PublicAddresses;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that an unconfigured registry is reached at public addresses only, even if it redirects elsewhere. Public and
 * private addresses are on {@code lo} in an otherwise empty network namespace, so that no packet leaves the machine.
 */
@Timeout(120)
@ExtendWith(ShowsLogs.class)
class PublicAddressesIT {
    @Test
    void unlistedRegistriesAreReachedAtPublicAddressesOnly() {
        Peers.requireRoot();
        Peers.require("unshare");
        Peers.require("ip");
        String prepare = PublicAddresses.ADDRESSES.stream()
                .map(address -> " && ip address add " + address + "/32 dev lo")
                .collect(Collectors.joining("", "ip link set lo up", " && exec \"$@\""));
        Program.run(
                "public-addresses",
                List.of(
                        "unshare",
                        "--net",
                        "sh",
                        "-c",
                        prepare,
                        "sh",
                        Java.executable(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        PublicAddresses.class.getName()));
    }
}
