package io.ociregistry.store.manifest.index;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class FileStampsTest {
    /** Negative numbers take what the same positive one put. */
    @Property(tries = 200)
    void theyAreAMap(@ForAll @Size(max = 600) List<@IntRange(min = -150, max = 150) Integer> steps) {
        FileStamps looks = new FileStamps();
        Map<Digest, Long> expected = new HashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            Digest digest = Digest.of(new byte[] {(byte) Math.abs(steps.get(i))});
            if (steps.get(i) < 0) {
                looks.remove(digest);
                expected.remove(digest);
            } else {
                looks.put(digest, i);
                expected.put(digest, (long) i);
            }
        }
        assertEquals(expected.size(), looks.size());
        assertEquals(expected.keySet(), looks.digests());
        for (int i = 0; i <= 150; i++) {
            Digest digest = Digest.of(new byte[] {(byte) i});
            Long there = expected.get(digest);
            assertEquals(there == null ? OptionalLong.empty() : OptionalLong.of(there), looks.get(digest));
        }
    }
}
