package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Remembers that an upstream is down: cached content is served, misses are refused at once, and only a probe asks the
 * upstream until it answers again.
 */
class DownUpstreamTest extends Scenario {
    @BeforeEach
    void pushImage() throws Exception {
        upstream.image("team/app", "1.0").layer(100).push();
    }

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    @Test
    void downUpstreamIsNotAskedUntilProbeIsAnswered() throws Exception {
        assertEquals(200, getTag("1.0").status());
        upstream.on(Match.anything()).always(Fault.status(503));
        for (int i = 0; i < 3; i++) {
            assertEquals(502, getTag("2.0").status());
        }
        int asked = upstream.requests().size();
        for (String tag : new String[] {"2.0", "3.0", "4.0"}) {
            Response refused = getTag(tag);
            assertEquals(503, refused.status());
            assertTrue(refused.header("Retry-After") != null);
            assertTrue(refused.text().contains("is down"), refused.text());
        }
        assertEquals(asked, upstream.requests().size());
        assertEquals(200, getTag("1.0").status(), "cached content is still served");

        upstream.heal();
        Gate probe = upstream.hold(Match.anything());
        probe.awaitReached();
        assertEquals("/v2/", upstream.requests().get(asked).path());
        assertEquals(503, getTag("2.0").status(), "the probe is not answered yet");
        probe.release();
        FakeImage next = upstream.image("team/app", "2.0").layer(100).push();
        assertArrayEquals(next.manifest(), untilAnswered("2.0").body());
    }

    private Response untilAnswered(String tag) throws Exception {
        return Await.until("the upstream is up", () -> getTag(tag), answer -> answer.status() != 503);
    }

    private Response getTag(String tag) throws IOException {
        return get(manifest("team/app", tag));
    }
}
