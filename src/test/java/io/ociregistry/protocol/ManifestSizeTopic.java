package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The size limit of manifests. */
abstract class ManifestSizeTopic extends Topic {
    /** The largest manifest that containerd accepts; it reports a larger manifest as "not found". */
    private static final int LIMIT = 4_393_216;

    @ParameterizedTest
    @ValueSource(ints = {26 * 1024, 300 * 1024, 4_300_000, LIMIT})
    void manifestUpToLimitOfContainerdIsServed(int size) throws IOException {
        String name = unique() + "/app";
        FakeImage image = hub().image(name, "1").manifestSize(size).push();
        Response cold = get(manifestPath(name, "1", "docker.io"));
        assertEquals(200, cold.status());
        assertHeader(Integer.toString(size), cold, "Content-Length");
        assertArrayEquals(image.manifest(), cold.body());
        assertArrayEquals(
                image.manifest(), get(manifestPath(name, "1", "docker.io")).body());
    }

    @Test
    void manifestOverLimitIsRefused() throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image =
                spare.upstream().image("app", "1").manifestSize(LIMIT + 1).push();
        assertError(502, "UNKNOWN", get(manifestPath("app", "1", spare.name())));
        assertEquals(502, head(manifestPath("app", "1", spare.name())).status());
        assertNotStored(image.digest());
    }

    @Test
    void manifestOverLimitWithoutContentLengthIsRefused() throws IOException {
        Stage.Spare spare = stage().spare();
        spare.upstream().image("app", "1").manifestSize(LIMIT + 1).push();
        spare.upstream().on(Match.manifests()).always(new Fault.NoContentLength());
        assertError(502, "UNKNOWN", get(manifestPath("app", "1", spare.name())));
    }

    @Test
    void chunkedManifestIsServedWithContentLength() throws IOException {
        String name = unique() + "/app";
        FakeImage image = hub().image(name, "1").manifestSize(100_000).push();
        hub().on(Match.manifests().in(name)).always(new Fault.Chunked());
        Response answer = get(manifestPath(name, "1", "docker.io"));
        assertHeader("100000", answer, "Content-Length");
        assertArrayEquals(image.manifest(), answer.body());
    }
}
