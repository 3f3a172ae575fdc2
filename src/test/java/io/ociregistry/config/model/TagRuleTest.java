package io.ociregistry.config.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TagRuleTest {
    @ParameterizedTest
    @CsvSource({
        "*, anything, true",
        "latest, latest, true",
        "latest, latest2, false",
        "v?.*, v1.28, true",
        "v?.*, v10.28, false",
        "*-snapshot, 1.0-snapshot, true",
        "*-snapshot, 1.0-snapshot2, false",
        "sha256-*, sha256-0a.sig, true",
        "a.b, axb, false",
        "*a*a*a*, aaa, true"
    })
    void patternMatchesWholeTag(String pattern, String tag, boolean matches) {
        assertEquals(
                matches,
                new TagRule(pattern, Duration.ZERO, true).regex().matcher(tag).matches());
    }

    @Test
    void policyIsNeverAlwaysOrAge() {
        assertEquals(TagRule.FOREVER, TagRule.policy("never"));
        assertEquals(Duration.ZERO, TagRule.policy("always"));
        assertEquals(Duration.ofMinutes(90), TagRule.policy("1h30m"));
        assertThrows(IllegalArgumentException.class, () -> TagRule.policy("sometimes"));
    }
}
