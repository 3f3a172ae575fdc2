package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of an index's images by platform. */
class PlatformsTest {
    @ParameterizedTest
    @CsvSource({
        "linux/amd64, linux/amd64",
        "linux/x86_64, linux/amd64",
        "linux/amd64/v1, linux/amd64",
        "linux/amd64/v3, linux/amd64/v3",
        "Linux/AArch64, linux/arm64",
        "linux/arm64/v8, linux/arm64",
        "linux/arm64/v9, linux/arm64/v9",
        "linux/arm, linux/arm/v7",
        "linux/arm/6, linux/arm/v6",
        "linux/armhf, linux/arm/v7",
        "linux/armel, linux/arm/v6",
        "linux/i386, linux/386",
        "macos/arm64, darwin/arm64",
        "linux/riscv64, linux/riscv64"
    })
    void platformIsNormalized(String written, String usual) {
        assertEquals(usual, Platform.parse(written).normalized().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/am d64", "linux/amd64,"})
    void invalidPlatformIsRefused(String text) {
        RegistryException e = assertThrows(RegistryException.class, () -> Platforms.parse(text));
        assertEquals(ErrorCode.REQUEST_INVALID, e.code());
        assertTrue(e.getMessage().contains("linux/arm/v7"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "linux/amd64,    linux/amd64 linux/arm64,                 linux/amd64",
        "linux/arm64,    linux/amd64 linux/arm64/v8,              linux/arm64/v8",
        "linux/arm64/v8, linux/arm64,                             linux/arm64",
        "linux/arm/v7,   linux/arm/v5 linux/arm/v6 linux/arm/v8,  linux/arm/v6",
        "linux/arm/v7,   linux/arm/v6 linux/arm/v7,               linux/arm/v7",
        "linux/arm64,    linux/amd64 linux/arm/v7 linux/arm/v6,   linux/arm/v7",
        "linux/amd64,    linux/386 windows/amd64,                 linux/386",
        "linux/amd64/v3, linux/amd64 linux/amd64/v2,              linux/amd64/v2",
        "linux/amd64/v3, linux/amd64,                             linux/amd64",
        "linux/amd64,    linux/amd64/v2 linux/arm64,              ''",
        "linux/s390x,    linux/amd64,                             ''"
    })
    void bestCompatiblePlatformIsChosen(String wanted, String offered, String chosen) {
        Platforms.Choice choice = Platforms.parse(wanted).choose(entries(offered.split(" ")));
        assertEquals(chosen.isEmpty() ? List.of() : List.of(chosen), platforms(choice.chosen()));
        assertEquals(chosen.isEmpty() ? 1 : 0, choice.missing().size());
    }

    @Test
    void allWindowsVersionsAreChosen() {
        assertEquals(
                List.of("windows/amd64", "windows/amd64"),
                platforms(Platforms.parse("windows/amd64")
                        .choose(entries("windows/amd64", "linux/amd64", "windows/amd64"))
                        .chosen()));
    }

    @Test
    void missingPlatformIsReportedAndOthersChosen() {
        Platforms.Choice choice = Platforms.parse("linux/amd64, linux/arm64")
                .choose(entries("linux/s390x", "linux/amd64", "unknown/unknown"));
        assertEquals(List.of("linux/amd64"), platforms(choice.chosen()));
        assertEquals("[linux/arm64]", choice.missing().toString());
        assertEquals("[linux/s390x, linux/amd64]", choice.offered().toString());
    }

    @Test
    void allSelectsEverythingExceptAttestations() {
        assertEquals(
                List.of("linux/amd64", "linux/arm/v7"),
                platforms(Platforms.ALL
                        .choose(entries("linux/amd64", "unknown/unknown", "linux/arm/v7"))
                        .chosen()));
    }

    @Test
    void entryWithoutPlatformIsChosen() {
        List<Descriptor> entries = Stream.concat(entries("linux/s390x").stream(), Stream.of(entry(7, Optional.empty())))
                .toList();
        Platforms.Choice choice = Platforms.parse("linux/amd64").choose(entries);
        assertEquals(List.of(entries.get(1)), choice.chosen());
        assertTrue(choice.missing().isEmpty());
    }

    private static List<String> platforms(List<Descriptor> entries) {
        return entries.stream()
                .map(entry -> entry.platform().orElseThrow().toString())
                .toList();
    }

    private static List<Descriptor> entries(String... platforms) {
        return Stream.iterate(0, i -> i < platforms.length, i -> i + 1)
                .map(i -> entry(i, Optional.of(Platform.parse(platforms[i]))))
                .toList();
    }

    private static Descriptor entry(int number, Optional<Platform> platform) {
        return new Descriptor(
                MediaType.OCI_MANIFEST, Digest.of(new byte[] {(byte) number}), OptionalLong.of(1), platform);
    }
}
