package io.ociregistry.registry.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferencePatternsTest {
    private static final ImageReference NAME = ImageReference.parse("docker.io/calico/typha:v3.27.0");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "calico/typha:v3.27.0 | true",
                "docker.io | true",
                "curl,typha | true",
                "^docker | true",
                "^calico | false",
                "(?i)TYPHA | true",
                "TYPHA | false",
                "v3\\.2[0-9]\\.\\d+$ | true",
                "cilium,curl | false",
                ". | true",
            })
    void patternMatchesAnyPartOfCompleteName(String patterns, boolean matches) {
        assertEquals(matches, ReferencePatterns.parse(patterns).matches(NAME), patterns);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "v3\\.[0-9]{1,2}\\. | true",
                "curl,v[0-9]{1,2}[.,]27,cilium | true",
                "v[0-9]{2,3}\\. | false",
                "^docker(,x)?\\.io,curl | true",
                "typha\\,x | false",
                "[]a,]x,typha | true",
            })
    void commaWithinExpressionDoesNotSplitIt(String patterns, boolean matches) {
        assertEquals(matches, ReferencePatterns.parse(patterns).matches(NAME), patterns);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a,", ",a", "a,,b", "a(", "[", "*", "(?=x)"})
    void malformedPatternIsRefused(String patterns) {
        var refused = assertThrows(RegistryException.class, () -> ReferencePatterns.parse(patterns));
        assertEquals(ErrorCode.REQUEST_INVALID, refused.code());
        assertTrue(refused.getMessage().startsWith("the pattern '"), refused.getMessage());
    }

    @Test
    @Timeout(5)
    void matchingTakesLinearTime() {
        var name = ImageReference.parse("r.example/" + "a".repeat(200) + ":b");
        assertTrue(ReferencePatterns.parse("(a*)*:b$").matches(name));
        assertTrue(!ReferencePatterns.parse("(a|aa)+(a|aa)+(a|aa)+:c").matches(name));
    }
}
