package io.ociregistry.upstream.credentials;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The programs {@code docker-credential-NAME} on the {@code PATH} (docker-credential-helpers): {@code get} reads a server from the standard
 * input and writes JSON with {@code Username} and {@code Secret}.
 *
 * <p>No shell is involved, and their time and what they say is bounded ({@link BoundedProcess}).
 * Messages hold why it failed as it said, cut to a line, without anything that may be a secret.
 *
 * @param environment what programs inherit; its {@code PATH} is where they are looked for
 */
public record HelperPrograms(Map<String, String> environment, Duration limit) {
    public static final HelperPrograms SYSTEM = new HelperPrograms(System.getenv(), Duration.ofSeconds(30));

    /** How Java encodes the environment of other programs. */
    private static final Charset LOCALE = Charset.forName(
            System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));

    private static final ObjectMapper JSON = JsonMapper.builder().build();
    private static final int LINE = 300;
    /** Its message for what docker-credential-helpers calls ErrCredentialsNotFound; other implementations end it in other ways. */
    private static final String NOT_FOUND = "credentials not found";
    /** As docker marks a secret that is no password. */
    private static final String IDENTITY_TOKEN = "<token>";

    /**
     * What the program knows of a server; empty if nothing.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if it is not there or fails
     */
    Optional<Credentials> ask(AuthConfig.Helper helper, String server) {
        String program = "docker-credential-" + helper.name();
        Path path = find(program)
                .orElseThrow(() -> failed(program + ", which knows the credentials for " + server
                        + ", is not on the PATH; install it there"));
        String what = program + " get for " + server;
        ProcessBuilder builder = new ProcessBuilder(path.toString(), "get");
        inherit(builder.environment());
        helper.environment().forEach((name, value) -> {
            if (!LOCALE.newEncoder().canEncode(value)) {
                throw failed(
                        what + " can't be run: the value of " + name + " has letters that the locale of this server, "
                                + LOCALE + ", does not have; start the server with LC_ALL=C.UTF-8");
            }
            builder.environment().put(name, value);
        });
        BoundedProcess.Result said = BoundedProcess.run(what, builder, server + "\n", limit);
        if (said.status() != 0) {
            if (said.out().contains(NOT_FOUND)) {
                return Optional.empty();
            }
            throw failed(what + " failed with status " + said.status() + ": " + reason(said.error(), said.out()));
        }
        return credentials(what, said.out(), said.error());
    }

    /**
     * Inherited values keep their bytes. Java encodes a value that is put by the locale, and loses letters that the
     * locale does not have.
     */
    private void inherit(Map<String, String> ofProgram) {
        ofProgram.keySet().retainAll(environment.keySet());
        environment.forEach((name, value) -> {
            if (!value.equals(ofProgram.get(name))) {
                ofProgram.put(name, value);
            }
        });
    }

    /** Without the environment, which may hold passwords. */
    @Override
    public String toString() {
        return "docker-credential-* on " + environment.getOrDefault("PATH", "no PATH");
    }

    private Optional<Path> find(String program) {
        return Arrays.stream(environment.getOrDefault("PATH", "").split(":", -1))
                .filter(directory -> directory.startsWith("/"))
                .map(directory -> Path.of(directory, program))
                .filter(path -> Files.isRegularFile(path) && Files.isExecutable(path))
                .findFirst();
    }

    private static Optional<Credentials> credentials(String what, String out, String error) {
        JsonNode json;
        try {
            json = JSON.readTree(out);
        } catch (JsonProcessingException e) {
            // Its message quotes what was said.
            throw failed(what + " said no JSON: " + reason(error, "{" + out));
        }
        String user = json.path("Username").asText("");
        String secret = json.path("Secret").asText("");
        if (secret.isEmpty() && user.isEmpty() && json.isObject()) {
            return Optional.empty();
        }
        if (secret.isEmpty()) {
            throw failed(what + " said no Secret: " + reason(error, "{" + out));
        }
        return Optional.of(
                user.equals(IDENTITY_TOKEN)
                        ? new Credentials.IdentityToken("", new Secret(secret))
                        : new Credentials.Account(user, new Secret(secret)));
    }

    /** What it gave as its reason: on the standard error, or where docker's own helpers do. No secret that it said elsewhere is in it. */
    private static String reason(String error, String out) {
        boolean elsewhere = error.isBlank() && out.indexOf('{') < 0;
        String line = (elsewhere ? out : error).strip().replaceAll("\\p{Cntrl}+", " ");
        if (!elsewhere) {
            for (String word : out.split("[\\s\"':,{}]+", -1)) {
                line = word.length() < 4 ? line : line.replace(word, "***");
            }
        }
        line = line.replaceAll("[A-Za-z0-9+_=-]{24,}", "***");
        return line.isEmpty() ? "it did not say why" : line.substring(0, Math.min(LINE, line.length()));
    }

    private static RegistryException failed(String message) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, message);
    }
}
