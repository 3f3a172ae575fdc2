package io.ociregistry.upstream.auth;

import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BasicAuthenticationTest {
    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream storage = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up, AuthConfig.basic("robot", "s3cret:ä"));

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        storage.close();
    }

    @Test
    void credentialsAreSentAfterTheFirstChallenge() {
        up.requireBasic("robot", "s3cret:ä");
        upstreams.manifest("team/app", "1");
        upstreams.manifest("team/app", "1");
        assertEquals(3, up.requests().size());
        assertEquals(Optional.empty(), up.requests().get(0).header("Authorization"));
    }

    @Test
    void wrongPasswordIsTriedOnceForEachRequest() {
        up.requireBasic("robot", "another");
        failure(ErrorCode.DENIED, () -> upstreams.manifest("team/app", "1"));
        assertEquals(2, up.requests().size());
        failure(ErrorCode.DENIED, () -> upstreams.manifest("team/app", "1"));
        assertEquals(3, up.requests().size(), "an equal header is not sent again");
    }

    @Test
    void challengeWithoutCredentialsIsDenied() {
        up.requireBasic("robot", "s3cret");
        upstreams = TestUpstreams.of(up);
        failure(ErrorCode.DENIED, () -> upstreams.manifest("team/app", "1"));
        assertEquals(1, up.requests().size());
    }

    @Test
    void bearerPrecedesBasic() {
        up.on(Match.manifests())
                .once(Fault.status(401)
                        .header("WWW-Authenticate", "Basic realm=\"x\", Bearer realm=\"" + up.url() + "/token\""));
        up.on(Match.of(io.ociregistry.testing.Recorded.Kind.TOKEN))
                .once(Fault.status(200).body("{\"token\":\"t\"}"));
        upstreams.manifest("team/app", "1");
        assertEquals(
                Optional.of("Bearer t"), up.requests(Match.manifests()).get(1).header("Authorization"));
    }

    @Test
    void redirectTargetGetsNoCredentials() throws IOException {
        up.requireBasic("robot", "s3cret:ä").redirectBlobsTo(storage);
        for (int i = 0; i < 2; i++) {
            try (BlobAnswer blob = upstreams.get().blob("team/app", image.layer(0), 0)) {
                assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
            }
        }
        assertEquals(2, storage.requests().size());
        storage.requests().forEach(request -> assertEquals(Optional.empty(), request.header("Authorization")));
    }

    @Test
    void redirectTargetWithChallengeGetsNoCredentials() {
        up.requireBasic("robot", "s3cret:ä").redirectBlobsTo(storage);
        storage.on(Match.blobs()).always(Fault.status(401).header("WWW-Authenticate", "Basic realm=\"x\""));
        failure(ErrorCode.DENIED, () -> upstreams.get().blob("team/app", image.layer(0), 0));
        assertEquals(1, storage.requests().size());
        assertEquals(Optional.empty(), storage.requests().get(0).header("Authorization"));
    }
}
