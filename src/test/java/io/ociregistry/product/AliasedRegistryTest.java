package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An edge, whose mirror is a depot, and a registry that has other contents in {@code app} than in {@code corp/app} and
 * {@code registry.corp.example/app}. In the depot's configuration the registry has these first components as aliases.
 */
@Timeout(60)
class AliasedRegistryTest {
    private static final String NAME = "registry.corp.example:5443";
    private static final List<String> REPOSITORIES = List.of("app", "corp/app", "registry.corp.example/app");

    private final FakeUpstream origin = FakeUpstream.start();
    private RunningRegistry depot;
    private RunningRegistry edge;

    @BeforeEach
    void start(@TempDir Path disk) throws Exception {
        REPOSITORIES.forEach(this::push);
        depot = RunningRegistry.start(
                registry("endpoint: " + origin.url(), "aliases: [corp, registry.corp.example]"), disk.resolve("depot"));
        edge = RunningRegistry.start(
                registry("endpoint: http://127.0.0.1:1", "aliases: [corp]", "mirrors: ['" + depot.base() + "']"),
                disk.resolve("edge"));
    }

    @AfterEach
    void stop() {
        edge.close();
        depot.close();
        origin.close();
    }

    @ParameterizedTest
    @CsvSource({
        "corp/app, ?ns=registry.corp.example:5443, corp/app",
        "app, ?ns=registry.corp.example:5443, app",
        "corp/app, ?ns=corp, corp/app",
        "app, ?ns=corp, app",
        "registry.corp.example:5443/corp/app, ?ns=registry.corp.example:5443, corp/app",
        "registry.corp.example:5443/app, ?ns=registry.corp.example:5443, app",
        "registry.corp.example:5443/corp/app, , corp/app",
        "registry.corp.example:5443/app, , app",
        "corp/app, , app",
        "corp/corp/app, , corp/app",
        "registry.corp.example/app, ?ns=registry.corp.example:5443, registry.corp.example/app",
        "registry.corp.example:5443/registry.corp.example/app, , registry.corp.example/app"
    })
    void edgeAndDepotResolveNameAlike(String path, String query, String repository) throws IOException {
        pulls(edge, path, query == null ? "" : query, repository);
        assertEquals(origin.requests(Match.repository(repository)), origin.requests());
    }

    @ParameterizedTest
    @CsvSource({
        "corp/app, registry.corp.example:5443, corp/app",
        "corp/app, corp, corp/app",
        "registry.corp.example/corp/app, corp, corp/app"
    })
    void depotResolvesNameBesideHeader(String path, String header, String repository) throws IOException {
        pulls(depot, path, "", repository, "X-Registry: " + header);
        pulls(depot, path, "?ns=other.example", repository, "X-Registry: " + header);
    }

    @Test
    void repositoryIsFoundWithoutNamesakeInRegistry() throws IOException {
        origin.image("corp/tool", "1.0").layer(10).push();
        assertEquals(200, get(edge, "/v2/corp/tool/manifests/1.0?ns=" + NAME).status());
    }

    @Test
    void repositoriesStaySeparateInCache() throws IOException {
        for (String repository : REPOSITORIES) {
            pulls(edge, NAME + "/" + repository, "", repository);
        }
        origin.refuseConnections();
        for (String repository : REPOSITORIES) {
            pulls(edge, NAME + "/" + repository, "", repository);
            pulls(edge, NAME + "/" + repository, "?ns=" + NAME, repository);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"app", "corp/app", "registry.corp.example/app"})
    void tagListBelongsToRepository(String repository) throws IOException {
        origin.image(repository, "of-" + repository.replace('/', '-'))
                .seed(repository.hashCode())
                .push();
        String path = "/v2/" + NAME + "/" + repository + "/tags/list";
        assertTrue(
                get(edge, path).text().contains("of-" + repository.replace('/', '-')),
                get(edge, path).text());
        assertTrue(get(edge, path + "?ns=" + NAME).text().contains("of-" + repository.replace('/', '-')));
    }

    private void pulls(RunningRegistry server, String path, String query, String repository, String... headers)
            throws IOException {
        FakeImage image = push(repository);
        String base = "/v2/" + path;
        assertArrayEquals(
                image.manifest(),
                get(server, base + "/manifests/1.0" + query, headers).body());
        assertArrayEquals(
                image.layerBytes(0),
                get(server, base + "/blobs/" + image.layer(0) + query, headers).body());
    }

    /** Returns the image; pushing it again changes nothing. */
    private FakeImage push(String repository) {
        return origin.image(repository, "1.0")
                .seed(repository.hashCode())
                .layer(1000)
                .push();
    }

    private static Response get(RunningRegistry server, String path, String... headers) throws IOException {
        return RawHttp.get(server.base(), path, headers);
    }

    private static String registry(String... keys) {
        return "registries:\n- name: " + NAME + "\n  " + String.join("\n  ", keys) + "\nprefetch: false\n";
    }
}
