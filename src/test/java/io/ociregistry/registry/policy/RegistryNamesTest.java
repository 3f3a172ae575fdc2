package io.ociregistry.registry.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryNamesTest {
    private static final ServerConfig CONFIG = ServerConfig.defaults()
            .with(
                    ServerKeys.REGISTRIES,
                    List.of(
                            UpstreamConfig.of("registry.local:5000").withAliases("internal", "mirror.local"),
                            UpstreamConfig.of("plain").withAliases("my-corp.example:8888"),
                            UpstreamConfig.of("*.wild.example"),
                            UpstreamConfig.of("index.docker.io").withAliases("hub")));
    private static final String LONG_LABEL = "a".repeat(64) + ".io";

    private final RegistryNames names = new RegistryNames(CONFIG);

    @ParameterizedTest
    @CsvSource({
        "quay.io, a/b, quay.io/a/b",
        "quay.io, a, quay.io/a",
        "QUAY.io, a/b, quay.io/a/b",
        "quay.io:443, a/b, quay.io/a/b",
        "quay.io:0443, a/b, quay.io/a/b",
        "quay.io:80, a/b, quay.io:80/a/b",
        "localhost:5000, a, localhost:5000/a",
        "[::1]:5000, a, [::1]:5000/a",
        "internal, a/b, registry.local:5000/a/b",
        "INTERNAL, a/b, registry.local:5000/a/b",
        "mirror.local, a/b, registry.local:5000/a/b",
        "mirror.local:443, a/b, registry.local:5000/a/b",
        "mirror.local:5000, a/b, mirror.local:5000/a/b",
        "registry.local, a/b, registry.local/a/b",
        "unknown, a/b, unknown/a/b"
    })
    void nsNamesTheRegistry(String ns, String path, String repository) {
        assertEquals(repository, resolved(names, Optional.of(ns), path));
    }

    @ParameterizedTest
    @CsvSource({
        "quay.io/a/b, quay.io/a/b",
        "quay.io/a, quay.io/a",
        "quay.io:443/a, quay.io/a",
        "QUAY.io/a, quay.io/a",
        "localhost/a, localhost/a",
        "localhost:5000/a/b/c, localhost:5000/a/b/c",
        "[::1]:5000/a, [::1]:5000/a",
        "10.0.0.1:5000/a, 10.0.0.1:5000/a",
        "h:1/a, h:1/a",
        "internal/a, registry.local:5000/a",
        "plain/a/b, plain/a/b",
        "my-corp.example:8888/a/b, plain/a/b",
        "My-Corp.example:8888/a/b, plain/a/b",
        "my-corp.example/a/b, my-corp.example/a/b",
        "x.wild.example/a/b, x.wild.example/a/b",
        "mirror.local/a, registry.local:5000/a",
        "registry.local:5000/a, registry.local:5000/a",
        "quay.io/docker.io/a, quay.io/docker.io/a"
    })
    void firstComponentNamesTheRegistry(String path, String repository) {
        assertEquals(repository, resolved(names, Optional.empty(), path));
    }

    @ParameterizedTest
    @CsvSource({
        "quay.io, quay.io/a/b, quay.io/a/b",
        "quay.io, quay.io:443/a/b, quay.io/a/b",
        "quay.io:443, quay.io/a/b, quay.io/a/b",
        "internal, mirror.local/a, registry.local:5000/a",
        "registry.local:5000, mirror.local/a, registry.local:5000/a",
        "registry.local:5000, mirror.local:443/internal/a, registry.local:5000/internal/a",
        "plain, my-corp.example:8888/a, plain/a",
        "plain, plain:443/plain/a, plain/plain/a",
        "localhost:5000, localhost:5000/a, localhost:5000/a",
        "localhost, localhost:443/localhost/a, localhost/localhost/a",
        "docker.io, registry-1.docker.io/alpine, docker.io/library/alpine",
        "quay.io, quay.io/quay.io/a, quay.io/quay.io/a"
    })
    void firstComponentThatRepeatsNsIsDropped(String ns, String path, String repository) {
        assertEquals(repository, resolved(names, Optional.of(ns), path));
    }

    @ParameterizedTest
    @CsvSource({
        "registry.local:5000, internal/a, registry.local:5000/internal/a",
        "mirror.local, internal/a, registry.local:5000/internal/a",
        "internal, internal/a, registry.local:5000/internal/a",
        "registry.local:5000, internal/internal/a, registry.local:5000/internal/internal/a",
        "docker.io, hub/a, docker.io/hub/a",
        "plain, plain/a, plain/plain/a",
        "localhost, localhost/a, localhost/localhost/a",
        "unlisted, unlisted/a, unlisted/unlisted/a"
    })
    void plainWordStaysInNameWithNs(String ns, String path, String repository) {
        assertEquals(repository, resolved(names, Optional.of(ns), path));
    }

    @ParameterizedTest
    @CsvSource({
        "quay.io, ghcr.io/a/b, quay.io/ghcr.io/a/b",
        "quay.io, internal/a, quay.io/internal/a",
        "quay.io, plain/a, quay.io/plain/a",
        "quay.io, localhost/a, quay.io/localhost/a",
        "docker.io, ghcr.io/a, docker.io/ghcr.io/a",
        "quay.io, quay.io, quay.io/quay.io"
    })
    void firstComponentThatDiffersFromNsStaysInName(String ns, String path, String repository) {
        assertEquals(repository, resolved(names, Optional.of(ns), path));
    }

    @Test
    void firstComponentThatIsNoRegistryStaysInName() {
        assertEquals("quay.io/" + LONG_LABEL + "/b", resolved(names, Optional.of("quay.io"), LONG_LABEL + "/b"));
        assertRefused(names, Optional.empty(), LONG_LABEL + "/b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker.io",
                "index.docker.io",
                "registry-1.docker.io",
                "registry.hub.docker.com",
                "hub",
                "DOCKER.IO",
                "docker.io:443",
                "Registry-1.Docker.io:443"
            })
    void allSpellingsOfDockerHubAreOneRegistry(String spelling) {
        assertEquals("docker.io/library/alpine", resolved(names, Optional.of(spelling), "alpine"));
        assertEquals("docker.io/library/alpine", resolved(names, Optional.of(spelling), "library/alpine"));
        assertEquals("docker.io/team/app", resolved(names, Optional.of(spelling), "team/app"));
        assertEquals("docker.io/a/b/c", resolved(names, Optional.of(spelling), "a/b/c"));
        if (!spelling.equals("hub")) {
            assertEquals("docker.io/library/alpine", resolved(names, Optional.empty(), spelling + "/alpine"));
        }
    }

    @Test
    void onlyDockerHubHasLibrary() {
        assertEquals("quay.io/alpine", resolved(names, Optional.of("quay.io"), "alpine"));
        assertEquals("docker.io:80/alpine", resolved(names, Optional.of("docker.io:80"), "alpine"));
    }

    @ParameterizedTest
    @CsvSource({
        "alpine, docker.io/library/alpine",
        "a/b, docker.io/a/b",
        "alpine.x, docker.io/library/alpine.x",
        "docker.io, docker.io/library/docker.io",
        "internal, docker.io/library/internal",
        "quay.io/a, quay.io/a",
        "internal/a, registry.local:5000/a"
    })
    void defaultNsAppliesToNamesWithoutRegistry(String path, String repository) {
        RegistryNames withDefault =
                new RegistryNames(CONFIG.with(ServerKeys.DEFAULT_NS, Optional.of("registry-1.docker.io")));
        assertEquals(repository, resolved(withDefault, Optional.empty(), path));
        assertEquals("quay.io/a/b", resolved(withDefault, Optional.of("quay.io"), "a/b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"alpine", "a/b", "alpine.x", "docker.io", "library/alpine", "localhost", "h:1", ""})
    void nameWithoutRegistryIsRefusedWithoutDefaultNs(String path) {
        assertTrue(assertRefused(names, Optional.empty(), path).contains("ns=REGISTRY"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "/",
                "quay.io/a",
                "https://quay.io",
                "quay.io,ghcr.io",
                "a b",
                "h:0",
                "h:65536",
                "é.io",
                "a\r\nb"
            })
    void malformedNsIsRefused(String ns) {
        assertRefused(names, Optional.of(ns), "a/b");
        assertRefused(names, Optional.of(ns), "quay.io/a/b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/a",
                "a/",
                "a//b",
                "A/b",
                "quay.io/",
                "quay.io//a",
                "quay.io/A",
                "..",
                "../a",
                ":/a",
                "h:0/a"
            })
    void malformedNameIsRefused(String path) {
        assertRefused(names, Optional.empty(), path);
        assertRefused(names, Optional.of("quay.io"), path.startsWith("quay.io") ? path : "x/" + path);
    }

    @Property
    void anyTextIsRefusedOrResolvesToStableRepository(@ForAll("texts") String ns, @ForAll("texts") String path) {
        for (Optional<String> explicit : List.of(Optional.of(ns), Optional.<String>empty())) {
            try {
                Repository repository = names.resolve(explicit, path);
                String registry = repository.registry().toString();
                String certain = repository.registry().withPort() + "/" + repository.name();
                assertEquals(repository, names.resolve(Optional.of(registry), certain));
                assertEquals(repository, names.resolve(Optional.empty(), certain));
                if (RegistryName.isRegistryComponent(registry)) {
                    assertEquals(repository, names.resolve(Optional.empty(), repository.toString()));
                }
                if (RegistryName.hasDotOrPort(registry)) {
                    assertEquals(repository, names.resolve(Optional.of(registry), repository.toString()));
                    assertEquals(repository, names.resolve(Optional.of(registry + ":443"), repository.toString()));
                }
            } catch (RegistryException refused) {
                assertEquals(ErrorCode.NAME_UNKNOWN, refused.code());
            }
        }
    }

    @Property
    void everySpellingOfRegistryResolvesToItsRepository(
            @ForAll("spellings") List<String> spellings,
            @ForAll("repositories") String name,
            @ForAll boolean withDefault) {
        String registry = spellings.get(0);
        RegistryNames configured = configured(spellings, withDefault);
        String wanted = registry + "/" + name;
        for (String ns : spellings) {
            boolean repeats =
                    spellings.stream().anyMatch(each -> RegistryName.hasDotOrPort(each) && name.startsWith(each + "/"));
            if (!repeats) {
                assertEquals(wanted, resolved(configured, Optional.of(ns), name), ns);
            }
            assertEquals(wanted, resolved(configured, Optional.empty(), ns + "/" + name), ns);
            for (String first : spellings) {
                String path = first + "/" + name;
                String found = resolved(configured, Optional.of(ns), path);
                assertEquals(RegistryName.hasDotOrPort(first) ? wanted : registry + "/" + path, found, ns);
            }
            String certain = RegistryName.parse(ns).withPort() + "/" + name;
            assertEquals(wanted, resolved(configured, Optional.of(ns), certain));
            assertEquals(wanted, resolved(configured, Optional.empty(), certain));
        }
    }

    @Property
    void defaultNsAppliesToNamesThatStartWithNoRegistry(
            @ForAll("spellings") List<String> spellings, @ForAll("repositories") String name) {
        RegistryNames configured = configured(spellings, true);
        String first = name.substring(0, Math.max(0, name.indexOf('/')));
        boolean namesRegistry =
                spellings.contains(first) || RegistryName.isRegistryComponent(first) || first.equals("default");
        if (!namesRegistry) {
            assertEquals("default.example/" + name, resolved(configured, Optional.empty(), name));
        }
        assertEquals("other.example/x/" + name, resolved(configured, Optional.of("other.example"), "x/" + name));
    }

    /** A registry with aliases, and another with one for {@code defaultNs}. */
    private static RegistryNames configured(List<String> spellings, boolean withDefault) {
        List<String> aliases = spellings.subList(1, spellings.size());
        return new RegistryNames(ServerConfig.defaults()
                .with(
                        ServerKeys.REGISTRIES,
                        List.of(
                                UpstreamConfig.of(spellings.get(0)).withAliases(aliases.toArray(String[]::new)),
                                UpstreamConfig.of("default.example").withAliases("default")))
                .with(ServerKeys.DEFAULT_NS, Optional.of("default").filter(unused -> withDefault)));
    }

    /** The name of a registry, and its aliases. */
    @Provide
    Arbitrary<List<String>> spellings() {
        return Arbitraries.of(
                        "registry.corp.example:5443",
                        "registry.corp.example",
                        "corp",
                        "corp.example",
                        "harbor",
                        "localhost")
                .list()
                .uniqueElements()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    /** Names whose components look like registries. */
    @Provide
    Arbitrary<String> repositories() {
        return Arbitraries.of(
                        "app",
                        "corp",
                        "corp.example",
                        "registry.corp.example",
                        "harbor",
                        "localhost",
                        "quay.io",
                        "default")
                .list()
                .ofMinSize(1)
                .ofMaxSize(4)
                .map(parts -> String.join("/", parts));
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> parts = Arbitraries.of(
                "docker.io", "internal", "plain", "hub", "library", "a", "a.b", "x_y", "A", "", "quay.io", "localhost");
        Arbitrary<String> names = parts.list().ofMinSize(1).ofMaxSize(4).map(list -> String.join("/", list));
        Arbitrary<String> noise = Arbitraries.strings().withChars("ab./_-A0é\n").ofMaxLength(20);
        return Arbitraries.oneOf(parts, names, noise);
    }

    private static String resolved(RegistryNames names, Optional<String> explicit, String path) {
        return names.resolve(explicit, path).toString();
    }

    private static String assertRefused(RegistryNames names, Optional<String> explicit, String path) {
        RegistryException e = assertThrows(RegistryException.class, () -> names.resolve(explicit, path));
        assertEquals(ErrorCode.NAME_UNKNOWN, e.code());
        return e.getMessage();
    }
}
