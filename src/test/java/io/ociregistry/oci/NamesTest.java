package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    private static final String HEX = "0123456789abcdef".repeat(4);
    private static final RegistryName REGISTRY = RegistryName.parse("registry.example.io");
    private static final Duration QUICKLY = Duration.ofSeconds(20);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a",
                "0",
                "alpine",
                "library/alpine",
                "a/b/c/d/e/f/g",
                "a.b",
                "a_b",
                "a__b",
                "a-b",
                "a--b",
                "a-----b",
                "v2/manifests/blobs",
                "0a.1b_2c__3d-4e--5f",
                "x/manifests",
                "localhost/x"
            })
    void validRepositoryNameIsAccepted(String name) {
        assertEquals(name, new Repository(REGISTRY, name).name());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "/", "/a", "a/", "a//b", "A", "aB/c", "a___b", "a..b", "a._b", "a-.b", "a.-b", "_a", "a_", ".a",
                "a.", "-a", "a-", "a/-b", "a/b-", "a b", "a\tb", "a\n", "\na", "a\u0000", "é", "a/ü", "а", "a:b", "a@b",
                "../a", "a/../b", "a/./b", "a%2fb", "a\\b", "a+b", "a?b", "٣", "ａ"
            })
    void invalidRepositoryNameIsRefused(String name) {
        assertFalse(Repository.isValidName(name));
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> new Repository(REGISTRY, name));
    }

    @Test
    void repositoryNameHasAtMost255Characters() {
        assertEquals(255, new Repository(REGISTRY, "a".repeat(255)).name().length());
        assertEquals(
                255, new Repository(REGISTRY, "a/".repeat(127) + "b").name().length());
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> new Repository(REGISTRY, "a".repeat(256)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"latest", "V1.2.3", "_", "__", "0", "a.b-c_d", "A", "sha256-abc", "a.", "a-", "a..b", "1.0-RC.1"
            })
    void tagKeepsItsCase(String tag) {
        assertEquals(tag, Tag.parse(tag).toString());
        assertEquals(Tag.parse(tag), Reference.parse(tag));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", ".", ".a", "-a", "a b", "a/b", "a+b", "a@b", "a\n", "\na", "a\r\n", "\u0000", "é", "٣", "a%20", "ａ",
                "a,b", "~a", "a\u0085", "a\u2028"
            })
    void invalidTagIsRefused(String tag) {
        assertRefused(ErrorCode.MANIFEST_UNKNOWN, () -> Tag.parse(tag));
    }

    @Test
    void tagHasAtMost128Characters() {
        assertEquals(128, Tag.parse("a".repeat(128)).value().length());
        assertRefused(ErrorCode.MANIFEST_UNKNOWN, () -> Tag.parse("a".repeat(129)));
    }

    @Test
    void tagsAreCaseSensitive() {
        assertFalse(Tag.parse("V1").equals(Tag.parse("v1")));
    }

    @Test
    void digestHasRegisteredAlgorithm() {
        assertEquals(Digest.Algorithm.SHA256, Digest.parse("sha256:" + HEX).algorithm());
        assertEquals(
                Digest.Algorithm.SHA512, Digest.parse("sha512:" + HEX + HEX).algorithm());
        assertInstanceOf(Digest.class, Reference.parse("sha256:" + HEX));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "sha256",
                "sha256:",
                "sha256:0",
                "SHA256:" + "{hex}",
                "sha384:{hex}",
                "sha1:{hex}",
                "md5:{hex}",
                "sha256:{hex}0",
                "sha256:{hex}\n",
                " sha256:{hex}",
                "sha256: {hex}",
                "sha256:sha256:{hex}",
                "sha512:{hex}",
                ":{hex}",
                "{hex}",
                "sha256+b64:{hex}",
                "sha256@{hex}",
                "sha256:{HEX}"
            })
    void invalidDigestIsRefused(String pattern) {
        String text = pattern.replace("{hex}", HEX).replace("{HEX}", HEX.toUpperCase(java.util.Locale.ROOT));
        assertRefused(ErrorCode.DIGEST_INVALID, () -> Digest.parse(text));
    }

    @Test
    void digestWithWrongDigitsIsRefused() {
        assertRefused(ErrorCode.DIGEST_INVALID, () -> Digest.parse("sha256:" + HEX.substring(1)));
        assertRefused(ErrorCode.DIGEST_INVALID, () -> Digest.parse("sha256:" + HEX.substring(1) + "g"));
        assertRefused(ErrorCode.DIGEST_INVALID, () -> Digest.parse("sha256:" + HEX.substring(1) + "٣"));
        assertRefused(ErrorCode.DIGEST_INVALID, () -> Digest.parse("sha512:" + HEX + HEX + "0"));
    }

    @Test
    void digestIsHashOfBytes() {
        byte[] abc = "abc".getBytes(StandardCharsets.US_ASCII);
        Digest digest = Digest.of(abc);
        assertEquals("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", digest.toString());
        assertTrue(digest.matches(abc));
        assertTrue(Digest.of(Digest.Algorithm.SHA512, abc).matches(abc));
        assertFalse(digest.matches("abd".getBytes(StandardCharsets.US_ASCII)));
        assertFalse(digest.matches(new byte[0]));
    }

    @ParameterizedTest
    @CsvSource({
        "docker.io, docker.io",
        "DOCKER.io, docker.io",
        "localhost, localhost",
        "localhost:5000, localhost:5000",
        "Registry.Local:05000, registry.local:5000",
        "quay.io:443, quay.io",
        "quay.io:00443, quay.io",
        "quay.io:80, quay.io:80",
        "h:1, h:1",
        "h:65535, h:65535",
        "10.0.0.1:5000, 10.0.0.1:5000",
        "[::1], [::1]",
        "[::1]:5000, [::1]:5000",
        "[::1]:443, [::1]",
        "[2001:DB8::a], [2001:db8::a]",
        "[::ffff:10.0.0.1]:80, [::ffff:10.0.0.1]:80",
        "my_registry:5000, my_registry:5000",
        "xn--bcher-kva.example, xn--bcher-kva.example"
    })
    void registryNameIsParsedWithoutDefaultPort(String text, String name) {
        assertEquals(name, RegistryName.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":5000",
                "h:",
                "h:0",
                "h:00",
                "h:65536",
                "h:99999",
                "h:100000",
                "h:-1",
                "h:+1",
                "h:5000x",
                "h:٣",
                "h: 5000",
                "h:1:2",
                ".",
                "a.",
                ".a",
                "a..b",
                "-a",
                "a-",
                "a-.b",
                "a b",
                "a/b",
                "http://a",
                "a@b",
                "u:p@a",
                "a\n",
                "a\u0000b",
                "a\r\nHost: b",
                "bücher.example",
                "doc\u212Aer.io",
                "İ",
                "a?b",
                "a#b",
                "a%41",
                "::1",
                "[::1",
                "::1]",
                "[]",
                "[:]:5000",
                "[::1]x",
                "[::1]:",
                "[::1]:0",
                "[::1%eth0]",
                "[g::1]",
                "[::1]]",
                "[[::1]]",
                "*",
                "*.docker.io",
                "a,b",
                "a;b",
                "a\\b",
                "１.1.1.1"
            })
    void invalidRegistryNameIsRefused(String text) {
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> RegistryName.parse(text));
    }

    @Test
    void hostHasAtMost253CharactersAndLabel63() {
        String label = "a".repeat(63);
        String longest = String.join(".", label, label, label, "a".repeat(61));
        assertEquals(253, RegistryName.parse(longest).host().length());
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> RegistryName.parse(longest + "a"));
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> RegistryName.parse(label + "a.io"));
    }

    @Test
    void constructorChecksRegistryName() {
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> new RegistryName("quay.io", 443));
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> new RegistryName("quay.io", -1));
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> new RegistryName("quay.io", 65536));
        assertRefused(ErrorCode.NAME_UNKNOWN, () -> new RegistryName("QUAY.io", 0));
    }

    @ParameterizedTest
    @CsvSource({
        "quay.io/a/b:v1, quay.io, a/b, v1",
        "localhost:5000/a:V1, localhost:5000, a, V1",
        "localhost/a:b, localhost, a, b",
        "[::1]:5000/a:b, [::1]:5000, a, b",
        "QUAY.io:443/a:b, quay.io, a, b",
        "quay.io/a@sha256:{hex}, quay.io, a, sha256:{hex}"
    })
    void imageReferenceIsParsed(String text, String registry, String repository, String reference) {
        ImageReference parsed = ImageReference.parse(text.replace("{hex}", HEX));
        assertEquals(registry, parsed.repository().registry().toString());
        assertEquals(repository, parsed.repository().name());
        assertEquals(reference.replace("{hex}", HEX), parsed.reference().toString());
        assertEquals(parsed, ImageReference.parse(parsed.toString()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "alpine",
                "alpine:3",
                "quay.io/a",
                "localhost:5000/a",
                "quay.io/a:",
                "quay.io/a@",
                "quay.io/:v1",
                "/a:v1",
                "quay.io//a:v1",
                "quay.io/A:v1",
                "quay.io/a:v1@sha256:{hex}",
                "quay.io/a@v1",
                "quay.io/a:sha256:{hex}",
                "a@b/c",
                "a@b/c:d",
                "quay.io/a@sha256:{hex}@sha256:{hex}",
                "quay.io/a:b:c",
                "quay.io/a:v1/b",
                " quay.io/a:v1",
                "quay.io/a:v1\n",
                "https://quay.io/a:v1",
                ":/@",
                "@",
                "/",
                ":",
                "/@:",
                "@/:"
            })
    void invalidImageReferenceIsRefused(String text) {
        RegistryException refused =
                assertThrows(RegistryException.class, () -> ImageReference.parse(text.replace("{hex}", HEX)));
        assertTrue(refused.code().status() < 500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b", "localhost", "a:5000", ":", "."})
    void componentWithDotOrPortIsRegistry(String component) {
        assertTrue(RegistryName.isRegistryComponent(component));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "library", "a_b", "localhosts", "a-b"})
    void otherComponentIsNotRegistry(String component) {
        assertFalse(RegistryName.isRegistryComponent(component));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "a-", "-", "_", "a_", "a.", "a/", "aa.", "[", "[:", "é", " ", ":", "@", "0", "a--", "a__"})
    void millionCharactersAreRefusedQuicklyWithShortMessage(String part) {
        String text = part.repeat(1_000_000 / part.length());
        assertTimeoutPreemptively(QUICKLY, () -> {
            for (String each :
                    new String[] {text, text + "!", "a" + text, "sha256:" + text, "h:" + text, "h/" + text + ":t"}) {
                assertShortRefusal(() -> RegistryName.parse(each));
                assertShortRefusal(() -> new Repository(REGISTRY, each));
                assertShortRefusal(() -> Reference.parse(each));
                assertShortRefusal(() -> ImageReference.parse(each));
            }
        });
    }

    private static void assertShortRefusal(org.junit.jupiter.api.function.Executable parse) {
        RegistryException refused = assertThrows(RegistryException.class, parse);
        assertTrue(refused.getMessage().length() < 400, refused.getMessage());
        assertTrue(refused.getMessage().chars().allMatch(c -> c >= 0x20 && c < 0x7f), refused.getMessage());
    }

    private static void assertRefused(ErrorCode code, org.junit.jupiter.api.function.Executable parse) {
        assertEquals(code, assertThrows(RegistryException.class, parse).code());
    }
}
