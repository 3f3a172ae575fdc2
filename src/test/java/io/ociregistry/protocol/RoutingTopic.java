package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The choice of the upstream and the repository of a request. */
abstract class RoutingTopic extends Topic {
    @Test
    void allNamesOfDockerHubShareOneCacheEntry() throws IOException {
        String name = unique();
        FakeImage image = push(hub(), "library/" + name);
        String manifest = "/" + name + "/manifests/1";
        List<String> ways = List.of(
                "/v2" + manifest + "?ns=docker.io",
                "/v2" + manifest + "?ns=index.docker.io",
                "/v2" + manifest + "?ns=registry-1.docker.io",
                "/v2" + manifest + "?ns=registry.hub.docker.com",
                "/v2" + manifest + "?ns=Docker.IO",
                "/v2/library" + manifest + "?ns=docker.io",
                "/v2/docker.io" + manifest,
                "/v2/docker.io/library" + manifest,
                "/v2/index.docker.io" + manifest,
                "/v2/registry-1.docker.io/library" + manifest,
                "/v2/docker.io/library" + manifest + "?ns=docker.io",
                "/v2/docker.io" + manifest + "?ns=registry-1.docker.io");
        for (String way : ways) {
            assertIs(image, get(way));
        }
        assertIs(image, get("/v2" + manifest, "X-Registry: docker.io"));
        assertIs(image, get("/v2/library" + manifest, "X-Registry: index.docker.io"));
        assertEquals(1, hub().requests(Match.manifests().in("library/" + name)).size(), "upstream is asked once");
        assertEquals(1, stage().requestsWith(name + "/manifests/").size(), "under no other name either");
    }

    @Test
    void onlyDockerHubGetsLibraryPrefix() throws IOException {
        String name = unique();
        FakeImage image = push(stage().quay(), name);
        assertIs(image, get(manifestPath(name, "1", "quay.io")));
        assertIs(image, get("/v2/quay.io/" + name + "/manifests/1"));
    }

    @Test
    void namespaceIsNotSentToUpstream() throws IOException {
        String name = unique();
        push(hub(), "library/" + name);
        get(manifestPath(name, "1", "docker.io"));
        assertEquals("", stage().requestsWith(name).get(0).query());
    }

    @Test
    void sameNameAtTwoRegistriesIsTwoImages() throws IOException {
        String name = unique() + "/app";
        FakeImage here = push(hub(), name);
        FakeImage there = stage().quay().image(name, "1").seed(2).layer(7).push();
        assertIs(here, get(manifestPath(name, "1", "docker.io")));
        assertIs(there, get(manifestPath(name, "1", "quay.io")));
        assertIs(here, get("/v2/docker.io/" + name + "/manifests/1"));
        assertIs(there, get("/v2/quay.io/" + name + "/manifests/1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mirror.example:5000", "mirror.example%3A5000", "MIRROR.example:5000"})
    void namespaceMayHavePortAndBeEscaped(String ns) throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        assertIs(image, get(manifestPath(name, "1", ns)));
    }

    @Test
    void registryInPathMayHavePort() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        assertIs(image, get("/v2/mirror.example:5000/" + name + "/manifests/1"));
    }

    @Test
    void namespaceOverridesRegistryInPath() throws IOException {
        String name = "quay.io/" + unique();
        FakeImage image = push(hub(), name);
        assertIs(image, get(manifestPath(name, "1", "docker.io")));
        assertEquals(1, hub().requests(Match.manifest("1").in(name)).size());
    }

    @Test
    void headerOverridesNamespace() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(stage().quay(), name);
        assertIs(image, get(manifestPath(name, "1", "docker.io"), "X-Registry: quay.io"));
        assertEquals(0, hub().requests(Match.repository(name)).size());
    }

    @Test
    void requestWithoutRegistryGets404WithAdvice() throws IOException {
        String name = unique() + "/app";
        Response lost = get("/v2/" + name + "/manifests/1");
        assertError(404, "NAME_UNKNOWN", lost);
        assertTrue(message(lost).contains("ns"), message(lost));
        assertEquals(List.of(), stage().requestsWith(name));
    }

    @Test
    void nameMayHaveManyComponents() throws IOException {
        String name = unique() + "/b/c/d/e/f/g/h";
        FakeImage image = push(hub(), name);
        assertIs(image, get(manifestPath(name, "1", "docker.io")));
        assertIs(image, get("/v2/docker.io/" + name + "/manifests/1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"manifests/b", "blobs/b", "tags/list", "manifests", "referrers/x/manifests", "v2/blobs"})
    void nameMayContainKeywordsOfPath(String tail) throws IOException {
        String name = unique() + "/" + tail;
        FakeImage image = push(hub(), name);
        assertIs(image, get(manifestPath(name, "1", "docker.io")));
        Response blob = get(blobPath(name, image.layer(1), "docker.io"));
        assertArrayEquals(image.layerBytes(1), blob.body());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:%d",
                "localhost:%d",
                "LOCALHOST:%d",
                "%%5B::1%%5D:%d",
                "127.1.2.3:%d",
                "%%5B::ffff:127.0.0.1%%5D:%d"
            })
    void namespaceCannotReachLocalHost(String ns) throws IOException {
        FakeUpstream victim = stage().spare().upstream();
        assertError(403, "DENIED", get(manifestPath(unique() + "/app", "1", ns.formatted(victim.port()))));
        assertEquals(0, victim.connections());
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:%d", "localhost:%d", "%%5B::1%%5D:%d"})
    void registryInPathCannotReachLocalHost(String registry) throws IOException {
        FakeUpstream victim = stage().spare().upstream();
        assertError(403, "DENIED", get("/v2/" + registry.formatted(victim.port()) + "/app/manifests/1"));
        assertEquals(0, victim.connections());
    }

    private static void assertIs(FakeImage image, Response answer) throws IOException {
        assertEquals(200, answer.status(), answer::toString);
        assertHeader(image.digest().toString(), answer, "Docker-Content-Digest");
        assertArrayEquals(image.manifest(), answer.body());
    }
}
