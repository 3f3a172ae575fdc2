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
    void whateverIsARegistryPrintsAsTheSameRegistry(@ForAll("texts") String text) {
        assertPrintsAsItself(RegistryName::parse, text);
    }

    @Property
    void whateverIsAReferencePrintsAsTheSameReference(@ForAll("texts") String text) {
        assertPrintsAsItself(Reference::parse, text);
    }

    @Property
    void whateverIsAnImageReferencePrintsAsTheSameImageReference(@ForAll("imageReferences") String text) {
        assertPrintsAsItself(ImageReference::parse, text);
    }

    @Property
    void anImageReferenceIsMadeOfItsParts(
            @ForAll("registries") String registry,
            @ForAll("repositories") String repository,
            @ForAll("tags") String tag) {
        ImageReference parsed = ImageReference.parse(registry + "/" + repository + ":" + tag);
        assertEquals(RegistryName.parse(registry), parsed.repository().registry());
        assertEquals(repository, parsed.repository().name());
        assertEquals(Tag.parse(tag), parsed.reference());
    }

    @Property
    void whateverIsATagPrintsAsTheSameTag_andCanBeTheNameOfAFile(@ForAll("harmful") String text) {
        assertPrintsAsItself(Tag::parse, text);
        accepted(Tag::parse, text).ifPresent(tag -> assertHarmless(tag.toString()));
    }

    @Property
    void whateverIsADigestPrintsAsTheSameDigest_andCanBeTheNameOfAFile(@ForAll("harmful") String text) {
        assertPrintsAsItself(Digest::parse, text);
        accepted(Digest::parse, text).ifPresent(digest -> assertHarmless(digest.toString()));
    }

    @Property
    void whateverIsARegistryCanBeTheNameOfAFile(@ForAll("harmful") String text) {
        accepted(RegistryName::parse, text).ifPresent(registry -> {
            assertHarmless(registry.toString());
            assertHarmless(registry.canonical().toString());
        });
    }

    @Property
    void whateverIsARepositoryIsAPathThatLeadsDown(@ForAll("harmful") String text) {
        accepted(name -> new Repository(RegistryName.parse("quay.io"), name), text)
                .ifPresent(repository ->
                        List.of(repository.name().split("/", -1)).forEach(NamesPropertiesTest::assertHarmless));
    }

    @Property
    void whateverIsAnImageReferenceHasNoPartThatLeadsElsewhere(@ForAll("harmful") String text) {
        accepted(ImageReference::parse, "quay.io/" + text)
                .ifPresent(image ->
                        List.of(image.repository().name().split("/", -1)).forEach(NamesPropertiesTest::assertHarmless));
    }

    @Property
    void anyTextIsARepositoryOrIsRefused(@ForAll("texts") String text) {
        Optional<Repository> repository = accepted(name -> new Repository(RegistryName.parse("quay.io"), name), text);
        assertEquals(Repository.isName(text), repository.isPresent());
    }

    @Property
    void aMediaTypeIsTheSameWithParametersAndInAnyCase(@ForAll("texts") String text) {
        MediaType type = new MediaType(text);
        assertEquals(type, new MediaType(type.value()));
        assertEquals(type, new MediaType(type.value() + "; charset=utf-8"));
    }

    @Property
    void whatCanBeAManifestsTypeCanBeAHeader(@ForAll("texts") String text) {
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

    /** Good names with something in them that is bad for files, URLs or terminals. */
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

    private static void assertHarmless(String component) {
        assertTrue(component.matches("[!-~&&[^/\\\\%]]+"), component);
        assertTrue(!component.equals(".") && !component.equals(".."), component);
    }

    private static <T> void assertPrintsAsItself(Function<String, T> parse, String text) {
        accepted(parse, text).ifPresent(parsed -> assertEquals(parsed, parse.apply(parsed.toString())));
    }

    /** What it is parsed to; empty if it is refused as it should be. Any other exception fails the test. */
    private static <T> Optional<T> accepted(Function<String, T> parse, String text) {
        try {
            return Optional.of(parse.apply(text));
        } catch (RegistryException refused) {
            assertTrue(refused.code().status() < 500);
            return Optional.empty();
        }
    }
}
