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
    /** A negative number removes what its positive counterpart added. */
    @Property(tries = 200)
    void behavesLikeAMap(@ForAll @Size(max = 600) List<@IntRange(min = -150, max = 150) Integer> steps) {
        FileStamps fileStamps = new FileStamps();
        Map<Digest, Long> expected = new HashMap<>();
        for (int i = 0; i < steps.size(); i++) {
            Digest digest = Digest.of(new byte[] {(byte) Math.abs(steps.get(i))});
            if (steps.get(i) < 0) {
                fileStamps.remove(digest);
                expected.remove(digest);
            } else {
                fileStamps.put(digest, i);
                expected.put(digest, (long) i);
            }
        }
        assertEquals(expected.size(), fileStamps.size());
        assertEquals(expected.keySet(), fileStamps.digests());
        for (int i = 0; i <= 150; i++) {
            Digest digest = Digest.of(new byte[] {(byte) i});
            Long stamp = expected.get(digest);
            assertEquals(stamp == null ? OptionalLong.empty() : OptionalLong.of(stamp), fileStamps.get(digest));
        }
    }
}
