package io.ociregistry.config.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.RegistryName;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The choice of the entry that applies to a registry. */
class RegistryMatcherTest {
    private final RegistryMatcher<String> entries = new RegistryMatcher<>(
            Stream.of(
                            "*.corp.example",
                            "*.lab.corp.example",
                            "one.lab.corp.example",
                            "*.corp.example:5000",
                            "corp.example:6000",
                            "docker.io")
                    .map(UpstreamConfig::of)
                    .toList(),
            UpstreamConfig::name);

    @ParameterizedTest
    @CsvSource({
        "a.corp.example, *.corp.example",
        "a.b.corp.example, *.corp.example",
        "A.Corp.Example:443, *.corp.example",
        "a.lab.corp.example, *.lab.corp.example",
        "lab.corp.example, *.corp.example",
        "one.lab.corp.example, one.lab.corp.example",
        "x.one.lab.corp.example, *.lab.corp.example",
        "a.corp.example:5000, *.corp.example:5000",
        "corp.example:6000, corp.example:6000",
        "docker.io, docker.io"
    })
    void mostSpecificEntryIsFound(String registry, String entry) {
        assertEquals(Optional.of(entry), entries.find(RegistryName.parse(registry)));
    }

    @ParameterizedTest
    @CsvSource({
        "corp.example",
        "xcorp.example",
        "a.corp.example:5001",
        "a.corp.example.org",
        "one.lab.corp.example:6000",
        "example",
        "10.0.0.1",
        "[::1]:5000"
    })
    void registryOutsideAllEntriesHasNone(String registry) {
        assertEquals(Optional.empty(), entries.find(RegistryName.parse(registry)));
    }
}
