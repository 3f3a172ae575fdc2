package io.ociregistry.upstream.pool;

import static io.ociregistry.upstream.pool.TestUpstreams.MAX_MANIFEST_BYTES;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.ociregistry.config.address.Endpoint.Scheme;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Reference;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An entry with a wildcard applies to all registries of a domain. */
@Timeout(30)
class WildcardsTest {
    private final FakeUpstream up = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private final TestUpstreams upstreams = new TestUpstreams()
            .with(UpstreamConfig.of("*.corp.example:" + up.port())
                    .withScheme(Scheme.HTTP)
                    .withAuth(AuthConfig.basic("robot", "s3cret")))
            .denyUnlisted();

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
    }

    @Test
    void entryAppliesSchemeAndCredentialsToEachRegistry() {
        up.requireBasic("robot", "s3cret");
        pull("a");
        pull("a.b");
        failure(ErrorCode.DENIED, () -> upstreams.get("a.other.example:" + up.port()));
        failure(ErrorCode.DENIED, () -> upstreams.get("a.corp.example"));
    }

    @Test
    void eachRegistryHasItsOwnHealth() {
        assertSame(get("a"), get("a"));
        up.on(Match.anything()).times(3, Fault.status(503));
        for (int i = 0; i < 3; i++) {
            failure(ErrorCode.UPSTREAM_BAD_ANSWER, () -> pull("a"));
        }
        failure(ErrorCode.UPSTREAM_UNREACHABLE, () -> get("a").check(RequestKind.MANIFEST));
        get("b").check(RequestKind.MANIFEST);
        pull("b");
    }

    @Test
    void evictedUpstreamClosesIdleConnections() throws Exception {
        Upstream first = get("r0");
        for (int i = 0; i < UpstreamPool.MAX_CACHED + 50; i++) {
            pull("r" + i);
        }
        Await.until("connections to end", () -> up.openConnections() <= UpstreamPool.MAX_CACHED);
        assertArrayEquals(
                image.manifest(),
                first.manifest("team/app", Reference.parse("1"), MAX_MANIFEST_BYTES)
                        .bytes(),
                "an evicted upstream still works");
    }

    private Upstream get(String host) {
        return upstreams.get(host + ".corp.example:" + up.port());
    }

    private void pull(String host) {
        assertEquals(host + ".corp.example:" + up.port(), get(host).name().toString());
        ManifestAnswer answer = get(host).manifest("team/app", Reference.parse("1"), MAX_MANIFEST_BYTES);
        assertArrayEquals(image.manifest(), answer.bytes());
    }
}
