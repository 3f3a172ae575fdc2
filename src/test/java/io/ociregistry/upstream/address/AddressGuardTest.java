package io.ociregistry.upstream.address;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decisions of the guard, without any connection. */
class AddressGuardTest {
    private static final String PUBLIC = "8.8.8.8";

    private final FakeDns names = new FakeDns();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "[::1]",
                "10.0.0.1",
                "169.254.169.254",
                "[fd00:ec2::254]",
                "0.0.0.0",
                "[::]",
                "localhost",
                "[::ffff:127.0.0.1]",
                "[64:ff9b::127.0.0.1]"
            })
    void unlistedRegistryIsRefusedAtLocalAddresses(String host) {
        AddressGuard guard = AddressGuard.publicOnly(names);
        var refused = assertThrows(AddressGuard.Refused.class, () -> guard.resolve(host, 443));
        assertTrue(refused.getMessage().contains(host), refused.getMessage());
        assertTrue(refused.getMessage().contains("under registries"), refused.getMessage());
    }

    @Test
    void unlistedRegistryIsAllowedAtPublicAddresses() throws UnknownHostException {
        AddressGuard guard = AddressGuard.publicOnly(names.with("registry.example.com", PUBLIC, "2606:4700::1111"));
        assertEquals(
                List.of(
                        new InetSocketAddress(InetAddress.getByName(PUBLIC), 443),
                        new InetSocketAddress(InetAddress.getByName("2606:4700::1111"), 443)),
                guard.resolve("registry.example.com", 443));
    }

    @Test
    void onlyAllowedAddressesOfANameAreReturned() throws UnknownHostException {
        AddressGuard guard =
                AddressGuard.publicOnly(names.with("rebinding.example.com", "127.0.0.1", PUBLIC, "10.0.0.1"));
        assertArrayEquals(new InetAddress[] {InetAddress.getByName(PUBLIC)}, guard.resolve("rebinding.example.com"));
    }

    @Test
    void nameThatMovesToLoopbackIsRefused() throws UnknownHostException {
        AddressGuard guard = AddressGuard.publicOnly(names);
        names.with("rebinding.example.com", PUBLIC);
        assertEquals(1, guard.resolve("rebinding.example.com", 443).size());
        names.with("rebinding.example.com", "127.0.0.1");
        assertThrows(AddressGuard.Refused.class, () -> guard.resolve("rebinding.example.com", 443));
    }

    @ParameterizedTest
    @CsvSource({
        // address of the configured registry, address of the host that it names, allowed
        "8.8.8.8, 9.9.9.9, true",
        "8.8.8.8, 10.0.0.1, false",
        "8.8.8.8, 127.0.0.1, false",
        "8.8.8.8, 169.254.169.254, false",
        "10.0.0.1, 9.9.9.9, true",
        "10.0.0.1, 192.168.0.1, true",
        "10.0.0.1, 127.0.0.1, false",
        "10.0.0.1, 169.254.169.254, false",
        "127.0.0.1, 9.9.9.9, true",
        "127.0.0.1, 10.0.0.1, true",
        "127.0.0.1, ::1, true",
        "127.0.0.1, 169.254.169.254, false",
        "169.254.1.1, 169.254.169.254, false",
    })
    void configuredRegistryNamesHostsOnlyAsNearAsItself(String registry, String other, boolean allowed)
            throws UnknownHostException {
        names.with("registry.example.com", registry).with("other.example.net", other);
        AddressGuard guard = AddressGuard.forRegistry(Origin.of(URI.create("https://registry.example.com")), names);
        assertEquals(1, guard.resolve("registry.example.com", 443).size(), "the registry is allowed at every address");
        if (allowed) {
            assertEquals(1, guard.resolve("other.example.net", 443).size());
        } else {
            assertThrows(AddressGuard.Refused.class, () -> guard.resolve("other.example.net", 443));
        }
    }

    @Test
    void registryWithOnePublicAddressIsPublic() throws UnknownHostException {
        names.with("registry.example.com", "10.0.0.1", PUBLIC);
        AddressGuard guard = AddressGuard.forRegistry(Origin.of(URI.create("https://registry.example.com")), names);
        assertEquals(2, guard.resolve("registry.example.com").length);
        assertThrows(AddressGuard.Refused.class, () -> guard.resolve("10.0.0.2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"::1", "[::1]"})
    void ipv6RegistryIsKnownWithAndWithoutBrackets(String host) throws UnknownHostException {
        AddressGuard guard = AddressGuard.forRegistry(Origin.of(URI.create("https://[::1]")), names);
        assertEquals(1, guard.resolve(host, 443).size());
    }

    @Test
    void unknownNameIsNotRefused() {
        AddressGuard guard = AddressGuard.publicOnly(names);
        var unknown = assertThrows(UnknownHostException.class, () -> guard.resolve("nowhere.invalid", 443));
        assertEquals(UnknownHostException.class, unknown.getClass());
    }
}
