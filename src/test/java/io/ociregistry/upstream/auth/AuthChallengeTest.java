package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers {@code WWW-Authenticate} of registries. */
class AuthChallengeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // header | challenges
                "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull\""
                        + " | bearer{realm=https://a/t, scope=repository:x:pull, service=s}",
                "BASIC realm=\"Sonatype Nexus\" | basic{realm=Sonatype Nexus}",
                "bEaReR ReAlM=\"https://a/t\" | bearer{realm=https://a/t}",
                "Basic realm=/ | basic{realm=/}",
                "Bearer realm=https://a/t?x=1,service=s | bearer{realm=https://a/t?x=1, service=s}",
                "Basic realm=\"x\", Bearer realm=\"y\",service=\"z\" | basic{realm=x} bearer{realm=y, service=z}",
                "Bearer realm=\"y\",service=\"z\", Basic realm=\"x\" | bearer{realm=y, service=z} basic{realm=x}",
                "Basic, Bearer realm=\"y\" | basic{} bearer{realm=y}",
                "Negotiate, Basic realm=\"x\" | negotiate{} basic{realm=x}",
                "Negotiate YWJj==, Basic realm=\"x\" | negotiate{ywjj==} basic{realm=x}",
                "Bearer scope=\"a,b c\",realm=\"y\" | bearer{realm=y, scope=a,b c}",
                "Bearer realm=\"a\\\"b\\\\c\" | bearer{realm=a\"b\\c}",
                "Bearer realm = \"y\" , service = s | bearer{realm=y, service=s}",
                "Bearer realm=\"y\" service=\"s\" | bearer{realm=y, service=s}",
                "Bearer realm=\"y\"service=\"s\" | bearer{realm=y, service=s}",
                ",, Bearer ,realm=\"y\",, service=\"s\", | bearer{realm=y, service=s}",
                "Bearer realm=\"y\",error=\"invalid_token\",unheard=of"
                        + " | bearer{error=invalid_token, realm=y, unheard=of}",
                "Bearer realm=\"y\",realm=\"z\" | bearer{realm=y}",
                "Bearer realm=\"never closed | bearer{realm=never closed}",
                "Bearer realm= | bearer{realm=}",
                "realm=\"y\" | ``",
                "\"Bearer\" | bearer{}",
                "= | ``",
                "`` | ``",
            })
    void challengeHeaderIsParsed(String header, String understood) {
        assertEquals(understood, shown(AuthChallenge.parse(List.of(header))));
    }

    @Test
    void allHeaderLinesAreParsed() {
        List<String> lines = List.of("Basic realm=\"x\"", "garbage\u0000=", "Bearer realm=\"y\", Digest qop=auth");
        assertEquals("basic{realm=x} garbage{} bearer{realm=y} digest{qop=auth}", shown(AuthChallenge.parse(lines)));
        assertEquals(List.of(), AuthChallenge.parse(List.of()));
    }

    @Test
    void emptyParameterIsMissing() {
        AuthChallenge challenge =
                AuthChallenge.parse(List.of("Bearer realm=\"y\",service=\"\"")).get(0);
        assertEquals(Optional.empty(), challenge.parameter("service"));
        assertEquals(Optional.empty(), challenge.parameter("scope"));
        assertEquals(Optional.of("y"), challenge.parameter("realm"));
    }

    @Property
    void hugeHeadersAreParsed(@ForAll("headers") String header) {
        AuthChallenge.parse(List.of(header))
                .forEach(challenge -> assertTrue(!challenge.scheme().isEmpty()));
    }

    @Property
    void quotedValueIsPreserved(@ForAll String realm, @ForAll String service) {
        String header = "Bearer realm=" + quoted(realm) + ",service=" + quoted(service);
        assertEquals(
                List.of(new AuthChallenge("bearer", Map.of("realm", realm, "service", service))),
                AuthChallenge.parse(List.of(header)));
    }

    @Provide
    Arbitrary<String> headers() {
        Arbitrary<String> pieces = Arbitraries.of(
                "Bearer", "Basic", " ", "\t", ",", "=", "\"", "\\", "realm", "scope=\"a b\"", "é", "\u0000", "(", "==");
        return Arbitraries.oneOf(
                Arbitraries.strings().ofMaxLength(200),
                pieces.list().ofMaxSize(60).map(list -> String.join("", list)));
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String shown(List<AuthChallenge> challenges) {
        return challenges.stream()
                .map(challenge -> challenge.scheme()
                        + challenge.parameters().entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .map(Map.Entry::toString)
                                .collect(Collectors.joining(", ", "{", "}")))
                .collect(Collectors.joining(" "));
    }
}
