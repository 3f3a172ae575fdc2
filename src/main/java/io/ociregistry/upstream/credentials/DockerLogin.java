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
 * What a {@code config.json} of docker says of one registry. As in docker, {@code credHelpers} goes before {@code credsStore}, and both
 * before {@code auths}; other than there, {@code auths} counts where a helper knows nothing.
 */
public record DockerLogin(Optional<String> helper, Optional<Credentials> stored) {
    /** What docker calls Docker Hub, to helpers too. */
    public static final String HUB = "https://index.docker.io/v1/";

    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final String PREFIX = "https?://";
    private static final String API = "/(v[12]/?)?";

    /**
     * Looks a registry up.
     *
     * @param server the registry's {@code host[:port]}, or {@link #HUB}
     * @throws IllegalArgumentException if that is no such file, or what it says of that registry can't be used
     */
    static DockerLogin of(byte[] file, String server) {
        JsonNode config = parse(file);
        if (!config.isObject()) {
            throw new IllegalArgumentException("it is no JSON object");
        }
        Optional<String> helper = Stream.concat(
                        entries(config.path("credHelpers"), server), Stream.of(config.path("credsStore")))
                .map(JsonNode::asText)
                .filter(name -> !name.isEmpty())
                .findFirst();
        helper.filter(name -> !name.matches(AuthConfig.Helper.NAME)).ifPresent(name -> {
            throw new IllegalArgumentException("it names a credential helper by what can't be a name");
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
            // Its message quotes the file.
            throw new IllegalArgumentException("it is no JSON (line "
                    + (e.getLocation() == null ? 1 : e.getLocation().getLineNr()) + ")");
        } catch (IOException e) {
            throw new IllegalArgumentException("it is no JSON");
        }
    }

    /** Entries for one repository alone, as podman knows them, are of another registry's name and don't count. */
    private static Stream<JsonNode> entries(JsonNode byServer, String server) {
        Iterable<Map.Entry<String, JsonNode>> fields = byServer.properties();
        return StreamSupport.stream(fields.spliterator(), false)
                .filter(entry -> plain(entry.getKey()).equals(plain(server)))
                .map(Map.Entry::getValue);
    }

    private static String plain(String server) {
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
        String both = auth.isEmpty()
                ? entry.path("username").asText("") + ":"
                        + entry.path("password").asText("")
                : decoded(auth);
        String user = both.substring(0, both.indexOf(':'));
        String identityToken = entry.path("identitytoken").asText("");
        if (!identityToken.isEmpty()) {
            return Optional.of(new Credentials.IdentityToken(user, new Secret(identityToken)));
        }
        Secret password = new Secret(both.substring(user.length() + 1));
        return user.isEmpty() ? Optional.empty() : Optional.of(new Credentials.Account(user, password));
    }

    private static String decoded(String auth) {
        try {
            String both = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8).replace("\0", "");
            if (both.indexOf(':') >= 0) {
                return both;
            }
        } catch (IllegalArgumentException notBase64) {
            // Its message may quote it.
        }
        throw new IllegalArgumentException("its auth for the registry is not user:password in base64");
    }
}
