package io.ociregistry.upstream.credentials;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The entries of a docker {@code config.json} for one registry.
 *
 * <p>As in docker, {@code credHelpers} has precedence over {@code credsStore}, and both over {@code auths}. Unlike
 * docker, {@code auths} applies if a helper has no credentials.
 */
public record DockerLogin(Optional<String> helper, Optional<Credentials> stored) {
    /** The name of Docker Hub in docker, also for credential helpers. */
    public static final String DOCKER_HUB = "https://index.docker.io/v1/";

    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String PREFIX = "https?://";
    private static final String API = "/(v[12]/?)?";

    /**
     * Reads the entries for a registry.
     *
     * @param server the registry's {@code host[:port]}, or {@link #DOCKER_HUB}
     * @throws IllegalArgumentException if the file is not a docker configuration, or its entry for the registry is
     *     unusable
     */
    static DockerLogin of(byte[] file, String server) {
        JsonNode config = parse(file);
        if (!config.isObject()) {
            throw new IllegalArgumentException("it is not a JSON object");
        }
        Optional<String> helper = Stream.concat(
                        entries(config.path("credHelpers"), server), Stream.of(config.path("credsStore")))
                .map(JsonNode::asText)
                .filter(name -> !name.isEmpty())
                .findFirst();
        helper.filter(name -> !name.matches(AuthConfig.Helper.NAME)).ifPresent(name -> {
            throw new IllegalArgumentException("the name of its credential helper is not valid");
        });
        return new DockerLogin(
                helper,
                entries(config.path("auths"), server)
                        .flatMap(entry -> credentials(entry).stream())
                        .findFirst());
    }

    private static JsonNode parse(byte[] file) {
        try {
            return JSON.readTree(file);
        } catch (JsonProcessingException e) {
            // The message of the exception quotes the file.
            throw new IllegalArgumentException("it is not JSON (line "
                    + (e.getLocation() == null ? 1 : e.getLocation().getLineNr()) + ")");
        } catch (IOException e) {
            throw new IllegalArgumentException("it is not JSON");
        }
    }

    /** Returns the entries for a registry. Entries of podman for one repository have longer names and do not count. */
    private static Stream<JsonNode> entries(JsonNode byServer, String server) {
        Iterable<Map.Entry<String, JsonNode>> fields = byServer.properties();
        return StreamSupport.stream(fields.spliterator(), false)
                .filter(entry -> normalized(entry.getKey()).equals(normalized(server)))
                .map(Map.Entry::getValue);
    }

    private static String normalized(String server) {
        String host = server.toLowerCase(Locale.ROOT)
                .replaceFirst("^" + PREFIX, "")
                .replaceFirst(API + "$", "")
                .replaceFirst(":443$", "");
        boolean hub = host.equals("index.docker.io") || host.equals("registry-1.docker.io");
        return hub ? "docker.io" : host;
    }

    private static Optional<Credentials> credentials(JsonNode entry) {
        String registryToken = entry.path("registrytoken").asText("");
        if (!registryToken.isEmpty()) {
            return Optional.of(new Credentials.RegistryToken(new Secret(registryToken)));
        }
        String auth = entry.path("auth").asText("");
        String pair = auth.isEmpty()
                ? entry.path("username").asText("") + ":"
                        + entry.path("password").asText("")
                : decoded(auth);
        String user = pair.substring(0, pair.indexOf(':'));
        String identityToken = entry.path("identitytoken").asText("");
        if (!identityToken.isEmpty()) {
            return Optional.of(new Credentials.IdentityToken(user, new Secret(identityToken)));
        }
        Secret password = new Secret(pair.substring(user.length() + 1));
        return user.isEmpty() ? Optional.empty() : Optional.of(new Credentials.Account(user, password));
    }

    private static String decoded(String auth) {
        try {
            String pair = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8).replace("\0", "");
            if (pair.indexOf(':') >= 0) {
                return pair;
            }
        } catch (IllegalArgumentException notBase64) {
            // The message of the exception may quote the value.
        }
        throw new IllegalArgumentException("its auth for the registry is not user:password in base64");
    }
}
