package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class NamesPropertiesTest {
    @Property
    void registryNameIsParsedFromItsText(@ForAll("texts") String text) {
        assertParsedFromItsText(RegistryName::parse, text);
    }

    @Property
    void referenceIsParsedFromItsText(@ForAll("texts") String text) {
        assertParsedFromItsText(Reference::parse, text);
    }

    @Property
    void imageReferenceIsParsedFromItsText(@ForAll("imageReferences") String text) {
        assertParsedFromItsText(ImageReference::parse, text);
    }

    @Property
    void imageReferenceHasItsParts(
            @ForAll("registries") String registry,
            @ForAll("repositories") String repository,
            @ForAll("tags") String tag) {
        ImageReference parsed = ImageReference.parse(registry + "/" + repository + ":" + tag);
        assertEquals(RegistryName.parse(registry), parsed.repository().registry());
        assertEquals(repository, parsed.repository().name());
        assertEquals(Tag.parse(tag), parsed.reference());
    }

    @Property
    void tagIsParsedFromItsTextAndIsSafeFileName(@ForAll("harmful") String text) {
        assertParsedFromItsText(Tag::parse, text);
        accepted(Tag::parse, text).ifPresent(tag -> assertSafeFileName(tag.toString()));
    }

    @Property
    void digestIsParsedFromItsTextAndIsSafeFileName(@ForAll("harmful") String text) {
        assertParsedFromItsText(Digest::parse, text);
        accepted(Digest::parse, text).ifPresent(digest -> assertSafeFileName(digest.toString()));
    }

    @Property
    void registryNameIsSafeFileName(@ForAll("harmful") String text) {
        accepted(RegistryName::parse, text).ifPresent(registry -> {
            assertSafeFileName(registry.toString());
            assertSafeFileName(registry.canonical().toString());
        });
    }

    @Property
    void repositoryNameIsSafePath(@ForAll("harmful") String text) {
        accepted(name -> new Repository(RegistryName.parse("quay.io"), name), text)
                .ifPresent(repository ->
                        List.of(repository.name().split("/", -1)).forEach(NamesPropertiesTest::assertSafeFileName));
    }

    @Property
    void imageReferenceHasSafePath(@ForAll("harmful") String text) {
        accepted(ImageReference::parse, "quay.io/" + text)
                .ifPresent(image -> List.of(image.repository().name().split("/", -1))
                        .forEach(NamesPropertiesTest::assertSafeFileName));
    }

    @Property
    void textIsRepositoryOrRefused(@ForAll("texts") String text) {
        Optional<Repository> repository = accepted(name -> new Repository(RegistryName.parse("quay.io"), name), text);
        assertEquals(Repository.isValidName(text), repository.isPresent());
    }

    @Property
    void parametersDoNotChangeMediaType(@ForAll("texts") String text) {
        MediaType type = new MediaType(text);
        assertEquals(type, new MediaType(type.value()));
        assertEquals(type, new MediaType(type.value() + "; charset=utf-8"));
    }

    @Property
    void manifestTypeIsValidHeaderValue(@ForAll("texts") String text) {
        MediaType type = new MediaType("application/" + text + "+json");
        if (type.canBeManifest()) {
            assertTrue(type.value().matches("[!-~]+"), type.value());
        }
    }

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> near = Arbitraries.strings()
                .withChars("abz09AZ._-:/@[]")
                .withChars('\n', '\0', 'é', '\u212a')
                .ofMaxLength(24);
        Arbitrary<String> digests = Arbitraries.strings()
                .withChars("0123456789abcdef")
                .ofMinLength(63)
                .ofMaxLength(65)
                .map(hex -> "sha256:" + hex);
        return Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(40), near, digests, registries(), repositories(), tags());
    }

    /** Valid names with a piece that is dangerous in files, URLs or terminals. */
    @Provide
    Arbitrary<String> harmful() {
        Arbitrary<String> bad = Arbitraries.of(
                "..",
                ".",
                "/",
                "//",
                "\\",
                "/../",
                "%2e%2e",
                "\0",
                "\n",
                "\r\n",
                "\t",
                "\u001b[2J",
                "\u007f",
                "\u0085",
                "\u202e",
                " ");
        Arbitrary<String> spoilt = texts().flatMap(text -> bad.flatMap(piece -> Arbitraries.integers()
                .between(0, text.length())
                .map(at -> text.substring(0, at) + piece + text.substring(at))));
        return Arbitraries.oneOf(texts(), spoilt, bad);
    }

    @Provide
    Arbitrary<String> imageReferences() {
        Arbitrary<String> whole = registries().flatMap(registry -> repositories()
                .flatMap(repository -> texts().flatMap(reference -> Arbitraries.of(":", "@")
                        .map(separator -> registry + "/" + repository + separator + reference))));
        return Arbitraries.oneOf(texts(), whole);
    }

    @Provide
    Arbitrary<String> registries() {
        Arbitrary<String> host = Arbitraries.oneOf(
                Arbitraries.of("localhost", "[::1]", "[fe80::1]", "10.0.0.1", "Docker.IO", "a-b.c_d.e"),
                Arbitraries.strings()
                        .withCharRange('a', 'z')
                        .numeric()
                        .ofMinLength(1)
                        .ofMaxLength(20));
        Arbitrary<String> port = Arbitraries.oneOf(
                Arbitraries.just(""), Arbitraries.integers().between(1, 65535).map(number -> ":" + number));
        return host.flatMap(name -> port.map(suffix -> name + suffix));
    }

    @Provide
    Arbitrary<String> repositories() {
        Arbitrary<String> word = Arbitraries.strings()
                .withCharRange('a', 'z')
                .numeric()
                .ofMinLength(1)
                .ofMaxLength(8);
        Arbitrary<String> separator = Arbitraries.of(".", "_", "__", "-", "---", "/");
        return word.flatMap(first -> separator
                .flatMap(between -> word.map(second -> between + second))
                .list()
                .ofMaxSize(6)
                .map(rest -> first + String.join("", rest)));
    }

    @Provide
    Arbitrary<String> tags() {
        Arbitrary<String> rest =
                Arbitraries.strings().alpha().numeric().withChars("._-").ofMaxLength(127);
        return Arbitraries.of("a", "Z", "0", "_").flatMap(first -> rest.map(more -> first + more));
    }

    private static void assertSafeFileName(String component) {
        assertTrue(component.matches("[!-~&&[^/\\\\%]]+"), component);
        assertTrue(!component.equals(".") && !component.equals(".."), component);
    }

    private static <T> void assertParsedFromItsText(Function<String, T> parse, String text) {
        accepted(parse, text).ifPresent(parsed -> assertEquals(parsed, parse.apply(parsed.toString())));
    }

    /** The parsed value; empty if the text is refused with a client error. Any other exception fails the test. */
    private static <T> Optional<T> accepted(Function<String, T> parse, String text) {
        try {
            return Optional.of(parse.apply(text));
        } catch (RegistryException refused) {
            assertTrue(refused.code().status() < 500);
            return Optional.empty();
        }
    }
}
