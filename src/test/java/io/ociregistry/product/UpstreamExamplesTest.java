package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks the examples of docs/upstreams.md: each is a valid configuration, and pulls from a registry that requires
 * exactly these credentials.
 */
@Timeout(60)
class UpstreamExamplesTest {
    private static final Path PAGE = Path.of("docs/upstreams.md");
    private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final Pattern FILE = Pattern.compile("(/run/secrets|/etc/ociregistry)/(\\S+)");
    private static final String PASSWORD = "s3cret";

    @TempDir
    Path directory;

    private final TestCertificates authority = TestCertificates.create();
    private final TestCertificates.Client client = authority.client("edge");

    /** The credentials that such a registry requires. */
    enum Kind {
        DOCKER_HUB("Docker Hub", "edge-puller", Asks.BEARER),
        QUAY("quay.io", "acme+edge", Asks.BEARER),
        GITHUB("GitHub (ghcr.io)", "acme-bot", Asks.BEARER),
        GOOGLE("Google Artifact Registry and gcr.io", "_json_key_base64", Asks.BEARER),
        AZURE("Azure (ACR)", "edge-pull", Asks.BEARER),
        HARBOR("Harbor", "robot$edge", Asks.BEARER_OVER_TLS),
        HTPASSWD("A plain registry with htpasswd", "puller", Asks.BASIC),
        MTLS("Client certificates (mTLS)", "", Asks.CERTIFICATE),
        DOCKER_LOGIN("Credentials of docker login", "docker-user", Asks.BASIC);

        private final String title;
        private final String user;
        private final Asks asks;

        Kind(String title, String user, Asks asks) {
            this.title = title;
            this.user = user;
            this.asks = asks;
        }
    }

    private enum Asks {
        BASIC,
        BEARER,
        BEARER_OVER_TLS,
        CERTIFICATE
    }

    static Stream<String> titles() throws IOException {
        return examples().keySet().stream();
    }

    @Test
    void eachKindOfRegistryHasAnExample() throws IOException {
        assertEquals(12, examples().size());
        for (Kind kind : Kind.values()) {
            assertEquals(
                    1, Stream.of(kind.title).filter(examples()::containsKey).count(), kind.title);
        }
    }

    @ParameterizedTest
    @MethodSource("titles")
    void exampleIsValidConfiguration(String title) throws Exception {
        assertEquals(List.of(), load(title).warnings());
        assertEquals(1, load(title).config().registries().size());
    }

    @Test
    void ecrUsesItsCredentialHelper() throws Exception {
        AuthConfig auth = only("Amazon ECR").auth();
        assertEquals("ecr-login", ((AuthConfig.Helper) auth).name());
        assertEquals(
                Map.of("AWS_PROFILE", "edge", "AWS_REGION", "eu-central-1"), ((AuthConfig.Helper) auth).environment());
    }

    @ParameterizedTest
    @EnumSource
    void examplePullsFromMatchingRegistry(Kind kind) throws Exception {
        try (FakeUpstream up = registry(kind)) {
            FakeImage image = up.image("team/app", "1").layer(1000).push();
            String name = only(kind.title).name();
            try (RunningRegistry registry =
                    RunningRegistry.start(inTest(kind, up, name), directory.resolve("images"))) {
                String path = "/v2/team/app/blobs/" + image.layer(0) + "?ns=" + name;
                RawHttp.Response manifest = RawHttp.get(registry.base(), "/v2/team/app/manifests/1?ns=" + name);
                assertEquals(200, manifest.status(), manifest.text());
                assertArrayEquals(
                        image.layerBytes(0), RawHttp.get(registry.base(), path).body());
            }
        }
    }

    private FakeUpstream registry(Kind kind) {
        return switch (kind.asks) {
            case BASIC -> FakeUpstream.start().requireBasic(kind.user, PASSWORD);
            case BEARER -> FakeUpstream.start().requireBearer(kind.user, PASSWORD);
            case BEARER_OVER_TLS -> FakeUpstream.startTls(authority.server()).requireBearer(kind.user, PASSWORD);
            case CERTIFICATE -> FakeUpstream.startMutualTls(authority.server());
        };
    }

    /** Returns the example for a registry on loopback, with its files in the directory of this test. */
    private String inTest(Kind kind, FakeUpstream up, String name) throws IOException {
        String yaml = examples().get(kind.title).replaceAll("\n  endpoint: .*", "");
        yaml = yaml.replace("- name: " + name + "\n", "- name: " + name + "\n  endpoint: " + up.url() + "\n");
        Matcher file = FILE.matcher(yaml);
        while (file.find()) {
            write(directory.resolve(file.group(2)), up);
        }
        return file.replaceAll(Matcher.quoteReplacement(directory.toString()) + "/$2");
    }

    private void write(Path file, FakeUpstream up) throws IOException {
        Files.createDirectories(file.getParent());
        String name = file.getFileName().toString();
        if (name.equals("config.json")) {
            String account =
                    Base64.getEncoder().encodeToString(("docker-user:" + PASSWORD).getBytes(StandardCharsets.UTF_8));
            Files.writeString(file, "{\"auths\":{\"" + up.registry() + "\":{\"auth\":\"" + account + "\"}}}");
        } else if (name.endsWith("ca.pem")) {
            Files.move(authority.caPem(directory), file);
        } else if (name.equals("client.pem")) {
            client.certPem(directory);
        } else if (name.equals("client.key")) {
            client.keyPem(directory);
        } else {
            Files.writeString(file, PASSWORD + "\n");
        }
    }

    private static UpstreamConfig only(String title) throws Exception {
        return load(title).config().registries().get(0);
    }

    private static ConfigLoader.Result load(String title) throws Exception {
        return new ConfigLoader(variable -> Optional.empty()).parse(examples().get(title), title, Overrides.none());
    }

    /** Returns the examples by the title of their section. */
    private static Map<String, String> examples() throws IOException {
        Map<String, String> found = new TreeMap<>();
        for (String section : Files.readString(PAGE).split("\n## ", -1)) {
            Matcher example = EXAMPLE.matcher(section);
            if (example.find()) {
                found.put(section.lines().findFirst().orElseThrow(), example.group(1));
            }
        }
        return found;
    }
}
