package io.ociregistry.registry.policy;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NegativeCacheTest {
    private static final Duration TTL = Duration.ofSeconds(10);

    private long now;
    private final NegativeCache<String> missing = new NegativeCache<>(TTL, () -> now);

    @ParameterizedTest
    @EnumSource(names = {"MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "NAME_UNKNOWN"})
    void missIsRememberedForTtl(ErrorCode code) {
        RegistryException answer = fail("a", code);
        now += TTL.toNanos() - 1;
        RegistryException remembered = assertThrows(RegistryException.class, () -> missing.check("a"));
        assertSame(answer, remembered.getCause());
        assertEquals(code, remembered.code());
        assertTrue(remembered.isRemembered());
        assertDoesNotThrow(() -> missing.check("b"));
        now += 1;
        assertDoesNotThrow(() -> missing.check("a"), "it may have been pushed by now");
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "NAME_UNKNOWN"})
    void otherFailuresAreNotRemembered(ErrorCode code) {
        fail("a", code);
        assertDoesNotThrow(() -> missing.check("a"));
    }

    @Test
    void zeroTtlRemembersNothing() {
        NegativeCache<String> off = new NegativeCache<>(Duration.ZERO, () -> now);
        assertThrows(
                RegistryException.class,
                () -> off.recordMiss("a", () -> {
                    throw new RegistryException(ErrorCode.BLOB_UNKNOWN, "test");
                }));
        assertDoesNotThrow(() -> off.check("a"));
    }

    @Test
    void resultOfSuccessIsReturned() {
        assertEquals("value", missing.recordMiss("a", () -> "value"));
        assertDoesNotThrow(() -> missing.check("a"));
    }

    private RegistryException fail(String key, ErrorCode code) {
        RegistryException failure = new RegistryException(code, "test");
        assertThrows(
                RegistryException.class,
                () -> missing.recordMiss(key, () -> {
                    throw failure;
                }));
        return failure;
    }
}
