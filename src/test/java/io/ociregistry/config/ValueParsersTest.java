package io.ociregistry.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.common.ByteSize;
import io.ociregistry.common.GoDuration;
import io.ociregistry.config.address.HostPort;
import io.ociregistry.config.yaml.Suggestions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValueParsersTest {
    @ParameterizedTest
    @CsvSource({
        "500ms, PT0.5S",
        "10s, PT10S",
        "1h30m, PT1H30M",
        "30d, PT720H",
        "1.5h, PT1H30M",
        "2m0.5s, PT2M0.5S",
        "10us, PT0.00001S",
        "10µs, PT0.00001S",
        "7ns, PT0.000000007S",
        "0s, PT0S",
        "999999999h, PT999999999H"
    })
    void durationIsParsed(String text, Duration duration) {
        assertEquals(duration, GoDuration.parse(text));
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.9S, 0s",
        "PT-5S, 0s",
        "PT14S, 14s",
        "PT1H30M, 1h30m",
        "PT47H59M59S, 47h59m59s",
        "PT49H, 2d",
        "P400D, 400d"
    })
    void durationIsFormatted(Duration duration, String text) {
        assertEquals(text, GoDuration.format(duration));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10", "s", "1.5d", "1d12h", "-1s", "1w", "1h 30m", "10S", ".5s", "9999999999999999999s"})
    void invalidDurationIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> GoDuration.parse(text));
    }

    @ParameterizedTest
    @CsvSource({
        "4393216, 4393216",
        "2MiB, 2097152",
        "2 MiB, 2097152",
        "10GB, 10000000000",
        "1GiB, 1073741824",
        "1.5KiB, 1536",
        "3B, 3",
        "1KB, 1000",
        "1TB, 1000000000000",
        "1TiB, 1099511627776",
        "5MB, 5000000",
        "300kB, 300000",
        "300kb, 300000",
        "300K, 300000",
        "300k, 300000",
        "64kib, 65536",
        "64Ki, 65536",
        "2mib, 2097152",
        "10G, 10000000000",
        "10Gi, 10737418240",
        "1.5 gib, 1610612736",
        "1PB, 1000000000000000",
        "3b, 3"
    })
    void sizeIsParsedInDecimalAndBinaryUnits(String text, long bytes) {
        assertEquals(bytes, ByteSize.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-1",
                "2X",
                "2MBit",
                "MiB",
                "1iB",
                "1i",
                "5 GB free",
                "9223372036854775807",
                "999999999999TiB"
            })
    void invalidSizeIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 1.0 kB",
        "20480, 20.5 kB",
        "999949, 999.9 kB",
        "999950, 1.0 MB",
        "80000000, 80.0 MB",
        "1500000000000, 1.5 TB",
        "9223372036854775807, 9.2 EB"
    })
    void sizeIsFormattedInItsBestUnit(long bytes, String text) {
        assertEquals(text, ByteSize.format(bytes));
    }

    @ParameterizedTest
    @CsvSource({"Quay.IO, quay.io", "localhost, localhost", "r.local:5000, r.local:5000", "'[::1]:5000', '[::1]:5000'"})
    void registryNameIsParsed(String text, String name) {
        assertEquals(name, HostPort.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a b",
                "-a",
                "a-",
                "a..b",
                "a:",
                "a:0",
                "a:65536",
                "a:x",
                "a/b",
                "https://a",
                "*",
                "::1",
                "[::1]5",
                "u@a"
            })
    void invalidRegistryNameIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> HostPort.parse(text));
    }

    @Test
    void closestWordHasSmallestEditDistance() {
        var keys = List.of("port", "host", "imagePath");
        assertEquals(Optional.of("imagePath"), Suggestions.closest("image-path", keys));
        assertEquals(Optional.of("port"), Suggestions.closest("prot", keys));
        assertEquals(Optional.empty(), Suggestions.closest("xyzzy", keys));
        assertEquals(3, Suggestions.distance("kitten", "sitting"));
    }

    @ParameterizedTest
    @CsvSource({"Linux, linux", "Mac OS X, darwin", "Windows 11, windows"})
    void operatingSystemHasGoName(String java, String go) {
        assertEquals(go, GoPlatform.os(java));
    }

    @ParameterizedTest
    @CsvSource({"amd64, amd64", "x86_64, amd64", "aarch64, arm64", "arm, arm", "s390x, s390x", "i386, 386"})
    void processorHasGoName(String java, String go) {
        assertEquals(go, GoPlatform.arch(java));
    }
}
