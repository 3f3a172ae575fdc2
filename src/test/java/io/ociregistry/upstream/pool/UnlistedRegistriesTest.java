package io.ociregistry.upstream.pool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerConfig.UnlistedRegistries;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.upstream.UpstreamTestBase;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.address.HostResolver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Unlisted registries are reached only at public addresses. No packet of these tests leaves loopback. */
class UnlistedRegistriesTest extends UpstreamTestBase {
    private final FakeUpstream fake = started(FakeUpstream.start());

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:PORT",
                "localhost:PORT",
                "[::1]:PORT",
                "[::ffff:127.0.0.1]:PORT",
                "10.0.0.1",
                "192.168.0.1:5000",
                "169.254.169.254",
                "[fd00:ec2::254]",
                "inside.example"
            })
    void rejectsUnlistedRegistryAtPrivateAddress(String name) {
        HostResolver resolver = host -> List.of(host.equals("inside.example") ? address("127.0.0.1") : address(host));
        Upstreams upstreams = upstreams(ServerConfig.defaults(), resolver);
        RegistryName registry = RegistryName.parse(name.replace("PORT", String.valueOf(fake.port())));
        RegistryException refused = fails(ErrorCode.DENIED, () -> manifest(upstreams.get(registry)));
        assertTrue(refused.getMessage().contains("registries"), refused.getMessage());
        assertEquals(0, fake.connections());
    }

    @Test
    void checkedAddressesAreTheConnectedOnes() {
        List<String> asked = new ArrayList<>();
        HostResolver resolver = host -> {
            asked.add(host);
            return List.of(address("127.0.0.1"), address("10.0.0.1"));
        };
        Upstreams upstreams = upstreams(ServerConfig.defaults(), resolver);
        fails(ErrorCode.DENIED, () -> manifest(upstreams.get(RegistryName.parse("twice.example:" + fake.port()))));
        assertEquals(List.of("twice.example"), asked, "the name is resolved once");
        assertEquals(0, fake.connections());
    }

    @Test
    void configuredRegistryMayHaveAnyAddress() {
        FakeImage image = image(fake);
        assertArrayEquals(image.manifest(), manifest(upstream(fake)));
    }

    @Test
    void deniedRegistryIsNotResolved() {
        List<String> asked = new ArrayList<>();
        HostResolver resolver = host -> {
            asked.add(host);
            return List.of(address("127.0.0.1"));
        };
        Upstreams upstreams = upstreams(
                ServerConfig.defaults().with(ServerKeys.UNLISTED_REGISTRIES, UnlistedRegistries.DENY), resolver);
        RegistryException denied = fails(ErrorCode.DENIED, () -> upstreams.get(RegistryName.parse("other.example")));
        assertTrue(denied.getMessage().contains("unlistedRegistries"), denied.getMessage());
        assertEquals(List.of(), asked);
    }

    @Test
    void unknownHostIsUnreachable() {
        Upstreams upstreams = upstreams();
        RegistryException missing = fails(
                ErrorCode.UPSTREAM_UNREACHABLE, () -> manifest(upstreams.get(RegistryName.parse("nowhere.example"))));
        assertTrue(missing.getMessage().contains("nowhere.example"), missing.getMessage());
    }
}
